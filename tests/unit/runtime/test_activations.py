"""What changed between what was in force and what will be, as events."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core.documents.runtime import Active, ModelStatus, Servable
from bot_core.journal.event import spelled
from bot_core.runtime.activations import changes

if TYPE_CHECKING:
    from bot_core.journal.event import TradingDecisionEvent

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
FIRST = Servable(
    model="m1",
    version="20261101T080000Z-aa17c02e",
    release=sha256(b"r1"),
    artifact=sha256(b"a1"),
    domain=sha256(b"d1"),
    rollout=100,
    commit="a" * 40,
)
SECOND = replace(FIRST, version="20261102T080000Z-bb17c02e", release=sha256(b"r2"), artifact=sha256(b"a2"))
NONE = Active(environment="paper", commit="b" * 40, verified=NOW)


def having(*plans: Servable, **more: object) -> Active:
    return replace(NONE, plans=list(plans), **more)


def told(before: Active | None, after: Active, *models: ModelStatus) -> list[TradingDecisionEvent]:
    found = list(changes(before, after, models, NOW))
    assert all(spelled(event) for event in found)
    return found


def test_nothing_that_changes_tells_nothing() -> None:
    assert told(None, NONE) == told(NONE, NONE) == told(having(FIRST), having(FIRST)) == []


def test_a_model_begins() -> None:
    for before in (None, NONE):
        (event,) = told(before, having(FIRST))
        assert (event.event_type, event.status, event.environment, event.timestamp) == (
            "ai_model_activated",
            "active",
            "paper",
            NOW,
        )
        assert event.metadata["version"] == FIRST.version
        assert event.metadata["artifact"] == FIRST.artifact
        assert event.metadata["commit"] == NONE.commit
        assert "from_version" not in event.metadata


@pytest.mark.parametrize(
    "change",
    [
        {"version": SECOND.version},
        {"release": SECOND.release},
        {"artifact": SECOND.artifact},
        {"domain": sha256(b"d2")},
        {"rollout": 5},
        {"conditions": {"max_cost_bps": 1}},
    ],
)
def test_whatever_changes_how_it_decides_is_told(change: dict[str, object]) -> None:
    (event,) = told(having(FIRST), having(replace(FIRST, **change)))
    assert event.event_type == "ai_model_activated"
    assert event.metadata["from_version"] == FIRST.version


def test_another_commit_or_expiry_is_no_change() -> None:
    assert told(having(FIRST), having(replace(FIRST, commit="c" * 40, expires=NOW), commit="c" * 40)) == []


def test_a_way_back_that_was_proven_is_a_rollback() -> None:
    (event,) = told(having(SECOND, fallbacks=[FIRST]), having(FIRST))
    assert (event.event_type, event.metadata["from_version"]) == ("ai_model_rollback_completed", SECOND.version)
    (forward,) = told(having(FIRST, fallbacks=[]), having(SECOND, fallbacks=[FIRST]))
    assert forward.event_type == "ai_model_activated"


def test_a_way_back_from_what_was_stopped_is_a_rollback_too() -> None:
    (event,) = told(having(fallbacks=[FIRST]), having(FIRST))
    assert event.event_type == "ai_model_rollback_completed"
    assert "from_version" not in event.metadata
    (again,) = told(having(fallbacks=[FIRST]), having(SECOND, fallbacks=[FIRST]))
    assert again.event_type == "ai_model_activated"


def test_a_change_of_the_fallback_that_already_decides_is_no_rollback() -> None:
    (event,) = told(having(FIRST, fallbacks=[FIRST]), having(replace(FIRST, rollout=5)))
    assert event.event_type == "ai_model_activated"


@pytest.mark.parametrize(("rules", "decides"), [({"m1": FIRST.domain}, "rules"), ({}, "nobody")])
def test_a_model_that_ends_says_why_and_who_decides_now(rules: dict[str, str], decides: str) -> None:
    why = ModelStatus(model="m1", desired=None, active=None, state="Refused", decides="nobody", reasons=["HALTED: x"])
    (event,) = told(having(FIRST), having(rules=rules), why)
    assert (event.event_type, event.status) == ("detach", decides)
    assert event.metadata["reasons"] == ["HALTED: x"]
    assert event.metadata["version"] == FIRST.version


def test_several_models_are_told_by_name() -> None:
    other = replace(SECOND, model="m0")
    found = told(having(FIRST), having(other))
    assert [(event.event_type, event.metadata["model"]) for event in found] == [("ai_model_activated", "m0"), ("detach", "m1")]


def test_what_was_in_force_in_another_environment_began_elsewhere() -> None:
    (event,) = told(having(FIRST, environment="production"), having(FIRST))
    assert event.event_type == "ai_model_activated"
    assert "from_version" not in event.metadata


def test_maintenance_begins_and_ends() -> None:
    closed = replace(NONE, maintenance=True)
    assert [(event.event_type, event.status) for event in told(NONE, closed)] == [("detach", "maintenance")]
    assert [(event.event_type, event.status) for event in told(closed, NONE)] == [("attach", "resumed")]
    assert told(closed, closed) == []
