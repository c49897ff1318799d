"""Every command that a page shows works, and prints what the page shows.

`REWRITE_DOCS=1 pytest tests/docs` puts the real output where a shown one differs; shorten it with `…` afterwards.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import PAGES, blocks, same, steps
from tests.docs.walk import require_exit

if TYPE_CHECKING:
    from tests.docs.pages import Step
    from tests.docs.repositories import Repository

KINDS = {"bash", "console", "text", "yaml", "csv", "json"}
AFTER_REPRO = {
    Path("CONTRIBUTING.md"): "reproduced",
    Path("docs/how-to/retraining.md"): "cached",
    Path("docs/how-to/tracking.md"): "cached",
}
# pages whose commands need a governed repository, and how far it must have come
GOVERNED = {
    Path("docs/how-to/approve.md"): "proposed",
    Path("docs/how-to/ensembles.md"): "repository",
    Path("docs/how-to/schedules.md"): "repository",
    Path("docs/how-to/python.md"): "repository",
    Path("docs/how-to/degradation.md"): "standing_still",
    Path("docs/how-to/meta-gate.md"): "confirming",
    Path("docs/how-to/meta-labelling.md"): "repository",
    Path("docs/how-to/sentiment.md"): "repository",
    Path("docs/how-to/online-drift.md"): "routing",
    Path("docs/how-to"): "live",
}
# pages of which `test_effects` runs every command, and looks at what each does
WALKED = Path("docs/runbooks")
WITH_STEPS = [
    pytest.param(page, marks=[pytest.mark.slow] * (page in AFTER_REPRO))
    for page in PAGES
    if page.parent != WALKED and any(step.runs for step in steps(page.read_text()))
]
WITH_REPRO = [page for page in PAGES if any(step.command == "make repro" for step in steps(page.read_text()))]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_fences_are_of_a_known_kind_and_not_indented(page: Path) -> None:
    text = page.read_text()
    assert {block.kind for block in blocks(text)} <= KINDS
    assert len(re.findall(r"^\s*```", text, re.MULTILINE)) == 2 * len(blocks(text))


@pytest.mark.parametrize("page", WITH_STEPS, ids=str)
def test_the_commands_of_a_page_work_and_print_what_it_shows(page: Path, request: pytest.FixtureRequest) -> None:
    prepared: Repository = request.getfixturevalue(_fixture(page))
    wrong: list[tuple[Step, str]] = []
    for step in steps(page.read_text()):
        if step.runs:
            printed = require_exit(page, step, prepared)
            if step.shown is not None and not same(step.shown, printed):
                wrong.append((step, printed))
    _report(page, wrong)


def _fixture(page: Path) -> str:
    """Name the repository that a page's commands run in."""
    if page in AFTER_REPRO:
        return AFTER_REPRO[page]
    return next((stage for place, stage in GOVERNED.items() if place in (page, page.parent)), "repository")


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_REPRO, ids=str)
def test_make_repro_ends_with_the_table_that_a_page_shows(page: Path, cached: Repository) -> None:
    cached.ok("dvc repro --quiet --keep-going")
    real = cached.ok("bot-core models")
    shown = [step for step in steps(page.read_text()) if step.command == "make repro"]
    _report(page, [(step, f"…\n{real}") for step in shown if not same(step.shown or "", real)])


def _report(page: Path, wrong: list[tuple[Step, str]]) -> None:
    if wrong and os.environ.get("REWRITE_DOCS"):
        text = page.read_text()
        for step, real in reversed(wrong):
            text = text[: step.start] + real.rstrip("\n") + "\n" + text[step.end :]
        page.write_text(text)
    if wrong:
        differences = [f"{page}:{step.line}: {step.command}\n--- shown\n{step.shown}--- real\n{real}" for step, real in wrong]
        pytest.fail("\n".join(differences), pytrace=False)
