from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from bot_core._parse import decode_json
from bot_core.config.decision import FeaturePolicy
from bot_core.decision.candidate import (
    DecisionCandidate,
    Position,
    RiskSnapshot,
    checked_features,
    features_of,
    measures_of,
    room,
    snapshot_findings,
    with_position,
)
from bot_core.decision.thresholds import Finding
from bot_core.errors import DocumentError
from tests.unit.decision.conftest import CANDIDATE, NOW, SNAPSHOT


def test_the_documented_files_can_be_read() -> None:
    snapshots = decode_json(
        b'{"balanced": {"start_of_day_equity": 100000, "daily_realized_pnl": -5, "peak_equity": 1e5, "last_equity": 99000,'
        b' "positions": {"EURUSD": {"side": "long", "notional": 1000}}, "taken_at": "2026-11-21T12:00:00Z"}}',
        dict[str, RiskSnapshot],
        "risk.json",
    )
    assert snapshots["balanced"].positions == {"EURUSD": Position(notional=1000.0, side="long")}
    candidates = decode_json(
        b'[{"strategy": "trend", "action": "enter", "risk_profile": "balanced", "symbol": "EURUSD", "notional": 1000,'
        b' "expected_return_bps": 12, "metadata": {"model_features": {"momentum": 0.5}}}]',
        list[DecisionCandidate],
        "candidates.json",
    )
    assert (candidates[0].expected_probability, candidates[0].cost_bps_override, candidates[0].latency_ms) == (1.0, None, None)
    assert features_of(candidates[0]) == {"momentum": 0.5}


def test_a_misspelt_number_of_an_account_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"expected one of .*last_equity.*; got the unknown key equity"):
        decode_json(b'{"equity": 1}', RiskSnapshot, "risk.json")


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, None),
        ({"features": "none"}, None),
        ({"decision_engine": {"features": {"a": 1}}}, {"a": 1}),
        ({"decision_engine": {"features": {"a": 1}}, "features": {"a": 2}}, {"a": 2}),
        ({"features": {"a": 2}, "model_features": {"a": 3}}, {"a": 3}),
        ({"decision_engine": 5}, None),
        ({"features": {}}, {}),
    ],
)
def test_features_are_found_in_three_places(metadata: dict[str, object], expected: object) -> None:
    assert features_of(replace(CANDIDATE, metadata=metadata)) == expected


@pytest.mark.parametrize(
    ("policy", "given", "vector", "codes"),
    [
        ({}, {"b": 2, "a": 1}, {"a": 1.0, "b": 2.0}, []),
        ({}, {"a": 1}, {"a": 1.0}, ["feature_missing"]),
        ({}, {"a": 1, "b": 2, "d": 3, "c": 4}, {"a": 1.0, "b": 2.0}, ["feature_unknown", "feature_unknown"]),
        ({"unknown": "ignore"}, {"a": 1, "b": 2, "c": math.nan}, {"a": 1.0, "b": 2.0}, []),
        ({"missing": "rules"}, {"a": 1}, {"a": 1.0}, ["feature_missing"]),
        ({"non_finite": "rules"}, {"a": 1, "b": math.inf}, {"a": 1.0}, ["feature_not_finite"]),
        ({"non_finite": "nan"}, {"a": 1, "b": True}, {"a": 1.0}, ["feature_not_finite"]),
        ({"non_finite": "nan"}, {"a": 1}, {"a": 1.0}, ["feature_missing"]),
        ({"missing": "nan"}, {"a": 1, "b": math.nan}, {"a": 1.0}, ["feature_not_finite"]),
        ({}, {"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 2.0}, []),
        ({}, {"a": 1.0, "b": math.nan}, {"a": 1.0}, ["feature_not_finite"]),
        ({}, {"b": 2.0, "z": 1.0}, {"b": 2.0}, ["feature_unknown", "feature_missing"]),
    ],
)
def test_a_vector_is_what_the_policy_lets_through(
    policy: dict[str, str], given: dict[str, object], vector: dict[str, float], codes: list[str]
) -> None:
    found, findings = checked_features(given, ("a", "b"), FeaturePolicy(**policy))  # type: ignore[arg-type]  # literals
    assert (found, [finding.code for finding in findings]) == (vector, codes)


def test_a_missing_value_is_told_as_such() -> None:
    vector, findings = checked_features({"a": 1}, ("a", "b"), FeaturePolicy(missing="nan"))
    assert (list(vector), findings) == (["a", "b"], [])
    assert math.isnan(vector["b"])


@pytest.mark.parametrize("given", [{"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}, {"a": 1, "b": 2.0}])
def test_a_vector_is_a_new_one_of_floats_in_the_models_order(given: dict[str, object]) -> None:
    vector, _ = checked_features(given, ["a", "b"], FeaturePolicy())
    assert [*vector.items()] == [("a", 1.0), ("b", 2.0)]
    assert {type(value) for value in vector.values()} == {float}
    vector.clear()
    assert len(given) == 2


def test_a_name_that_is_asked_for_twice_hides_no_unknown_one() -> None:
    _, findings = checked_features({"a": 1.0, "z": 2.0}, ("a", "a"), FeaturePolicy())
    assert findings == [Finding("feature_unknown", "z")]


def test_the_account_is_measured_with_the_candidate() -> None:
    account = replace(SNAPSHOT, daily_realized_pnl=-2_000.0, peak_equity=125_000.0, positions={"A": Position(notional=-9_000.0)})
    assert measures_of(CANDIDATE, account) == {
        "latency_ms": 10.0,
        "daily_loss_pct": 0.02,
        "drawdown_pct": 0.2,
        "position_ratio": 0.1,
        "open_positions": 2,
        "trade_notional": 1_000.0,
    }


def test_a_gain_is_a_negative_loss() -> None:
    measures = measures_of(CANDIDATE, replace(SNAPSHOT, daily_realized_pnl=1_000.0, last_equity=110_000.0))
    assert (measures["daily_loss_pct"], measures["drawdown_pct"]) == (-0.01, -0.1)


def test_why_an_account_cannot_be_measured_is_told_for_each_measure() -> None:
    bankrupt = measures_of(replace(CANDIDATE, notional=math.nan), replace(SNAPSHOT, last_equity=0.0))
    assert bankrupt["position_ratio"] == Finding("equity_not_positive", "last_equity", 0.0)
    account = replace(SNAPSHOT, daily_realized_pnl=math.nan, peak_equity=-1.0)
    measures, invalid = measures_of(CANDIDATE, account), Finding("risk_snapshot_invalid", "risk_snapshot")
    assert measures["drawdown_pct"] == Finding("equity_not_positive", "peak_equity", -1.0)
    assert [measures[name] for name in ("daily_loss_pct", "position_ratio", "open_positions")] == [invalid] * 3


@pytest.mark.parametrize(
    ("account", "codes"),
    [
        (SNAPSHOT, []),
        (None, ["risk_snapshot_missing"] * 4),
        (replace(SNAPSHOT, peak_equity=0.0, force_liquidation=True), ["equity_not_positive", "force_liquidation_active"]),
        (replace(SNAPSHOT, last_equity=math.inf, taken_at=None), ["risk_snapshot_invalid"] * 4 + ["risk_snapshot_undated"]),
    ],
)
def test_an_account_is_looked_at_with_and_without_measures(account: RiskSnapshot | None, codes: list[str]) -> None:
    for measures in (None, measures_of(CANDIDATE, account)):
        assert [finding.code for finding in snapshot_findings(account, NOW, 60.0, measures)] == codes


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ({"max_position_ratio": 0.75}, 65_000.0),
        ({"max_position_ratio": 0.75, "max_trade_notional": 7.0}, 7.0),
        ({"max_position_ratio": 0.1}, 0.0),
        ({"max_position_ratio": 0.05}, 0.0),
        ({"max_position_ratio": 1e308}, 0.0),
        ({}, 0.0),
    ],
)
def test_room_is_what_both_limits_leave(limits: dict[str, float], left: float) -> None:
    assert room(SNAPSHOT, limits) == left


def test_positions_that_are_more_than_a_float_holds_leave_no_room() -> None:
    held = {name: Position(notional=10**308) for name in ("A", "B")}
    assert room(replace(SNAPSHOT, positions=held), {"max_position_ratio": 0.5}) == 0.0


def test_room_never_rounds_beyond_the_limit() -> None:
    account = replace(SNAPSHOT, last_equity=551.7, positions={"A": Position(notional=39.1)})
    left = room(account, {"max_position_ratio": 0.24})
    assert left < 0.24 * 551.7 - 39.1
    assert (39.1 + left) / 551.7 <= 0.24


def test_a_filled_candidate_is_added_to_what_is_held() -> None:
    account = replace(SNAPSHOT, positions={"EURUSD": Position(notional=-500.0, side="short"), "A": Position(notional=1.0)})
    assert with_position(account, CANDIDATE).positions == {"EURUSD": Position(notional=1_500.0), "A": Position(notional=1.0)}
    assert account.positions["EURUSD"].notional == -500.0
