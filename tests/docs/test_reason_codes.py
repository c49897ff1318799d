"""The governance page says what the code says: every reason code with its verdict, the verdicts' exits, and documents that can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot_core.documents.kinds import KINDS
from bot_core.governance.reading import parse
from bot_core.governance.reasons import CODES, Verdict
from tests.docs.pages import blocks

PAGE = Path("docs/architecture/governance.md").read_text()
EXAMPLES = {
    re.findall(r"\Aschema: bot-core/(\w+)/v1\n", block.text)[0]: block.text for block in blocks(PAGE) if block.kind == "yaml"
}
TYPES = {kind.name: kind.document for kind in KINDS}


def test_every_reason_code_is_there_with_its_verdict() -> None:
    table = PAGE.partition("## Reason codes")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| `([A-Z-]+)` \| ([A-Z]+) \| (.*) \|$", table)
    assert rows == [(code, verdict.name, meaning) for code, (verdict, meaning) in CODES.items()]


def test_the_verdicts_are_there_with_their_exit_codes() -> None:
    rows = re.findall(r"(?m)^\| (\d+) \| ([A-Z]+) \|", PAGE)
    assert {(str(int(verdict)), verdict.name) for verdict in Verdict} <= set(rows)


def test_the_most_read_documents_have_an_example() -> None:
    assert EXAMPLES.keys() == {"release", "signoff", "environment", "policy", "halt"}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_is_a_document_in_the_accepted_spelling(kind: str) -> None:
    parse(EXAMPLES[kind].encode(), TYPES[kind], kind, comments=kind in {"policy", "environment"})
