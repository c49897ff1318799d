from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256_file
from bot_core.cli import status
from bot_core.documents.runtime import Degraded
from bot_core.governance.state import StateFolder
from tests.runtime_world import MODEL as MODEL_HERE
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime_world import RuntimeWorld
    from tests.unit.conftest import Refuse
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def test_help_shows_how_it_judges(help_of: Callable[[str], str]) -> None:
    assert status.EPILOG.rstrip() in help_of("status")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("status")


def test_people_read_what_may_decide_and_who_said_so(desk: World) -> None:
    said = desk.ok("status").splitlines()
    assert said[0] == "paper  Ready"
    (matrix,) = [line.split() for line in said if line.strip().startswith("✓")]
    assert matrix[:7] == ["✓", "risk", "approved", "1", "of", "1", "ann,"]
    assert matrix[-2:] == ["days", "left"]
    assert said[-2:] == ["production  Empty", "  no model: rules decide"]


def test_why_something_may_not_decide_is_said_with_what_to_do(desk: World) -> None:
    said = desk.ok("status", "--env", "paper", "--now", "2099-01-01T00:00:00Z")
    assert said.startswith("paper  Degraded\n")
    assert "ROLE-MISSING: compliance/environments/paper.yaml: " in said
    assert f"→ bot-core sign-off {MODEL} {desk.version} --env paper --role risk --signer NAME --key KEY" in said


def test_programs_read_the_same(desk: World) -> None:
    facts = json.loads(desk.ok("status", "--format", "json"))
    assert (facts["commit"], facts["state"]) == (desk.git("rev-parse", "HEAD"), "configured")
    paper, production = facts["environments"]
    assert (paper["environment"], paper["condition"], production["condition"]) == ("paper", "Ready", "Empty")
    assert (paper["models"][0]["model"], paper["models"][0]["verdict"]) == (MODEL, "ALLOW")


def test_an_earlier_commit_is_judged_by_what_it_held(desk: World) -> None:
    first = desk.git("rev-list", "--max-parents=0", "HEAD")
    facts = json.loads(desk.ok("status", "--ref", first, "--format", "json"))
    assert facts == {"commit": first, "state": "unconfigured", "environments": []}
    assert desk.ok("status", "--ref", first).startswith(
        "unconfigured: there is no compliance/policy.yaml, so nothing may decide\n  → "
    )


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (20, ["--env", "moon"], "error[POLICY-MISSING]: --env: expected one of paper, production; got moon\n"),
        (2, ["--ref", "nonsense"], "error[GIT]: "),
        (2, ["--ref", "--all"], "usage: "),
    ],
)
def test_bad_arguments_are_said(desk: World, refuse: Refuse, code: int, words: list[str], sentence: str) -> None:
    assert refuse(desk, code, "status", *words).startswith(sentence)


def test_a_broken_policy_is_said_with_its_place(desk: World, refuse: Refuse) -> None:
    desk.edit("compliance/policy.yaml", "root_quorum: 2", "root_quorum: 2.0")
    desk.commit()
    assert refuse(desk, 30, "status").startswith("error[CANON]: compliance/policy.yaml: line ")


def test_a_release_that_fell_is_shown_until_the_report_is_answered(runtime: Callable[..., RuntimeWorld]) -> None:
    desk = runtime(followed=True)
    path = f"audit/ai_decision/degradation/{desk.version}.{desk.now:%Y%m%dT%H%M%SZ}.json"
    desk.put(path, "critical")
    fell = Degraded(model=MODEL_HERE, version=desk.version, path=path, digest=sha256_file(desk.path / path), since=desk.now)
    folder = StateFolder(desk.path / "var/models")
    folder.change(lambda control: replace(control, degraded=[fell]))
    said = desk.ok("status", "--env", "paper")
    assert f"  {MODEL_HERE} {desk.version}: rules decide since {desk.now:%Y-%m-%d %H:%M:%S} UTC: live performance fell" in said
    assert f"review alert {MODEL_HERE}.degradation {path} --role ROLE" in said
    assert json.loads(desk.ok("status", "--format", "json"))["machine"]["degraded"][0]["path"] == path
    desk.commit("The report")
    answer = ("--role", "risk", "--signer", "ann", "--key", desk.key("ann"), "--dismiss")
    desk.ok("review", "alert", f"{MODEL_HERE}.degradation", path, *answer)
    desk.push()
    assert desk.reconcile()[0] == 0
    assert folder.control().degraded == []
    assert "rules decide since" not in desk.ok("status", "--env", "paper")


def test_a_damaged_control_file_is_said_and_hides_nothing_else(runtime: Callable[..., RuntimeWorld]) -> None:
    desk = runtime(followed=True)
    desk.put("var/models/control.json", "{")
    said = desk.ok("status", "--env", "paper")
    assert said.startswith("paper  Ready\n")
    assert "DOCUMENT: " in said
    assert json.loads(desk.ok("status", "--format", "json"))["machine"]["degraded"] == []
