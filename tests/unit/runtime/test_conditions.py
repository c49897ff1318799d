"""How a pass went, in conditions that a person, a probe and a dashboard can read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.ai.activation import Evaluation
from bot_core.documents.interventions import Halt
from bot_core.documents.runtime import Active, ModelStatus, RuntimeMemory, RuntimeStatus
from bot_core.errors import DocumentError, GitError
from bot_core.governance.acceptance import Accepted
from bot_core.governance.git import Git
from bot_core.governance.reasons import Refused
from bot_core.governance.snapshot import Snapshot
from bot_core.reporting.machine import lines
from bot_core.runtime.conditions import Found, status_of
from tests.memory_view import DIGEST, REPOSITORY, policy, rules
from tests.unit.runtime.machine import condition

if TYPE_CHECKING:
    from bot_core.errors import BotCoreError

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
TIP = "a" * 40
SYNCED = ModelStatus(model="m1", desired="v", active="v", state="Synced", decides="model")
PENDING = ModelStatus(model="m2", desired="v", active=None, state="Pending", decides="rules", reasons=["ROLE-MISSING: risk"])
REFUSED = ModelStatus(model="m3", desired="v", active="u", state="Refused", decides="model", reasons=["REL-DIGEST: bytes: others"])
HALT = Halt(
    schema="bot-core/halt/v1", repository=REPOSITORY, environment="paper", id="stop", signer="ann", issued=NOW, reason="It drifts."
)
UNREACHABLE = GitError("no answer")
REWRITTEN = Refused("ANCESTRY", "x", "another history")


def found(*models: ModelStatus, halts: tuple[Halt, ...] = (), problem: BotCoreError | None = None) -> Found:
    memory = RuntimeMemory(repository=REPOSITORY, policy=DIGEST, accepted=TIP, halts=list(halts))
    paper = rules()
    view = Snapshot(Git(Path()), TIP, TIP, NOW)
    accepted = Accepted(view, policy(environments=[paper]), paper, memory)
    return Found(accepted, Evaluation(Active(environment="paper", commit=TIP, verified=NOW), models, ()), problem)


def held(status: RuntimeStatus) -> set[str]:
    return {one.name for one in status.conditions if one.holds}


@pytest.mark.parametrize(
    ("models", "problem", "holds"),
    [
        ((SYNCED,), None, {"Ready", "Verified", "Fresh"}),
        ((), None, {"Verified", "Fresh"}),
        ((SYNCED, PENDING), None, {"Reconciling", "Verified", "Fresh"}),
        ((SYNCED, REFUSED), None, {"Fresh"}),
        ((SYNCED,), UNREACHABLE, {"Ready"}),
        ((SYNCED,), REWRITTEN, {"Ready", "Stalled", "Fresh"}),
        ((SYNCED,), DocumentError("active.json"), {"Ready", "Stalled", "Fresh"}),
    ],
)
def test_conditions_say_what_holds(models: tuple[ModelStatus, ...], problem: BotCoreError | None, holds: set[str]) -> None:
    status = status_of("paper", found(*models, problem=problem), None, NOW)
    assert held(status) == holds
    assert [one.name for one in status.conditions] == ["Ready", "Reconciling", "Stalled", "Verified", "Fresh", "Halted"]
    assert all(status.holds(one.name) == one.holds for one in status.conditions)


def test_nothing_proven_is_not_ready() -> None:
    status = status_of("paper", Found(None, None, UNREACHABLE), None, NOW)
    assert held(status) == set()
    assert condition(status, "Ready").reason == "NOTHING-PROVEN"
    assert (status.observed_commit, status.last_applied, status.models) == (None, None, [])
    assert status.reason == "no answer"


def test_each_says_why_with_a_code_and_a_sentence() -> None:
    status = status_of("paper", found(PENDING, REFUSED), None, NOW)
    said = {one.name: (one.reason, one.message) for one in status.conditions}
    assert said["Ready"] == said["Reconciling"] == ("ROLE-MISSING", "risk")
    assert said["Verified"] == ("REL-DIGEST", "bytes: others")
    assert said["Stalled"] == said["Fresh"] == said["Halted"] == ("", "")
    away = status_of("paper", found(SYNCED, problem=UNREACHABLE), None, NOW)
    assert (condition(away, "Fresh").reason, condition(away, "Fresh").message) == ("GIT", "no answer")
    assert condition(away, "Stalled").reason == ""
    stalled = condition(status_of("paper", found(SYNCED, problem=REWRITTEN), None, NOW), "Stalled")
    assert (stalled.reason, stalled.message) == ("ANCESTRY", "another history")


@pytest.mark.parametrize("problem", [UNREACHABLE, REWRITTEN])
def test_what_stands_in_the_way_is_said_in_one_sentence_once(problem: BotCoreError) -> None:
    status = status_of("paper", found(SYNCED, problem=problem), None, NOW)
    assert [one.message for one in status.conditions if one.message] == [str(problem)]
    assert condition(status, "Verified").reason == problem.code
    assert sum(str(problem) in line for line in lines(status, None)) == 1


def test_a_halt_of_this_environment_is_told_and_no_other() -> None:
    halted = condition(status_of("paper", found(SYNCED, halts=(HALT,)), None, NOW), "Halted")
    assert (halted.holds, halted.message) == (True, "stop of ann: It drifts.")
    other = replace(HALT, environment="production")
    assert not status_of("paper", found(SYNCED, halts=(other,)), None, NOW).holds("Halted")


def test_a_condition_keeps_its_time_for_as_long_as_it_does_not_change() -> None:
    first = status_of("paper", found(SYNCED), None, NOW)
    later = NOW + dt.timedelta(hours=1)
    second = status_of("paper", found(SYNCED, problem=UNREACHABLE), first, later)
    since = {one.name: one.since for one in second.conditions}
    assert since == dict.fromkeys(since, NOW) | {"Verified": later, "Fresh": later}


def test_applied_is_when_git_was_last_put_in_force() -> None:
    later = NOW + dt.timedelta(hours=1)
    first = status_of("paper", found(SYNCED), None, NOW)
    assert first.last_applied == NOW
    second = status_of("paper", found(SYNCED, problem=UNREACHABLE), first, later)
    assert (second.last_attempted, second.last_applied) == (later, NOW)
    assert status_of("paper", found(SYNCED), second, later).last_applied == later
