from __future__ import annotations

import datetime as dt
import math
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bot_core.config.decision import DecisionOrchestratorThresholds, DecisionStressTestConfig, FeaturePolicy, MetaLabelCondition
from bot_core.decision.candidate import Position
from bot_core.decision.costs import Cost, CostReport, StrategyCosts
from bot_core.decision.meta_label import MetaLabelInference
from bot_core.decision.orchestrator import RISK_FLAGS, DecisionOrchestrator
from bot_core.decision.ports import SCORE_ERRORS, ModelScore
from bot_core.decision.thresholds import CODES, STRESS_CODES
from bot_core.errors import InputError
from tests.unit.decision.conftest import CANDIDATE, CONFIG, NOW, SNAPSHOT, THRESHOLDS, Raising, Told, evaluate, orchestrator


def above(value: float) -> float:
    return math.nextafter(value, math.inf)


def below(value: float) -> float:
    return math.nextafter(value, -math.inf)


# --- each limit: one step below, at, one step above ----------------------------------------------------------------------------------

ONE = {"start_of_day_equity": 1.0, "peak_equity": 1.0, "last_equity": 1.0, "positions": {}}
TINY = {"notional": 0.0}

CASES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "min_probability": ([{"model": Told(probability=p)} for p in (above(0.5), 0.5, below(0.5))], "probability_below_minimum"),
    "max_cost_bps": ([{"candidate": {"cost_bps_override": c}} for c in (below(20.0), 20.0, above(20.0))], "cost_above_limit"),
    "min_net_edge_bps": ([{"model": Told(r, 1.0)} for r in (above(1.5), 1.5, below(1.5))], "net_edge_below_minimum"),
    "max_latency_ms": ([{"candidate": {"latency_ms": x}} for x in (below(500.0), 500.0, above(500.0))], "latency_above_limit"),
    "max_daily_loss_pct": (
        [{"candidate": TINY, "snapshot": {**ONE, "daily_realized_pnl": -x}} for x in (below(0.0625), 0.0625, above(0.0625))],
        "daily_loss_limit",
    ),
    "max_drawdown_pct": (
        [{"candidate": TINY, "snapshot": {**ONE, "peak_equity": 4.0, "last_equity": x}} for x in (above(3.0), 3.0, below(3.0))],
        "drawdown_limit",
    ),
    "max_position_ratio": (
        [{"candidate": {"notional": x}, "snapshot": ONE} for x in (below(0.75), 0.75, above(0.75))],
        "gross_notional_limit",
    ),
    "max_open_positions": (
        [{"snapshot": {"positions": {str(i): Position(notional=1.0) for i in range(n)}}} for n in (1, 2, 3)],
        "open_positions_limit",
    ),
    "max_trade_notional": (
        [{"candidate": {"notional": x}, "snapshot": {"positions": {}}} for x in (below(50_000.0), 50_000.0, above(50_000.0))],
        "trade_notional_limit",
    ),
}


@pytest.mark.parametrize("limit", CASES)
def test_a_limit_itself_passes_and_one_step_beyond_does_not(limit: str) -> None:
    cases, code = CASES[limit]
    inside, at, beyond = (evaluate(**case) for case in cases)
    assert [inside.reasons, at.reasons, beyond.reasons] == [(), (), (code,)]
    assert [inside.accepted, at.accepted, beyond.accepted] == [True, True, False]
    (finding,) = beyond.findings
    assert (finding.measure, finding.limit) == (limit[4:], beyond.thresholds_snapshot[limit])
    assert beyond.risk_flags == ((code,) if code in RISK_FLAGS else ())


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("min_probability", "max_open_positions")])
def test_a_step_of_the_limit_decides_as_much_as_one_of_the_value(name: str) -> None:
    at = CASES[name][0][1]
    limit = evaluate(**at).thresholds_snapshot[name]
    laxer, stricter = (above(limit), below(limit)) if name.startswith("max_") else (below(limit), above(limit))
    assert evaluate(**at, limits={name: laxer}).accepted
    assert evaluate(**at, limits={name: stricter}).reasons == (CASES[name][1],)


@pytest.mark.parametrize("name", ["max_latency_ms", "max_trade_notional"])
def test_an_optional_limit_is_not_asked_where_it_has_no_value(name: str) -> None:
    far = {"latency_ms": None, "notional": 60_000.0}
    assert name[4:] not in {f.measure for f in evaluate(candidate=far, limits={name: None}).findings}
    assert name not in evaluate(limits={name: None}).thresholds_snapshot


def test_a_symbol_that_is_held_is_no_further_position() -> None:
    held = {name: Position(notional=1.0) for name in ("A", "B", "EURUSD")}
    assert evaluate(snapshot={"positions": held}).accepted
    assert evaluate(snapshot={"positions": held}, candidate={"symbol": "C"}).reasons == ("open_positions_limit",)
    closed = {**held, "EURUSD": Position(notional=0.0)}
    assert evaluate(snapshot={"positions": closed}, candidate={"symbol": "C"}).accepted
    assert evaluate(snapshot={"positions": {**closed, "D": Position(notional=-1.0)}}).reasons == ("open_positions_limit",)


def test_a_short_position_counts_by_its_size() -> None:
    for position in (Position(notional=-75_000.0), Position(notional=75_000.0, side="short")):
        assert evaluate(snapshot={"positions": {"A": position}}).reasons == ("gross_notional_limit",)


@pytest.mark.parametrize("huge", [1e308, 10**308], ids=["float", "integer"])
def test_positions_that_are_more_than_a_float_holds_are_too_much(huge: float) -> None:
    held = {name: Position(notional=huge) for name in ("A", "B")}
    for notional in (1.0, 1):
        evaluation = evaluate(snapshot={"positions": held}, candidate={"notional": notional})
        assert (evaluation.accepted, evaluation.reasons, evaluation.recommended_position_size) == (
            False,
            ("position_ratio_not_finite",),
            0.0,
        )


# --- what is not finite, negative or not there ---------------------------------------------------------------------------------------

NOT_NUMBERS = (math.nan, math.inf, -math.inf, "1", True, 10**400)
NEGATIVE = (-5e-324, -1.0)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        *(("notional", value, "notional_invalid") for value in (*NOT_NUMBERS, *NEGATIVE, None)),
        *(("expected_return_bps", value, "expected_return_invalid") for value in (*NOT_NUMBERS, None)),
        *(("expected_probability", value, "expected_probability_invalid") for value in (*NOT_NUMBERS, *NEGATIVE, above(1.0), None)),
        *(("cost_bps_override", value, "cost_invalid") for value in (*NOT_NUMBERS, *NEGATIVE)),
        *(("latency_ms", value, "latency_invalid") for value in (*NOT_NUMBERS, *NEGATIVE)),
        ("latency_ms", None, "latency_missing"),
    ],
)
def test_a_candidates_bad_number_is_one_reason(field: str, value: object, code: str) -> None:
    evaluation = evaluate(candidate={field: value})
    assert (evaluation.accepted, evaluation.reasons, evaluation.recommended_position_size) == (False, (code,), 0.0)


@pytest.mark.parametrize("value", [0.0, 5e-324, 1.0])
def test_a_small_notional_is_one(value: float) -> None:
    assert evaluate(candidate={"notional": value}).accepted


@pytest.mark.parametrize("field", ["start_of_day_equity", "daily_realized_pnl", "peak_equity", "last_equity"])
@pytest.mark.parametrize("value", [*NOT_NUMBERS, None])
def test_a_number_of_the_account_that_is_not_finite_is_a_reason(field: str, value: object) -> None:
    assert evaluate(snapshot={field: value}).reasons == ("risk_snapshot_invalid",)


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_a_position_that_is_not_finite_is_a_reason(value: float) -> None:
    assert evaluate(snapshot={"positions": {"A": Position(notional=value)}}).reasons == ("risk_snapshot_invalid",)


@pytest.mark.parametrize("field", ["start_of_day_equity", "peak_equity", "last_equity"])
@pytest.mark.parametrize("value", [0.0, -5e-324, -1e6])
def test_an_account_without_equity_accepts_nothing(field: str, value: float) -> None:
    assert "equity_not_positive" in evaluate(snapshot={field: value}, candidate={"notional": 0.0}).reasons
    assert evaluate(snapshot={field: value}, candidate={"notional": math.nan}).reasons[:2] == (
        "notional_invalid",
        "equity_not_positive",
    )


def test_a_bankrupt_account_is_told_everything() -> None:
    evaluation = evaluate(snapshot={"last_equity": 0.0, "daily_realized_pnl": -1e6}, candidate={"notional": 0.5})
    assert evaluation.reasons == ("equity_not_positive", "daily_loss_limit", "drawdown_limit")


def test_sums_beyond_a_float_are_refused() -> None:
    huge = {"A": Position(notional=1.7e308), "B": Position(notional=1.7e308)}
    evaluation = evaluate(snapshot={"positions": huge})
    assert (evaluation.reasons, evaluation.outcome) == (("position_ratio_not_finite",), "escalate")
    assert evaluate(Told(-1.7e308), candidate={"cost_bps_override": 1.7e308}).reasons == (
        "cost_above_limit",
        "net_edge_bps_not_finite",
    )


# --- the model -----------------------------------------------------------------------------------------------------------------------


def test_no_model_is_no() -> None:
    claims = replace(CANDIDATE, expected_return_bps=1e6, expected_probability=1.0)
    bare = DecisionOrchestrator(CONFIG, clock=lambda: NOW)
    evaluation = bare.evaluate_candidate(claims, SNAPSHOT)
    assert (evaluation.accepted, evaluation.reasons, evaluation.outcome) == (False, ("model_missing",), "escalate")
    assert (evaluation.model_name, evaluation.model_selection, evaluation.net_edge_bps) == (None, "none", None)
    assert evaluation.recommended_modes == ("rules",)


@pytest.mark.parametrize("ready", [False, None, 0, 1, "yes"])
def test_a_model_that_does_not_say_that_it_is_ready_is_not_asked(ready: object) -> None:
    model = Told(ready=ready)
    assert evaluate(model).reasons == ("model_not_ready",)
    assert model.asked == []


@pytest.mark.parametrize("kind", [kind for kind in SCORE_ERRORS if issubclass(kind, Exception)])
def test_a_model_that_raises_is_no_and_its_candidates_claim_is_not_taken(kind: type[Exception]) -> None:
    evaluation = evaluate(Raising(kind("x")), candidate={"expected_return_bps": 1e6})
    assert (evaluation.reasons, evaluation.net_edge_bps) == (("score_failed",), None)
    assert evaluation.findings[0].measure == kind.__name__
    assert evaluation.recommended_modes == ("rules",)


def test_errors_of_the_program_are_among_those() -> None:
    assert evaluate(Raising(InputError("no file"))).reasons == ("score_failed",)


@pytest.mark.parametrize(
    ("returns", "probability"),
    [*((value, 0.9) for value in NOT_NUMBERS), *((50.0, value) for value in (*NOT_NUMBERS, *NEGATIVE, above(1.0)))],
)
def test_a_score_that_is_none_is_no(returns: float, probability: float) -> None:
    evaluation = evaluate(Told(returns, probability))
    assert (evaluation.reasons, evaluation.model_success_probability) == (("score_invalid",), None)


def test_an_answer_of_another_kind_is_no() -> None:
    model = Told()
    model.answer = (50.0, 0.9)  # type: ignore[assignment]  # on purpose
    assert evaluate(model).reasons == ("score_failed",)


def test_the_score_takes_the_place_of_the_claim() -> None:
    evaluation = evaluate(Told(40.0, 0.5), candidate={"expected_return_bps": 1e6, "cost_bps_override": 5.0})
    assert (evaluation.net_edge_bps, evaluation.cost_bps, evaluation.cost_source) == (15.0, 5.0, "override")
    assert (evaluation.model_expected_return_bps, evaluation.model_success_probability) == (40.0, 0.5)


def test_models_are_attached_and_detached_by_name() -> None:
    engine = DecisionOrchestrator(CONFIG, clock=lambda: NOW)
    engine.attach_named_inference("first", Told(10.0))
    assert engine.evaluate_candidate(CANDIDATE, SNAPSHOT).reasons == ("model_missing",)
    engine.attach_named_inference("second", Told(20.0), set_default=True)
    engine.attach_named_inference("third", Told(30.0))
    default, named, other = (engine.evaluate_candidate(CANDIDATE, SNAPSHOT, model_name=name) for name in (None, "first", "fourth"))
    assert (default.model_name, default.model_selection, default.model_expected_return_bps) == ("second", "default", 20.0)
    assert (named.model_name, named.model_selection, named.model_expected_return_bps) == ("first", "named", 10.0)
    assert (other.model_name, other.model_selection, other.reasons) == ("fourth", "none", ("model_missing",))
    engine.detach_named_inference("first")
    assert engine.evaluate_candidate(CANDIDATE, SNAPSHOT).accepted
    engine.detach_named_inference("second")
    assert engine.evaluate_candidate(CANDIDATE, SNAPSHOT).reasons == ("model_missing",)
    engine.attach_named_inference("second", Told(20.0))
    assert engine.evaluate_candidate(CANDIDATE, SNAPSHOT).reasons == ("model_missing",)


def test_a_score_made_elsewhere_is_judged_by_the_same_limits() -> None:
    bare = DecisionOrchestrator(CONFIG, clock=lambda: NOW)
    good = bare.evaluate_scored(CANDIDATE, ModelScore(50.0, 0.75), SNAPSHOT)
    assert (good.accepted, good.model_selection, good.model_name) == (True, "given", None)
    for score, code in ((ModelScore(50.0, 0.25), "probability_below_minimum"), (ModelScore(math.nan, 1.0), "score_invalid")):
        assert bare.evaluate_scored(CANDIDATE, score, SNAPSHOT).reasons == (code,)


# --- features ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("features", "codes"),
    [
        (None, ("features_missing",)),
        ({}, ("feature_missing",)),
        ({"momentum": 1.0}, ("feature_missing",)),
        ({"momentum": 1.0, "volume_ratio": None}, ("feature_missing",)),
        ({"momentum": 1.0, "volume_ratio": math.nan}, ("feature_not_finite",)),
        ({"momentum": 1.0, "volume_ratio": "2"}, ("feature_not_finite",)),
        ({"momentum": 1.0, "volume_ratio": 2.0, "other": 3.0}, ("feature_unknown",)),
        ({"momentum": math.inf, "other": 3.0}, ("feature_unknown", "feature_missing", "feature_not_finite")),
    ],
)
def test_features_that_do_not_fit_are_refused_and_the_model_is_not_asked(features: object, codes: tuple[str, ...]) -> None:
    model = Told()
    evaluation = evaluate(model, candidate={"metadata": {"features": features}})
    assert (evaluation.reasons, evaluation.recommended_modes, model.asked) == (codes, (), [])


def test_a_policy_may_hand_over_to_the_rules() -> None:
    rules = {"features": FeaturePolicy(missing="rules", non_finite="rules")}
    for value in (None, math.nan):
        evaluation = evaluate(candidate={"metadata": {"features": {"momentum": 1.0, "volume_ratio": value}}}, config=rules)
        assert (evaluation.accepted, evaluation.recommended_modes) == (False, ("rules",))


def test_a_policy_may_tell_the_model_that_a_value_is_missing() -> None:
    model = Told()
    told = {"features": FeaturePolicy(unknown="ignore", missing="nan", non_finite="nan")}
    given = {"volume_ratio": math.inf, "other": "x"}
    assert evaluate(model, candidate={"metadata": {"features": given}}, config=told).accepted
    assert list(model.asked[0]) == ["momentum", "volume_ratio"]
    assert all(math.isnan(value) for value in model.asked[0].values())


# --- the account ---------------------------------------------------------------------------------------------------------------------


def test_no_account_is_no() -> None:
    evaluation = orchestrator().evaluate_candidate(CANDIDATE, None)
    assert (evaluation.reasons, evaluation.outcome) == (("risk_snapshot_missing",), "escalate")


@pytest.mark.parametrize(
    ("age", "codes"),
    [
        (dt.timedelta(seconds=60) - dt.timedelta.resolution, ()),
        (dt.timedelta(seconds=60), ()),
        (dt.timedelta(seconds=60) + dt.timedelta.resolution, ("risk_snapshot_stale",)),
        (-dt.timedelta(seconds=1) + dt.timedelta.resolution, ()),
        (-dt.timedelta(seconds=1), ()),
        (-dt.timedelta(seconds=1) - dt.timedelta.resolution, ("risk_snapshot_ahead",)),
    ],
)
def test_an_account_is_fresh_or_it_is_no(age: dt.timedelta, codes: tuple[str, ...]) -> None:
    assert evaluate(snapshot={"taken_at": NOW - age}).reasons == codes


@pytest.mark.parametrize("taken_at", [None, NOW.replace(tzinfo=None)])
def test_an_account_of_unknown_age_is_no(taken_at: dt.datetime | None) -> None:
    assert evaluate(snapshot={"taken_at": taken_at}).reasons == ("risk_snapshot_undated",)


def test_another_time_zone_is_the_same_moment() -> None:
    assert evaluate(snapshot={"taken_at": NOW.astimezone(dt.timezone(dt.timedelta(hours=9)))}).accepted


@pytest.mark.parametrize("value", [True, "no", 1, None])
def test_liquidation_stops_everything(value: object) -> None:
    evaluation = evaluate(snapshot={"force_liquidation": value})
    assert (evaluation.reasons, evaluation.risk_flags) == (("force_liquidation_active",), ("force_liquidation_active",))
    assert evaluation.recommended_modes == ("liquidate",)


# --- costs ---------------------------------------------------------------------------------------------------------------------------


def test_costs_come_from_the_report() -> None:
    engine = orchestrator()
    engine.update_costs_from_report(CostReport(strategies={"trend": StrategyCosts(total=Cost(cost_bps=21.0))}))
    evaluation = engine.evaluate_candidate(replace(CANDIDATE, cost_bps_override=None), SNAPSHOT)
    assert (evaluation.cost_bps, evaluation.cost_source, evaluation.reasons) == (21.0, "strategy", ("cost_above_limit",))


def test_a_cost_that_nobody_knows_is_the_penalty_or_a_reason() -> None:
    unknown = {"cost_bps_override": None}
    penalty = evaluate(candidate=unknown, config={"penalty_cost_bps": 3.0})
    assert (penalty.accepted, penalty.cost_bps, penalty.cost_source, penalty.net_edge_bps) == (True, 3.0, "penalty", 34.5)
    required = evaluate(candidate=unknown, config={"penalty_cost_bps": 3.0, "require_cost_data": True})
    assert (required.reasons, required.cost_bps, required.cost_source) == (("cost_missing",), None, None)


# --- profiles, stress, protection ----------------------------------------------------------------------------------------------------


def test_a_profiles_limits_replace_all_others() -> None:
    careful = DecisionOrchestratorThresholds(
        max_cost_bps=1.0,
        min_net_edge_bps=0.0,
        max_daily_loss_pct=0.01,
        max_drawdown_pct=0.01,
        max_position_ratio=0.2,
        max_open_positions=9,
    )
    config = {"profile_overrides": {"careful": careful}}
    evaluation = evaluate(candidate={"risk_profile": "careful", "latency_ms": 900.0}, config=config)
    assert evaluation.accepted
    assert evaluation.thresholds_snapshot["max_cost_bps"] == 1.0
    assert "max_latency_ms" not in evaluation.thresholds_snapshot
    assert evaluation.thresholds_snapshot["min_probability"] == 0.5
    assert evaluate(config=config).thresholds_snapshot["max_cost_bps"] == 20.0


@pytest.mark.parametrize(
    ("tests", "candidate", "code"),
    [
        ({"cost_shock_bps": 5.0}, {"cost_bps_override": 15.0}, "stress_cost_shock"),
        ({"slippage_multiplier": 2.0}, {"cost_bps_override": 10.0}, "stress_slippage"),
        ({"latency_spike_ms": 100.0}, {"latency_ms": 400.0}, "stress_latency_spike"),
    ],
)
def test_a_stress_is_survived_at_the_limit_and_not_beyond(tests: dict[str, float], candidate: dict[str, float], code: str) -> None:
    config = {"stress_tests": DecisionStressTestConfig(**tests)}
    ((field, value),) = candidate.items()
    assert evaluate(Told(500.0), candidate=candidate, config=config).accepted
    assert evaluate(Told(500.0), candidate={field: below(value)}, config=config).accepted
    beyond = evaluate(Told(500.0), candidate={field: value + 1e-9}, config=config)
    assert (beyond.accepted, beyond.reasons, beyond.stress_failures, beyond.outcome) == (False, (), (code,), "veto")


def test_a_dearer_trade_must_keep_its_edge() -> None:
    config = {"stress_tests": DecisionStressTestConfig(cost_shock_bps=2.0)}
    assert evaluate(Told(3.5, 1.0), config=config).accepted
    assert evaluate(Told(below(3.5), 1.0), config=config).stress_failures == ("stress_cost_shock",)


def test_stress_is_told_beside_the_reasons() -> None:
    tests = DecisionStressTestConfig(cost_shock_bps=1.0, slippage_multiplier=2.0, latency_spike_ms=1.0)
    evaluation = evaluate(candidate={"cost_bps_override": 20.0, "latency_ms": 501.0}, config={"stress_tests": tests})
    assert (evaluation.reasons, evaluation.stress_failures) == (("latency_above_limit",), STRESS_CODES)


def test_protective_mode_shrinks_what_may_be_risked() -> None:
    engine = orchestrator()
    big = replace(CANDIDATE, notional=30_000.0)
    assert engine.evaluate_candidate(big, SNAPSHOT).accepted
    evaluation = engine.evaluate_candidate(big, SNAPSHOT, protective_factor=0.5)
    assert (evaluation.reasons, evaluation.recommended_modes) == (
        ("gross_notional_limit", "open_positions_limit", "trade_notional_limit"),
        ("protective",),
    )
    assert evaluation.thresholds_snapshot == {
        "min_probability": 0.5,
        "max_cost_bps": 20.0,
        "min_net_edge_bps": 1.5,
        "max_latency_ms": 500.0,
        "max_daily_loss_pct": 0.03125,
        "max_drawdown_pct": 0.125,
        "max_position_ratio": 0.375,
        "max_open_positions": 1.5,
        "max_trade_notional": 25_000.0,
    }


@pytest.mark.parametrize("factor", [*NOT_NUMBERS, *NEGATIVE, above(1.0)])
def test_a_protective_factor_that_is_none_is_no(factor: float) -> None:
    evaluation = orchestrator().evaluate_candidate(CANDIDATE, SNAPSHOT, protective_factor=factor)
    assert evaluation.reasons == ("protective_factor_invalid",)


# --- the verdict ---------------------------------------------------------------------------------------------------------------------


def test_what_passes_says_what_was_asked() -> None:
    evaluation = evaluate()
    assert (evaluation.accepted, evaluation.outcome, evaluation.recommended_modes) == (True, "allow", ())
    assert (evaluation.candidate, evaluation.recommended_position_size) == (CANDIDATE, 1_000.0)
    assert evaluation.recommended_risk_score == pytest.approx(2 / 3)


def test_a_smaller_notional_is_recommended_where_only_the_size_fails() -> None:
    for candidate, size in (({"notional": 50_001.0}, 50_000.0), ({"notional": 1e9}, 50_000.0)):
        evaluation = evaluate(candidate=candidate)
        assert (evaluation.accepted, evaluation.outcome, evaluation.recommended_position_size) == (False, "clamp", size)
        assert evaluate(candidate={"notional": size}).accepted


def test_no_size_is_recommended_where_none_is_left_or_something_else_fails() -> None:
    full = {"positions": {"A": Position(notional=75_000.0)}}
    for case in ({"snapshot": full}, {"candidate": {"notional": 50_001.0, "latency_ms": 501.0}}):
        evaluation = evaluate(**case)
        assert (evaluation.outcome, evaluation.recommended_position_size) == ("veto", 0.0)
    assert evaluate(snapshot=full).recommended_risk_score == 1.0


def test_everything_that_fails_is_told_in_the_documented_order() -> None:
    bad = replace(CANDIDATE, notional=1e9, latency_ms=501.0, cost_bps_override=21.0)
    account = replace(
        SNAPSHOT,
        daily_realized_pnl=-50_000.0,
        last_equity=50_000.0,
        force_liquidation=True,
        taken_at=NOW - dt.timedelta(hours=1),
        positions={str(i): Position(notional=1.0) for i in range(5)},
    )
    evaluation = orchestrator(Told(1.0, 0.25)).evaluate_candidate(bad, account)
    assert evaluation.reasons == (
        "probability_below_minimum",
        "cost_above_limit",
        "net_edge_below_minimum",
        "latency_above_limit",
        "risk_snapshot_stale",
        "force_liquidation_active",
        "daily_loss_limit",
        "drawdown_limit",
        "gross_notional_limit",
        "open_positions_limit",
        "trade_notional_limit",
    )
    assert evaluation.risk_flags == RISK_FLAGS
    assert list(evaluation.reasons) == [code for code in CODES if code in evaluation.reasons]


def test_nothing_at_hand_is_told_too() -> None:
    bare = DecisionOrchestrator(replace(CONFIG, require_cost_data=True), clock=lambda: NOW)
    empty = replace(CANDIDATE, notional=math.nan, cost_bps_override=None, latency_ms=None, metadata={})
    assert bare.evaluate_candidate(empty, None).reasons == (
        "notional_invalid",
        "latency_missing",
        "model_missing",
        "cost_missing",
        "risk_snapshot_missing",
    )


# --- several -------------------------------------------------------------------------------------------------------------------------


def test_each_candidate_sees_the_account_with_those_before_it() -> None:
    wanted = [replace(CANDIDATE, symbol=symbol, notional=30_000.0) for symbol in ("A", "B", "C")]
    found = orchestrator().evaluate_candidates(wanted, {"balanced": SNAPSHOT})
    assert [evaluation.accepted for evaluation in found] == [True, True, False]
    assert found[2].reasons == ("gross_notional_limit", "open_positions_limit")
    assert all(orchestrator().evaluate_candidate(candidate, SNAPSHOT).accepted for candidate in wanted)


def test_a_refused_candidate_takes_no_place() -> None:
    dear = replace(CANDIDATE, notional=70_000.0)
    found = orchestrator().evaluate_candidates([dear, CANDIDATE], {"balanced": SNAPSHOT})
    assert [evaluation.accepted for evaluation in found] == [False, True]


def test_a_profile_without_an_account_is_refused() -> None:
    other = replace(CANDIDATE, risk_profile="bold")
    found = orchestrator().evaluate_candidates([other, CANDIDATE], {"balanced": SNAPSHOT})
    assert [evaluation.reasons for evaluation in found] == [("risk_snapshot_missing",), ()]


def test_the_clock_is_the_present_unless_another_is_given() -> None:
    engine = DecisionOrchestrator(replace(CONFIG, orchestrator=THRESHOLDS), inference=Told())
    assert engine.evaluate_candidate(CANDIDATE, replace(SNAPSHOT, taken_at=dt.datetime.now(dt.UTC))).accepted
    assert engine.evaluate_candidate(CANDIDATE, replace(SNAPSHOT, taken_at=NOW - dt.timedelta(days=999))).reasons == (
        "risk_snapshot_stale",
    )


# --- a meta-label model ---------------------------------------------------------------------------------------------------------------

GATE = MetaLabelCondition(model="decision_meta", min_probability=0.5)


class Predicting(Told):
    """A primary whose score carries its prediction."""

    def __init__(self, prediction: float | None = 1.0) -> None:
        super().__init__()
        self.answer = ModelScore(50.0, 0.75, prediction)


def gated(meta: Told | None, primary: Told | None = None) -> DecisionOrchestrator:
    """Make an orchestrator that asks a meta-label model."""
    found = orchestrator(primary or Predicting(), meta_label=GATE)
    found.attach_meta_label(None if meta is None else MetaLabelInference(meta, pivot=0.0, scale=1.0))
    return found


@pytest.mark.parametrize(("probability", "reasons"), [(above(0.5), ()), (0.5, ()), (below(0.5), ("meta_label_below_minimum",))])
def test_its_probability_is_compared_like_any_limit(probability: float, reasons: tuple[str, ...]) -> None:
    found = gated(Told(probability=probability)).evaluate_candidate(CANDIDATE, SNAPSHOT)
    assert (found.reasons, found.accepted, found.meta_label_probability) == (reasons, not reasons, probability)
    assert found.thresholds_snapshot["min_meta_label_probability"] == 0.5
    assert found.outcome == ("veto" if reasons else "allow")


def test_without_one_the_condition_fails_and_the_model_still_decides() -> None:
    found = gated(None).evaluate_candidate(CANDIDATE, SNAPSHOT)
    assert (found.reasons, found.outcome, found.meta_label_probability) == (("meta_label_missing",), "escalate", None)
    assert found.recommended_modes == ()


def test_what_gave_no_score_is_refused_for_that_and_the_meta_label_model_is_not_asked() -> None:
    meta = Told()
    found = gated(meta, Raising(ValueError())).evaluate_candidate(CANDIDATE, SNAPSHOT)
    assert (found.reasons, meta.asked) == (("score_failed",), [])


def test_a_score_that_was_made_elsewhere_cannot_be_judged() -> None:
    found = gated(Told()).evaluate_scored(CANDIDATE, ModelScore(50.0, 0.75), SNAPSHOT)
    assert found.reasons == ("meta_label_unasked",)


def test_all_reasons_are_told_those_of_the_meta_label_model_among_them() -> None:
    found = gated(Told(probability=0.25)).evaluate_candidate(replace(CANDIDATE, cost_bps_override=49.0), SNAPSHOT)
    assert found.reasons == ("meta_label_below_minimum", "cost_above_limit", "net_edge_below_minimum")


def test_where_no_condition_says_so_none_is_asked() -> None:
    meta, engine = Told(), orchestrator(Predicting())
    engine.attach_meta_label(MetaLabelInference(meta, pivot=0.0, scale=1.0))
    found = engine.evaluate_candidate(CANDIDATE, SNAPSHOT)
    assert (found.accepted, found.meta_label_probability, meta.asked) == (True, None, [])
    assert "min_meta_label_probability" not in found.thresholds_snapshot
    assert b"meta_label" not in msgspec.json.encode(found)
