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


# --- what the environment before shows ---------------------------------------------------------------------------------------------------


@pytest.fixture
def paper(world: Callable[[Stage], World]) -> World:
    return world("paper")


def subjects(desk: World) -> list[str]:
    return desk.git("log", "--format=%s", "main..HEAD").splitlines()


def test_what_paper_published_is_copied_in_a_commit_before_the_promotion(paper: World) -> None:
    files = paper.publish()
    facts = json.loads(paper.ok("promote", MODEL, paper.version, "--env", "production", "--format", "json"))
    assert facts["extracts"] == sorted(files)
    assert subjects(paper) == [
        f"Promote {MODEL} {paper.version} to production",
        f"Bring what was published of {MODEL} {paper.version}",
    ]
    assert paper.git("show", "--name-only", "--format=", "HEAD").splitlines() == [layout.environment("production")]
    assert paper.git("show", "--name-only", "--format=", "HEAD~1").splitlines() == sorted(files)
    assert {path: (paper.path / path).read_bytes() for path in files} == files
    assert facts["gate"]["verdict"] == "DENY"  # not seven days in paper yet
    assert "RPT-MISSING" not in {reason["code"] for reason in facts["gate"]["reasons"]}


def test_people_are_told_what_was_copied(paper: World) -> None:
    files = paper.publish()
    said = paper.ok("promote", MODEL, paper.version, "--env", "production").splitlines()
    assert [line for line in said if line.startswith("copied")] == [
        f"copied from audit-log: {path}" for path in sorted(files, reverse=True) if path.endswith(".json")
    ]


@pytest.mark.parametrize(("published", "why"), [(False, "no branch audit-log here"), (True, "no extract of paper at audit-log")])
def test_without_extracts_people_are_told_how_to_publish_them(paper: World, published: bool, why: str) -> None:  # noqa: FBT001  # as listed
    if published:
        paper.publish("20200101T000000Z-0a1b2c3d")
    said = paper.ok("promote", MODEL, paper.version, "--env", "production")
    publish = "bot-core audit publish --env paper --journal FILE --key KEY --signer SERVICE"
    assert f"nothing copied: {why}\n  → {publish}; then bot-core promote {MODEL} {paper.version} --env production\n" in said
    assert "RPT-MISSING: compliance/checklists/model-promotion-v1.yaml: C3: expected scheduler_current" in said


def test_extracts_that_come_later_are_brought_by_the_same_command(paper: World, refuse: Refuse) -> None:
    words = ("promote", MODEL, paper.version, "--env", "production")
    paper.ok(*words)
    promotion = paper.git("rev-parse", "HEAD")
    assert "which stands there already" in refuse(paper, 20, *words)
    files = paper.publish()
    facts = json.loads(paper.ok(*words, "--format", "json"))
    assert facts["extracts"] == sorted(files)
    assert paper.git("rev-parse", "HEAD~1") == promotion
    assert "which stands there already" in refuse(paper, 20, *words)


def test_what_is_published_elsewhere_is_named(paper: World, refuse: Refuse) -> None:
    paper.publish()
    paper.git("branch", "-m", "audit-log", "elsewhere")
    words = ("promote", MODEL, paper.version, "--env", "production", "--from")
    assert "expected a commit named nowhere" in refuse(paper, 2, *words, "nowhere")
    assert "copied from elsewhere: audit/ai_decision/operation/paper/" in paper.ok(*words, "elsewhere")


def test_what_cannot_be_proven_is_left_out_and_said(paper: World) -> None:
    paper.publish(key="gus")
    said = paper.ok("promote", MODEL, paper.version, "--env", "production")
    assert said.count("left out: audit/ai_decision/operation/paper/") == 2
    assert "expected a key that the policy gives runtime-1, got SHA256:" in said
    assert "nothing copied: no extract of paper at audit-log" in said
    assert subjects(paper) == [f"Promote {MODEL} {paper.version} to production"]


def test_a_step_of_the_rollout_brings_nothing(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    desk.merge(desk.git("rev-parse", "--abbrev-ref", "HEAD"))
    desk.publish()
    facts = json.loads(desk.ok("promote", MODEL, desk.version, "--env", "production", "--rollout", "5", "--format", "json"))
    assert facts["extracts"] == []
