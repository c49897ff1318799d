from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import sign_off
from bot_core.governance import layout
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World

ENV = ("--env", "paper", "--role", "risk")


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def who(desk: World, name: str = "fay") -> tuple[object, ...]:
    return ("--signer", name, "--key", desk.key(name))


def test_help_shows_the_errands(help_of: Callable[[str], str]) -> None:
    assert sign_off.EPILOG.rstrip() in help_of("sign-off")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("sign-off", MODEL, "20261121T101500Z-3f2a9c41", *ENV, "--signer", "ann", "--key", "ann")


def test_what_is_signed_is_shown_before_and_committed_alone(desk: World) -> None:
    said = desk.ok("sign-off", MODEL, desk.version, *ENV, *who(desk))
    assert said.startswith("You are about to approve, as fay in the role risk, for paper:\n")
    assert "\nsigned: compliance/signoffs/paper/" in said
    subject, _, first, second = desk.git("show", "--name-only", "--format=%s", "HEAD").splitlines()
    assert subject == f"Approve release {MODEL} for paper as risk"
    assert (layout.classify(first), second) == ("add_only", f"{first}.sig")


def test_programs_get_the_facts_and_nothing_else(desk: World) -> None:
    facts = json.loads(desk.ok("sign-off", MODEL, desk.version, *ENV, *who(desk), "--reject", "--format", "json"))
    assert facts["decision"] == "reject"
    assert facts["commit"] == desk.git("rev-parse", "HEAD")
    assert "decision: reject\n" in desk.read(facts["path"])


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("Yes ", 0), ("", 2), ("no", 2)])
def test_at_a_terminal_it_asks_first(desk: World, monkeypatch: pytest.MonkeyPatch, answer: str, code: int) -> None:
    terminal = io.StringIO(f"{answer}\n")
    terminal.isatty = lambda: True  # type: ignore[method-assign]  # a terminal
    monkeypatch.setattr("sys.stdin", terminal)
    before = desk.git("rev-parse", "HEAD")
    got, out, err = desk.run("sign-off", MODEL, desk.version, *ENV, *who(desk))
    assert (got, desk.git("rev-parse", "HEAD") == before) == (code, bool(code))
    assert "sign this as fay, risk? [y/N]" in out
    assert err == ("error[CONFIG]: not signed\n  → nothing was written\n" if code else "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "error[CONFIG]: expected MODEL VERSION, or --domain NAME; got neither\n  → bot-core sign-off --help\n"),
        (["{model}", "{version}", "--push"], "error[CONFIG]: --push: expected --branch NAME, the proposal's branch, got none"),
        (["{model}", "{version}", "--answer", "C4"], "error[CONFIG]: --answer: expected NAME=VALUE, got C4"),
        (["{model}", "{version}", "--condition", "=5"], "error[CONFIG]: --condition: expected NAME=VALUE, got =5"),
        (["{model}", "{version}", "--condition", "Max-Size=5"], "error[CONFIG]: compliance/signoffs/paper/"),
        (["{model}", "{version}", "--condition", "size=99999999999999999999"], "error[CONFIG]: compliance/signoffs/paper/"),
        (["{model}", "{version}", "--statement", ""], "error[CONFIG]: compliance/signoffs/paper/"),
        (["{model}", "{version}", "--statement", "a\u200bb"], "error[CONFIG]: compliance/signoffs/paper/"),
        (["{model}", "{version}", "--valid-days", "0"], "error[CONFIG]: --valid-days: expected 1 to 36500, got 0\n"),
        (
            ["{model}", "{version}", "--valid-days", "999999999"],
            "error[CONFIG]: --valid-days: expected 1 to 36500, got 999999999\n",
        ),
        (["{model}", "{version}", "--valid-days", "ten"], "usage: "),
        (["{model}", "{version}", "--rollout", "101"], "error[CONFIG]: compliance/signoffs/paper/"),
    ],
)
def test_what_cannot_be_said_is_refused_before_it_is_signed(desk: World, refuse: Refuse, words: list[str], sentence: str) -> None:
    typed = [word.format(model=MODEL, version=desk.version) for word in words]
    assert refuse(desk, 2, "sign-off", *typed, *ENV, *who(desk)).startswith(sentence)


@pytest.mark.parametrize(
    ("code", "changed", "sentence"),
    [
        (2, {"--signer": "ben"}, "error[CONFIG]: --signer: expected somebody in the role risk (ann, fay), got ben\n"),
        (2, {"--role": "magic"}, "error[CONFIG]: --signer: expected somebody in the role magic (nobody), got fay\n"),
        (20, {"--env": "moon"}, "error[POLICY-MISSING]: --env: expected one of paper, production; got moon\n"),
        (
            2,
            {"--key": "nowhere"},
            "error[SIGNING]: nowhere: expected a private key, or the .pub file of a key in the agent; got no such file\n",
        ),
        (30, {"--key": "{keys}/ann"}, "error[SIG-UNKNOWN-KEY]: compliance/signoffs/paper/"),
    ],
)
def test_who_cannot_sign_is_told_why(desk: World, refuse: Refuse, code: int, changed: dict[str, str], sentence: str) -> None:
    words = {"--env": "paper", "--role": "risk", "--signer": "fay", "--key": str(desk.key("fay")), **changed}
    typed = [word.format(keys=desk.keys) for pair in words.items() for word in pair]
    assert refuse(desk, code, "sign-off", MODEL, desk.version, *typed).startswith(sentence)


def test_a_release_that_is_not_there_is_said(desk: World, refuse: Refuse) -> None:
    path = layout.manifest(MODEL, "20200101T000000Z-00000000")
    said = refuse(desk, 30, "sign-off", MODEL, "20200101T000000Z-00000000", *ENV, *who(desk))
    assert said.startswith(f"error[REL-DIGEST]: {path}: expected the manifest of a release, got no file\n  → bot-core release")


def test_staged_changes_are_refused(desk: World, refuse: Refuse) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    assert "expected nothing staged" in refuse(desk, 2, "sign-off", MODEL, desk.version, *ENV, *who(desk))


def test_the_whole_errand_leaves_the_own_files_as_they_are(desk: World) -> None:
    remote = desk.path.parent / "remote.git"
    desk.git("init", "-q", "--bare", str(remote))
    desk.git("remote", "add", "origin", str(remote))
    desk.git("push", "-q", "origin", "main:proposal")
    desk.put("docs/mine.md", "unfinished")
    before = (desk.git("status", "--porcelain"), desk.git("rev-parse", "HEAD"))
    said = desk.ok("sign-off", MODEL, desk.version, *ENV, *who(desk), "--push", "--branch", "proposal")
    assert "\npushed to proposal: " in said
    assert (desk.git("status", "--porcelain"), desk.git("rev-parse", "HEAD")) == before
    assert (
        desk.git("--git-dir", str(remote), "log", "--format=%s", "-1", "proposal") == f"Approve release {MODEL} for paper as risk"
    )
