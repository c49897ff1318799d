from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from bot_core.config.decision import DecisionStressTestConfig
from bot_core.decision.thresholds import (
    CODES,
    FAILED,
    STRESS_CODES,
    Finding,
    compared,
    compiled,
    decimal,
    declared,
    engine_config,
    failures,
    limits_of,
    ordered,
    outcome,
    protected,
    stressed,
    tightened,
    tightened_config,
)
from bot_core.errors import ConfigError
from tests.unit.decision.conftest import CONFIG, THRESHOLDS

DOMAIN: dict[str, int | str] = {
    "max_cost_bps": "15",
    "min_net_edge_bps": "5",
    "min_probability": "0.58",
    "max_daily_loss_pct": "0.02",
    "max_drawdown_pct": "0.1",
    "max_position_ratio": "0.2",
    "max_open_positions": 5,
}


# --- comparing ------------------------------------------------------------------------------------------------------------------------


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


# --- reading --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0.0),
        ("-1", -1.0),
        ("0.58", 0.58),
        ("10.0", 10.0),
        ("9" * 400, None),
        *((text, None) for text in ("", " 1", "1 ", "+1", ".5")),
    ]
    + [(text, None) for text in ("5.", "01", "1e3", "1_000", "nan", "inf", "0x1", "\u0661", "1\n", "--1", "1,5")],
)
def test_a_decimal_is_digits_and_a_point(text: str, number: float | None) -> None:
    assert decimal(text) == number


def test_a_domains_limits_are_read() -> None:
    assert declared({"min_probability": "0.7", "max_parallel_deploys": 3}) == {"min_probability": 0.7, "max_parallel_deploys": 3.0}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("side", "long", r"conditions\.side: expected a limit, max_… or min_…, got side"),
        ("max_", 1, "expected a limit"),
        ("max_cost_bps", "cheap", "expected a whole number or a quoted decimal of zero or more, got 'cheap'"),
        ("max_cost_bps", "-1", "of zero or more, got '-1'"),
        ("max_cost_bps", -1, "of zero or more, got -1"),
        ("max_cost_bps", True, "of zero or more, got True"),
        ("max_cost_bps", 10**400, "expected a whole number"),
        ("max_daily_loss_pct", "2", r"expected a share below 1, got 2 \(two per cent are \"0\.02\"\)"),
        ("max_drawdown_pct", 1, "expected a share below 1, got 1"),
        ("min_probability", "58", "expected a share below 1, got 58"),
    ],
)
def test_what_is_no_limit_is_refused(name: str, value: int | str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        declared({name: value}, "conditions")


def test_a_domain_becomes_the_orchestrators_configuration() -> None:
    config = engine_config(declared(DOMAIN))
    assert (config.min_probability, config.require_cost_data) == (0.58, True)
    assert (config.orchestrator.max_open_positions, config.orchestrator.max_latency_ms) == (5, None)
    assert limits_of(config.orchestrator, config.min_probability) == declared(DOMAIN)


@pytest.mark.parametrize("name", [name for name in DOMAIN if name != "min_probability"])
def test_a_domain_that_leaves_a_limit_out_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        engine_config(declared({other: value for other, value in DOMAIN.items() if other != name}))


def test_a_domain_with_a_limit_that_the_orchestrator_does_not_watch_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_parallel_deploys"):
        engine_config(declared({**DOMAIN, "max_parallel_deploys": 3}))


# --- tightening -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "held", "signed", "expected"),
    [
        ("max_trade_notional", 50_000.0, 40_000, 40_000.0),
        ("max_trade_notional", 50_000.0, 60_000, 50_000.0),
        ("max_trade_notional", None, 60_000, 60_000.0),
        ("min_probability", 0.5, "0.6", 0.6),
        ("min_probability", 0.5, "0.4", 0.5),
        ("min_net_edge_bps", 1.5, "1.5", 1.5),
        ("max_daily_loss_pct", 0.05, "0.0499", 0.0499),
    ],
)
def test_a_condition_tightens_and_never_loosens(name: str, held: float | None, signed: int | str, expected: float) -> None:
    limits = {} if held is None else {name: held}
    assert tightened({**limits, "max_other": 1.0}, {name: signed}) == {name: expected, "max_other": 1.0}


def test_no_condition_changes_nothing() -> None:
    limits = limits_of(THRESHOLDS, 0.5)
    assert tightened(limits, {}) == limits
    assert tightened_config(CONFIG, {}) == CONFIG


def test_a_condition_holds_for_every_profile() -> None:
    config = replace(CONFIG, profile_overrides={"bold": replace(THRESHOLDS, max_trade_notional=None, max_cost_bps=90.0)})
    found = tightened_config(
        config, {"max_trade_notional": 9, "max_cost_bps": "50", "min_probability": "0.75", "max_open_positions": "2.5"}
    )
    assert found.orchestrator == replace(THRESHOLDS, max_trade_notional=9.0, max_open_positions=2)
    assert found.profile_overrides["bold"] == replace(THRESHOLDS, max_trade_notional=9.0, max_cost_bps=50.0, max_open_positions=2)
    assert found.min_probability == 0.75
    untouched = {
        name: value for name, value in asdict(found).items() if name not in ("orchestrator", "profile_overrides", "min_probability")
    }
    assert untouched == {name: asdict(CONFIG)[name] for name in untouched}


@pytest.mark.parametrize("conditions", [{"max_leverage": 2}, {"side": "long"}, {"max_daily_loss_pct": "2"}])
def test_a_condition_that_cannot_be_kept_is_refused(conditions: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        tightened_config(CONFIG, conditions)


def test_a_factor_of_one_changes_nothing_and_of_zero_leaves_nothing_to_risk() -> None:
    limits = limits_of(THRESHOLDS, 0.5)
    assert protected(limits, 1.0) == limits
    zero = {name for name, limit in protected(limits, 0.0).items() if limit == 0.0}
    assert zero == {"max_daily_loss_pct", "max_drawdown_pct", "max_position_ratio", "max_open_positions", "max_trade_notional"}
