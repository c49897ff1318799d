from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.cli import review

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World

FILE = "docs/runbooks/rollback.md"


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("configured")


def who(desk: World, name: str = "ann", role: str = "risk") -> tuple[object, ...]:
    return ("--role", role, "--signer", name, "--key", desk.key(name))


def test_help_shows_what_is_answered(help_of: Callable[[str], str]) -> None:
    assert review.EPILOG.rstrip() in help_of("review")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("review", "alert", "x", FILE, "--role", "risk", "--signer", "ann", "--key", "ann", "--approve")


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["--approve"], ["decision: approve"]),
        (["--dismiss", "--statement", "A holiday."], ["decision: dismiss", 'statement: "A holiday."']),
        (["--ticket", "OPS-17"], ["decision: ticket", "ticket: OPS-17"]),
    ],
)
def test_an_answer_names_the_file_by_its_digest(desk: World, words: list[str], lines: list[str]) -> None:
    facts = json.loads(desk.ok("review", "alert", "drift-1", FILE, *who(desk), *words, "--format", "json"))
    assert facts["commit"] == desk.git("rev-parse", "HEAD")
    assert facts["path"].startswith("compliance/reviews/alert/drift-1/risk.ann.")
    said = desk.read(facts["path"]).splitlines()
    assert {*lines, f"path: {FILE}", f"digest: {sha256((desk.path / FILE).read_bytes())}"} <= set(said)


def test_the_file_is_the_committed_one(desk: World) -> None:
    digest = sha256((desk.path / FILE).read_bytes())
    desk.put(FILE, "edited since")
    facts = json.loads(desk.ok("review", "alert", "drift-1", FILE, *who(desk), "--approve", "--format", "json"))
    assert f"digest: {digest}\n" in desk.read(facts["path"])


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (
            2,
            ["alert", "x", "no such file.md", "--approve"],
            "error[CONFIG]: no such file.md: expected a committed file, got none\n  → git add",
        ),
        (
            2,
            ["alert", "x", FILE, "--approve", "--signer", "ben"],
            "error[CONFIG]: --signer: expected somebody in the role risk, got ben\n",
        ),
        (
            2,
            ["alert", "x", FILE, "--approve", "--signer", "zoe"],
            "error[CONFIG]: --signer: expected somebody in the role risk, got zoe\n",
        ),
        (
            2,
            ["alert", "x", FILE, "--approve", "--role", "magic"],
            "error[CONFIG]: --signer: expected somebody in the role magic, got ann\n",
        ),
        (2, ["alert", "x", FILE, "--approve", "--key", "nowhere"], "error[SIGNING]: nowhere: expected a private key"),
        (30, ["alert", "x", FILE, "--approve", "--signer", "fay"], "error[SIG-UNKNOWN-KEY]: compliance/reviews/alert/x/risk.fay."),
        (2, ["alert", "../../../evil", FILE, "--approve"], "error[CONFIG]: compliance/reviews/alert/../../../evil/"),
        (2, ["alert", "A b", FILE, "--approve"], "error[CONFIG]: compliance/reviews/alert/A b/"),
        (2, ["alert", "x", FILE, "--ticket", ""], "error[CONFIG]: compliance/reviews/alert/x/"),
        (2, ["alert", "x", FILE], "usage: "),
        (2, ["alert", "x", FILE, "--approve", "--dismiss"], "usage: "),
        (2, ["gossip", "x", FILE, "--approve"], "usage: "),
    ],
)
def test_an_answer_that_would_not_count_is_not_written(
    desk: World, refuse: Refuse, code: int, words: list[str], sentence: str
) -> None:
    assert refuse(desk, code, "review", *who(desk), *words).startswith(sentence)


def test_staged_changes_are_refused(desk: World, refuse: Refuse) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    assert "expected nothing staged" in refuse(desk, 2, "review", "alert", "x", FILE, *who(desk), "--approve")
