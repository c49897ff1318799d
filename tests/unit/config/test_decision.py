from __future__ import annotations

import math

import msgspec
import pytest
from msgspec.structs import asdict, replace

from bot_core._parse import convert
from bot_core.config.decision import (
    DecisionEngineConfig,
    DecisionOrchestratorThresholds,
    DecisionStressTestConfig,
    FeaturePolicy,
    MetaLabelCondition,
    finite,
    is_amount,
    is_probability,
    plain_floats,
)
from bot_core.errors import ConfigError

BAD = [math.nan, math.inf, -math.inf, -5e-324, -1, "1", True, None, 10**400]
THRESHOLDS = DecisionOrchestratorThresholds(
    max_cost_bps=20.0,
    min_net_edge_bps=1.5,
    max_daily_loss_pct=0.05,
    max_drawdown_pct=0.2,
    max_position_ratio=0.8,
    max_open_positions=8,
    max_latency_ms=500.0,
    max_trade_notional=50_000.0,
)
FIELDS = [*asdict(THRESHOLDS)]
OPTIONAL = {"max_latency_ms", "max_trade_notional"}


def test_the_runbooks_construction_works() -> None:
    config = DecisionEngineConfig(
        orchestrator=THRESHOLDS,
        profile_overrides={},
        stress_tests=None,
        min_probability=0.4,
        require_cost_data=False,
        penalty_cost_bps=0.0,
    )
    assert config == DecisionEngineConfig(orchestrator=THRESHOLDS, min_probability=0.4)
    assert config.features == FeaturePolicy(unknown="reject", missing="reject", non_finite="reject")


def test_two_limits_may_be_left_out_and_no_other() -> None:
    plain = {name: value for name, value in asdict(THRESHOLDS).items() if name not in OPTIONAL}
    assert DecisionOrchestratorThresholds(**plain).max_latency_ms is None
    for name in plain:
        with pytest.raises(TypeError, match=name):
            DecisionOrchestratorThresholds(**{other: value for other, value in plain.items() if other != name})


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", BAD, ids=repr)
def test_no_limit_is_anything_but_a_finite_number_of_zero_or_more(name: str, value: float | None) -> None:
    if value is None and name in OPTIONAL:
        return
    with pytest.raises(ValueError, match=f"Expected {name} to be a finite number of at least 0"):
        replace(THRESHOLDS, **{name: value})


@pytest.mark.parametrize("name", FIELDS)
def test_zero_is_a_limit(name: str) -> None:
    assert asdict(replace(THRESHOLDS, **{name: 0}))[name] == 0


@pytest.mark.parametrize("name", ["max_daily_loss_pct", "max_drawdown_pct"])
@pytest.mark.parametrize(
    ("value", "good"), [(math.nextafter(1.0, 0.0), True), (1.0, False), (math.nextafter(1.0, 2.0), False), (2, False)]
)
def test_a_percentage_in_the_place_of_a_share_is_refused(name: str, value: float, good: bool) -> None:  # noqa: FBT001
    if good:
        assert asdict(replace(THRESHOLDS, **{name: value}))[name] == value
        return
    with pytest.raises(ValueError, match=rf"{name} .* below 1 \(a share: 0\.05 is five per cent\), got {value!r}"):
        replace(THRESHOLDS, **{name: value})


def test_positions_are_counted_in_whole_numbers() -> None:
    with pytest.raises(ValueError, match=r"Expected max_open_positions to be a whole number, got 2\.5"):
        replace(THRESHOLDS, max_open_positions=2.5)


@pytest.mark.parametrize(
    ("value", "good"), [(0.0, True), (1.0, True), (math.nextafter(1.0, 2.0), False), (-5e-324, False), (math.nan, False)]
)
def test_the_minimum_probability_is_one(value: float, good: bool) -> None:  # noqa: FBT001
    if good:
        assert DecisionEngineConfig(orchestrator=THRESHOLDS, min_probability=value).min_probability == value
        return
    with pytest.raises(ValueError, match="Expected min_probability to be a finite number of at least 0, at most 1"):
        DecisionEngineConfig(orchestrator=THRESHOLDS, min_probability=value)


@pytest.mark.parametrize("name", ["penalty_cost_bps", "max_snapshot_age_s"])
@pytest.mark.parametrize("value", BAD, ids=repr)
def test_the_other_numbers_are_finite_and_not_negative(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"Expected {name} to be a finite number of at least 0"):
        replace(DecisionEngineConfig(orchestrator=THRESHOLDS), **{name: value})


@pytest.mark.parametrize(("name", "least"), [("cost_shock_bps", 0.0), ("latency_spike_ms", 0.0), ("slippage_multiplier", 1.0)])
def test_a_stress_never_makes_things_better(name: str, least: float) -> None:
    assert asdict(replace(DecisionStressTestConfig(), **{name: least}))[name] == least
    for value in (math.nextafter(least, -math.inf), math.nan, math.inf):
        with pytest.raises(ValueError, match=f"Expected {name} to be a finite number of at least {least:g}, got"):
            replace(DecisionStressTestConfig(), **{name: value})


def test_what_is_read_is_checked_the_same_way() -> None:
    plain = msgspec.to_builtins(DecisionEngineConfig(orchestrator=THRESHOLDS, profile_overrides={"careful": THRESHOLDS}))
    assert convert(plain, DecisionEngineConfig, "x.yaml").profile_overrides == {"careful": THRESHOLDS}
    plain["orchestrator"]["max_drawdown_pct"] = 20
    with pytest.raises(ConfigError, match=r"x\.yaml: orchestrator: expected max_drawdown_pct to be a finite number"):
        convert(plain, DecisionEngineConfig, "x.yaml", error=ConfigError)


def test_an_unknown_key_is_refused() -> None:
    plain = msgspec.to_builtins(DecisionEngineConfig(orchestrator=THRESHOLDS))
    with pytest.raises(ConfigError, match=r"the unknown key min_probabilty \(did you mean min_probability\?\)"):
        convert(plain | {"min_probabilty": 0.9}, DecisionEngineConfig, "x.yaml", error=ConfigError)


def test_a_number_is_finite_or_it_is_none() -> None:
    assert [value for value in BAD if finite(value)] == [-5e-324, -1]


class Float(float):
    """A float of a library's own."""


@pytest.mark.parametrize(
    "value", [*BAD, 0, 0.0, -0.0, 0.5, 1, 1.0, math.nextafter(1.0, 2.0), Float(0.5), Float("nan"), Float(-1.0)]
)
def test_ranges_are_those_of_finite_numbers(value: float) -> None:
    assert is_probability(value) == (finite(value) and 0 <= value <= 1)
    assert is_amount(value) == (finite(value) and value >= 0)
    assert plain_floats([0.0, value]) == (finite(value) and type(value) is float)


@pytest.mark.parametrize("value", [*BAD, 1.0000000000000002, 55], ids=repr)
def test_a_condition_on_a_meta_label_model_is_a_probability(value: float) -> None:
    with pytest.raises(ValueError, match="min_probability to be a finite number of at least 0, at most 1"):
        MetaLabelCondition(model="decision_meta", min_probability=value)
    assert [MetaLabelCondition(model="m", min_probability=p).min_probability for p in (0, 0.55, 1)] == [0, 0.55, 1]
