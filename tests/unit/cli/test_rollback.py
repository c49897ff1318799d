from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import rollback
from bot_core.governance import layout
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World

PAPER = layout.environment("paper")
WHY = ("--env", "paper", "--reason", "It drifts.")


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


@pytest.fixture
def third(desk: World) -> tuple[World, list[str]]:
    """A desk whose third release stands in paper."""
    versions = [desk.version]
    for days in (1, 2):
        desk.shift = dt.timedelta(days=days)
        desk.version = desk.release()
        versions.append(desk.version)
        desk.ok("promote", MODEL, desk.version, "--env", "paper")
        branch = desk.git("rev-parse", "--abbrev-ref", "HEAD")
        desk.merge(branch)
    return desk, versions


def test_help_shows_both_ways(help_of: Callable[[str], str]) -> None:
    assert rollback.EPILOG.rstrip() in help_of("rollback")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("rollback", MODEL, *WHY)


def test_a_first_release_goes_back_to_the_rules(desk: World) -> None:
    said = desk.ok("rollback", MODEL, *WHY)
    assert said.startswith(f"{MODEL} in paper: from {desk.version} to rules\n")
    assert "models:" not in desk.read(PAPER)
    assert desk.git("show", "--name-only", "--format=%B", "HEAD").splitlines() == [
        f"Roll back {MODEL} in paper to rules",
        "",
        "It drifts.",
        "",
        "",
        PAPER,
    ]


def test_the_fallback_is_restored_as_it_stood_without_a_signature(third: tuple[World, list[str]]) -> None:
    desk, versions = third
    before = desk.git("show", f"HEAD~1:{PAPER}")
    facts = json.loads(desk.ok("rollback", MODEL, *WHY, "--format", "json"))
    assert facts == {"commit": desk.git("rev-parse", "HEAD"), "from": versions[2], "to": versions[1], "paths": [PAPER]}
    assert desk.read(PAPER).rstrip() == before


def test_elsewhere_one_approver_signs(third: tuple[World, list[str]]) -> None:
    desk, versions = third
    signed = ("--to", versions[0], "--signer", "fay", "--key", desk.key("fay"), "--incident", "drift")
    facts = json.loads(desk.ok("rollback", MODEL, *WHY, *signed, "--format", "json"))
    order, signature, environment = facts["paths"]
    assert (signature, environment) == (f"{order}.sig", PAPER)
    assert f"to_version: {versions[0]}\n" in desk.read(order)
    assert "incident: drift\n" in desk.read(order)
    assert f"version: {versions[0]}\n" in desk.read(PAPER)


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (
            2,
            ["--to", "{old}"],
            "error[CONFIG]: --to: expected --signer and --key, for {old} is not the fallback ({fallback}); got neither\n",
        ),
        (2, ["--to", "{old}", "--signer", "fay", "--key", "nowhere"], "error[SIGNING]: nowhere: expected a private key"),
        (30, ["--to", "{old}", "--signer", "fay", "--key", "{keys}/ann"], "error[SIG-UNKNOWN-KEY]: compliance/rollbacks/paper/"),
        (2, ["--to", "{old}", "--signer", "eve", "--key", "{keys}/eve"], "error[CONFIG]: --signer: expected somebody in a role"),
        (
            2,
            ["--to", "nonsense"],
            f"error[CONFIG]: {PAPER}: expected {MODEL} nonsense to have been active here before, got never\n",
        ),
    ],
)
def test_a_way_back_that_is_none_is_said(
    third: tuple[World, list[str]], refuse: Refuse, code: int, words: list[str], sentence: str
) -> None:
    desk, versions = third
    facts = {"old": versions[0], "fallback": versions[1], "keys": desk.keys}
    said = refuse(desk, code, "rollback", MODEL, *WHY, *(word.format(**facts) for word in words))
    assert said.startswith(sentence.format(**facts))


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (20, [MODEL, "--env", "moon"], "error[POLICY-MISSING]: --env: expected one of paper, production; got moon\n"),
        (2, ["other", "--env", "paper"], f"error[CONFIG]: {PAPER}: expected other among its models, got no such entry\n"),
        (
            2,
            [MODEL, "--env", "production"],
            f"error[CONFIG]: {layout.environment('production')}: expected {MODEL} among its models",
        ),
    ],
)
def test_what_is_not_active_does_not_go_back(desk: World, refuse: Refuse, code: int, words: list[str], sentence: str) -> None:
    assert refuse(desk, code, "rollback", *words, "--reason", "It drifts.").startswith(sentence)


def test_staged_changes_are_refused(desk: World, refuse: Refuse) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    assert "expected nothing staged" in refuse(desk, 2, "rollback", MODEL, *WHY)
