from __future__ import annotations

import math

import pytest

from bot_core.config.decision import DecisionStressTestConfig
from bot_core.decision.thresholds import (
    CODES,
    FAILED,
    STRESS_CODES,
    Finding,
    compared,
    compiled,
    failures,
    ordered,
    outcome,
    stressed,
)


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [
        ("max_deploys", 2.9999999999999996, None),
        ("max_deploys", 3, None),
        ("max_deploys", 3.0000000000000004, "max_deploys_failed"),
        ("min_deploys", 3.0000000000000004, None),
        ("min_deploys", 3, None),
        ("min_deploys", 2.9999999999999996, "min_deploys_failed"),
        ("max_deploys", math.nan, "deploys_not_finite"),
        ("max_deploys", -math.inf, "deploys_not_finite"),
        ("min_deploys", math.inf, "deploys_not_finite"),
        ("max_deploys", True, "deploys_not_finite"),
        ("med_deploys", 3.0, "med_deploys_failed"),
    ],
)
def test_any_limit_is_compared_by_its_name(limit: str, value: float, code: str | None) -> None:
    assert [finding.code for finding in failures({limit: 3.0}, {"deploys": value})] == ([code] if code else [])


def test_a_limit_that_nobody_measured_fails() -> None:
    assert failures({"max_deploys": 3.0}, {}) == [Finding("deploys_missing", "deploys", None, 3.0)]


def test_a_limit_that_is_no_number_fails() -> None:
    for name in ("max_deploys", "min_deploys"):
        assert [f.code for f in failures({name: math.nan}, {"deploys": 3.0})] == [f"{name}_failed"]


def test_why_a_measure_is_none_is_passed_on() -> None:
    why = Finding("cost_missing", "cost_bps")
    assert failures({"max_cost_bps": 1.0, "min_net_edge_bps": 1.0}, {"cost_bps": why, "net_edge_bps": why}) == [why, why]


@pytest.mark.parametrize(
    ("measures", "share"),
    [
        ({"a": 1.0, "b": 1.0}, 0.5),
        ({"a": 1.0, "b": 3.0}, 0.75),
        ({"a": -1.0, "b": 0.0}, 0.0),
        ({"a": 2.0, "b": 0.0}, 1.0),
        ({"a": 2.1, "b": 0.0}, 1.0),
        ({"a": math.nan, "b": 0.0}, 1.0),
        ({"b": 0.0}, 1.0),
        ({"a": 0.0, "b": Finding("b_unknown", "b")}, 1.0),
        ({"a": 0.0, "b": 0.0, "c": math.nan}, 0.0),
    ],
)
def test_the_limit_that_is_used_most_is_told(measures: dict[str, float | Finding], share: float) -> None:
    checks = compiled({"max_a": 2.0, "max_b": 4, "min_c": 9.0})
    assert compared(checks, {"c": 8.0, **measures})[1] == share


def test_a_limit_of_zero_is_all_used_by_anything_above_it() -> None:
    assert [compared(compiled({"max_a": 0.0}), {"a": value})[1] for value in (0.0, 5e-324)] == [0.0, 1.0]


def test_findings_stand_in_the_order_of_the_codes_and_once() -> None:
    found = [
        Finding("max_a_failed", "a"),
        Finding("drawdown_limit", "x"),
        Finding("notional_invalid", "y"),
        Finding("drawdown_limit", "x"),
    ]
    assert [finding.code for finding in ordered(found)] == ["notional_invalid", "drawdown_limit", "max_a_failed"]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], "allow"),
        (["gross_notional_limit", "trade_notional_limit"], "clamp"),
        (["gross_notional_limit", "max_deploys_failed"], "veto"),
        (["gross_notional_limit", *STRESS_CODES], "veto"),
        (["drawdown_limit", "model_missing"], "escalate"),
        (["drawdown_limit", "deploys_missing"], "escalate"),
    ],
)
def test_the_gravest_outcome_counts(codes: list[str], expected: str) -> None:
    assert outcome(codes) == expected


def test_every_code_of_a_limit_is_explained() -> None:
    assert set(FAILED.values()) <= CODES.keys()
    assert all(meaning and not meaning.endswith(".") for _, meaning in CODES.values())


def test_stress_looks_only_at_what_was_measured() -> None:
    tests = DecisionStressTestConfig(cost_shock_bps=1e9, latency_spike_ms=1e9)
    why = Finding("cost_missing", "cost_bps")
    checks = compiled({"max_cost_bps": 1.0, "max_latency_ms": 1.0})
    assert stressed(checks, {"cost_bps": why, "net_edge_bps": why, "latency_ms": why}, tests) == ()
    assert stressed((), {"cost_bps": 0.0, "net_edge_bps": 0.0, "latency_ms": 0.0}, tests) == ()
