from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot_core.cli import promote
from bot_core.governance import layout
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World

PAPER = layout.environment("paper")


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("released")


def test_help_shows_what_it_writes(help_of: Callable[[str], str]) -> None:
    assert promote.EPILOG.rstrip() in help_of("promote")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("promote", MODEL, "20261121T101500Z-3f2a9c41", "--env", "paper")


def test_a_promotion_is_a_commit_of_its_own_on_a_branch_of_its_own(desk: World) -> None:
    facts = json.loads(desk.ok("promote", MODEL, desk.version, "--env", "paper", "--format", "json"))
    assert facts["branch"] == desk.git("rev-parse", "--abbrev-ref", "HEAD") == f"promote/paper/{MODEL}/{desk.version}-100"
    assert facts["commit"] == desk.git("rev-parse", "HEAD")
    assert (facts["entry"]["version"], facts["entry"]["rollout"], facts["entry"]["fallback"]) == (desk.version, 100, "rules")
    assert (facts["gate"]["verdict"], facts["gate"]["environments"]) == ("PENDING", {"paper": {MODEL: {"risk": "missing"}}})
    log = desk.git("log", "--name-only", "--format=%s", "main..HEAD").splitlines()
    assert log == [
        f"Promote {MODEL} {desk.version} to paper",
        "",
        PAPER,
        "Compose the domain trade_entry for paper",
        "",
        facts["entry"]["domain"],
    ]


def test_people_are_told_who_must_sign_and_what_comes_next(desk: World) -> None:
    said = desk.ok("promote", MODEL, desk.version, "--env", "paper")
    assert f"bot-core sign-off {MODEL} {desk.version} --env paper --role risk --signer NAME --key KEY" in said
    assert said.endswith(f"next: git push -u origin promote/paper/{MODEL}/{desk.version}-100, and open a pull request\n")


def test_on_a_branch_of_yours_it_stays_there(desk: World) -> None:
    desk.git("switch", "-q", "-c", "mine")
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    assert desk.git("rev-parse", "--abbrev-ref", "HEAD") == "mine"


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (
            20,
            ["{model}", "{version}", "--env", "moon"],
            "error[POLICY-MISSING]: --env: expected one of paper, production; got moon",
        ),
        (
            20,
            ["{model}", "{version}", "--env", "production", "--rollout", "7"],
            "error[ROLLOUT-STEP]: --rollout: expected one of 0, 5, 10",
        ),
        (
            30,
            ["{model}", "latest", "--env", "paper"],
            "error[REL-DIGEST]: models/{model}/latest.release.yaml: expected a committed manifest",
        ),
        (
            2,
            ["other", "{version}", "--env", "paper"],
            "error[CONFIG]: conf/decision: expected one domain that lists other under models",
        ),
        (2, ["{model}", "{version}", "--env", "paper", "--domain", "moon"], "error[CONFIG]: "),
        (2, ["{model}", "{version}", "--env", "paper", "--rollout", "many"], "usage: "),
    ],
)
def test_what_cannot_be_promoted_is_said(desk: World, refuse: Refuse, code: int, words: list[str], sentence: str) -> None:
    facts = {"model": MODEL, "version": desk.version}
    said = refuse(desk, code, "promote", *(word.format(**facts) for word in words))
    assert said.startswith(sentence.format(**facts))


def test_staged_changes_are_refused_before_the_branch_is_made(desk: World, refuse: Refuse) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    assert "expected nothing staged" in refuse(desk, 2, "promote", MODEL, desk.version, "--env", "paper")


def test_what_stands_already_is_no_change(world: Callable[[Stage], World], refuse: Refuse) -> None:
    desk = world("paper")
    said = refuse(desk, 20, "promote", MODEL, desk.version, "--env", "paper")
    assert said.startswith(
        f"error[ROLLOUT-STEP]: {PAPER}: expected a change, got {MODEL} {desk.version}, which stands there already"
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("rollout: 100", "rollout: all", "models[0].rollout: expected int, got 'all'"),
        ("    rollout: 100\n", "", "models[0].rollout: expected a value, got nothing"),
        ("environment/v1", "environment/v2", "schema: expected one of bot-core/environment/v1"),
    ],
)
def test_a_broken_environment_is_said_with_its_place(
    world: Callable[[Stage], World], refuse: Refuse, old: str, new: str, sentence: str
) -> None:
    desk = world("paper")
    desk.edit(PAPER, old, new)
    desk.commit()
    assert refuse(desk, 30, "promote", MODEL, desk.version, "--env", "paper").startswith(f"error[CANON]: {PAPER}: {sentence}")
