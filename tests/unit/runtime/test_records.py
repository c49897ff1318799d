"""What the journal's events say of decisions, fills, scores and guards."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core.decision.ports import ModelScore
from bot_core.errors import AuditError
from bot_core.features.indicators.indicator import Bar
from bot_core.journal.event import decode, spelled
from bot_core.runtime.autotrader import Fill
from bot_core.runtime.records import (
    Decision,
    MetaLabelFacts,
    cancelled,
    decided,
    decision_line,
    filled,
    guarded,
    moment,
    shadowed,
    spelled_moment,
)
from tests.unit.decision.conftest import evaluate
from tests.unit.runtime.trading import NOW, ORDER

if TYPE_CHECKING:
    from bot_core.decision.ports import DecisionEvaluation

BAR = Bar(1514581200.0, 1.2, 1.3, 1.1, 1.25, 7.0)
DECISION = Decision(
    id="eurusd@2017-12-29T21:00:00Z/m",
    environment="paper",
    model="m",
    version="20261121T101500Z-3f2a9c41",
    commit="c" * 40,
    domain=f"sha256:{'0' * 64}",
    symbol="eurusd",
    arm="learned",
    action="enter",
    accepted=True,
    is_ready=True,
    reasons=(),
    risk_profile="balanced",
    notional=1_000.0,
    bar=BAR,
    at=NOW,
    features={"momentum": 0.1 + 0.2},
    evaluation=evaluate(),
    cost_deviation_bps=-0.25,
    latency_ms=0.5,
)


def test_a_decision_holds_all_that_is_needed_to_make_it_again() -> None:
    event = decided(DECISION)
    assert (event.event_type, event.timestamp, event.environment, event.portfolio) == ("decision", NOW, "paper", "m")
    assert (event.symbol, event.side, event.quantity, event.price) == ("eurusd", "enter", 1_000.0, 1.25)
    assert (event.status, event.strategy, event.signal_id) == ("accepted", "m", DECISION.id)
    assert (event.confidence, event.latency_ms) == (0.75, 0.5)
    assert event.metadata == {
        "model": "m",
        "version": "20261121T101500Z-3f2a9c41",
        "commit": "c" * 40,
        "domain": f"sha256:{'0' * 64}",
        "arm": "learned",
        "action": "enter",
        "is_ready": True,
        "reasons": [],
        "bar": "2017-12-29T21:00:00Z",
        "features": {"momentum": 0.1 + 0.2},
        "cost_deviation_bps": -0.25,
        "protective_factor": 1.0,
        "expected_return_bps": 50.0,
        "cost_bps": 0.0,
        "net_edge_bps": 37.5,
        "outcome": "allow",
        "stress_failures": [],
        "findings": [],
    }


def test_a_refusal_names_its_reasons_and_what_was_measured() -> None:
    refused = evaluate(limits={"min_net_edge_bps": 40.0})
    event = decided(replace(DECISION, accepted=False, reasons=("net_edge_below_minimum",), evaluation=refused))
    assert event.status == "rejected"
    assert event.metadata["reasons"] == ["net_edge_below_minimum"]
    assert event.metadata["findings"] == ["net_edge_below_minimum: net_edge_bps"]
    assert event.metadata["outcome"] == "veto"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (MetaLabelFacts("m2", "20261121T101500Z-3f2a9c41", 0.625), {"version": "20261121T101500Z-3f2a9c41", "probability": 0.625}),
        (MetaLabelFacts("m2", "20261121T101500Z-3f2a9c41"), {"version": "20261121T101500Z-3f2a9c41"}),
        (MetaLabelFacts("m2"), {}),
    ],
)
def test_which_meta_label_model_was_asked_and_what_it_said_is_recorded(facts: MetaLabelFacts, expected: dict[str, object]) -> None:
    event = decided(replace(DECISION, meta_label=facts))
    assert event.metadata["meta_label"] == {"model": "m2", **expected}
    assert spelled(decode(decision_line(replace(DECISION, meta_label=facts)))) == decision_line(replace(DECISION, meta_label=facts))


def test_what_there_is_not_is_left_out() -> None:
    event = decided(replace(DECISION, version=None, evaluation=None, cost_deviation_bps=None, arm="nobody", action="none"))
    assert {"version", "cost_deviation_bps", "expected_return_bps", "outcome"}.isdisjoint(event.metadata)
    assert event.confidence is None


@given(values=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.floats()))
def test_every_vector_can_be_recorded_and_read_again_to_the_last_bit(values: dict[str, float]) -> None:
    line = spelled(decided(replace(DECISION, features=values)))
    features = decode(line).metadata["features"]
    assert features == {name: value if math.isfinite(value) else None for name, value in values.items()}


@pytest.mark.parametrize("evaluation", [DECISION.evaluation, None])
def test_a_decisions_line_is_that_of_its_event_to_the_byte(evaluation: DecisionEvaluation | None) -> None:
    decision = replace(DECISION, evaluation=evaluation, reasons=("a", "b"), features={"a": 0.1, "b": -0.0})
    line = decision_line(decision)
    assert spelled(decode(line)) == line
    assert decided(decision) == decode(line)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["notional", "latency_ms", "cost_deviation_bps", "protective_factor"])
def test_a_decision_with_a_number_that_is_none_is_no_event(name: str, wrong: float) -> None:
    with pytest.raises(AuditError, match="expected finite numbers; got"):
        decision_line(replace(DECISION, **{name: wrong}))


@pytest.mark.parametrize("name", ["model_expected_return_bps", "model_success_probability", "cost_bps", "net_edge_bps"])
def test_so_is_one_with_such_an_evaluation(name: str) -> None:
    assert DECISION.evaluation is not None
    with pytest.raises(AuditError, match="expected finite numbers; got nan"):
        decision_line(replace(DECISION, evaluation=replace(DECISION.evaluation, **{name: math.nan})))


def test_a_decision_at_a_time_without_a_zone_is_no_event() -> None:
    with pytest.raises(AuditError, match="timestamp: expected a time with its zone"):
        decision_line(replace(DECISION, at=NOW.replace(tzinfo=None)))


def test_a_decision_is_a_value() -> None:
    with pytest.raises(AttributeError):
        DECISION.accepted = False  # type: ignore[misc]  # on purpose
    assert msgspec.structs.replace(DECISION) == DECISION


@given(seconds=st.integers(0, 4_000_000_000))
def test_a_bars_time_is_spelled_to_the_second(seconds: int) -> None:
    text = spelled_moment(float(seconds))
    assert dt.datetime.fromisoformat(text) == moment(seconds)
    assert moment(seconds).timestamp() == seconds


def test_a_fill_says_what_was_expected_and_what_came() -> None:
    fill = Fill(
        order=ORDER,
        price=101.0,
        quantity=-9.9,
        reference_price=100.0,
        realised_cost_bps=3.0,
        deviation_bps=2.0,
        realised_pnl=-5.0,
        costs=0.25,
        at=NOW,
    )
    event = filled(fill, "paper", NOW)
    assert (event.event_type, event.status, event.side, event.signal_id) == ("outcome", "exit", "sell", "a1")
    assert (event.quantity, event.price, event.strategy) == (-9.9, 101.0, "trend")
    assert event.metadata == {
        "bar": "2026-11-21T12:00:00Z",
        "reference_price": 100.0,
        "expected_cost_bps": 1.0,
        "realised_cost_bps": 3.0,
        "cost_deviation_bps": 2.0,
        "realised_pnl": -5.0,
        "costs": 0.25,
    }
    bought = filled(replace(fill, quantity=9.9), "paper", NOW)
    assert (bought.status, bought.side) == ("filled", "buy")


def test_a_fill_that_is_no_number_is_no_event() -> None:
    fill = Fill(
        order=ORDER,
        price=float("nan"),
        quantity=1.0,
        reference_price=1.0,
        realised_cost_bps=0.0,
        deviation_bps=0.0,
        realised_pnl=0.0,
        costs=0.0,
        at=NOW,
    )
    with pytest.raises(AuditError):
        filled(fill, "paper", NOW)


def test_a_cancelled_order_a_score_beside_and_a_guard() -> None:
    event = cancelled(ORDER, "paper", NOW)
    assert (event.event_type, event.status, event.signal_id, event.side) == ("outcome", "cancelled", "a1", "buy")
    assert DECISION.evaluation is not None
    shadow = shadowed(DECISION, ModelScore(2.0, 0.5))
    assert (shadow.event_type, shadow.signal_id, shadow.confidence) == ("shadow_score", DECISION.id, 0.5)
    assert shadow.metadata == {
        "model": "m",
        "version": "20261121T101500Z-3f2a9c41",
        "expected_return_bps": 2.0,
        "bar": "2017-12-29T21:00:00Z",
    }
    guard = guarded("m", "paper", "protective", NOW, {"factor": 0.5})
    assert (guard.event_type, guard.status, guard.portfolio) == ("guard_trip", "protective", "m")
    assert guard.metadata == {"model": "m", "factor": 0.5}
