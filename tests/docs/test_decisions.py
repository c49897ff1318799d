"""The decision records: numbered without a gap, in the short form, reachable, and every dependency has its reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

RECORDS = sorted(Path("docs/adr").glob("[0-9]*.md"))
LONGEST = 60


def test_they_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_short_dated_and_says_what_was_rejected(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith(f"# {int(path.name[:4])}. ")
    assert re.match(r"20\d\d-\d\d-\d\d · (accepted|superseded)", lines[2])
    assert len(lines) <= LONGEST
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == ["## Context", "## Decision", "## Consequences", "## Rejected"] or "rather than" in path.read_text()


def test_all_are_listed() -> None:
    listed = Path("docs/adr/index.md").read_text()
    menu = Path("mkdocs.yml").read_text()
    assert [path.name for path in RECORDS if path.name not in listed or f"adr/{path.name}" not in menu] == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {re.split(r"[\[><=~!]", line)[0].replace("hydra-core", "hydra") for line in wanted}
    reasons = "\n".join(path.read_text() for path in RECORDS).lower().replace("_", "-")
    assert sorted(name for name in names if name.lower() not in reasons) == []
