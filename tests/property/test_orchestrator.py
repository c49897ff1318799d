"""Laws of accepting: never on a number that is none, never more after a limit is tightened, always all the reasons, always the same."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from bot_core.config.decision import DecisionEngineConfig, DecisionOrchestratorThresholds, DecisionStressTestConfig
from bot_core.decision.candidate import DecisionCandidate, Position, RiskSnapshot
from bot_core.decision.limits import limits_of, tightened_config
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.decision.ports import ModelScore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot_core.decision.ports import DecisionEvaluation

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)

shares = st.floats(0.0, 0.99)
bps = st.floats(0.0, 100.0)
money = st.floats(0.0, 1e6)
equities = st.floats(1.0, 1e6)
anything = st.one_of(st.floats(), st.integers(-(10**400), 10**400), st.none(), st.booleans(), st.text(max_size=3))

thresholds = st.builds(
    DecisionOrchestratorThresholds,
    max_cost_bps=bps,
    min_net_edge_bps=bps,
    max_daily_loss_pct=shares,
    max_drawdown_pct=shares,
    max_position_ratio=st.floats(0.0, 5.0),
    max_open_positions=st.integers(0, 9),
    max_latency_ms=st.none() | st.floats(0.0, 1e3),
    max_trade_notional=st.none() | money,
)
configs = st.builds(
    DecisionEngineConfig,
    orchestrator=thresholds,
    profile_overrides=st.dictionaries(st.sampled_from("pq"), thresholds, max_size=1),
    stress_tests=st.none()
    | st.builds(DecisionStressTestConfig, cost_shock_bps=bps, latency_spike_ms=bps, slippage_multiplier=st.floats(1, 3)),
    min_probability=st.floats(0.0, 1.0),
    require_cost_data=st.booleans(),
    penalty_cost_bps=bps,
)
candidates = st.builds(
    DecisionCandidate,
    strategy=st.just("s"),
    action=st.just("enter"),
    risk_profile=st.sampled_from("pq"),
    symbol=st.sampled_from("AB"),
    notional=money,
    expected_return_bps=st.floats(-1e3, 1e3),
    expected_probability=st.floats(0.0, 1.0),
    cost_bps_override=st.none() | bps,
    latency_ms=st.none() | st.floats(0.0, 1e3),
    metadata=st.builds(lambda x: {"features": {"x": x}}, st.floats(-10, 10)),
)
snapshots = st.builds(
    RiskSnapshot,
    start_of_day_equity=equities,
    daily_realized_pnl=st.floats(-1e4, 1e4),
    peak_equity=equities,
    last_equity=equities,
    positions=st.dictionaries(st.sampled_from("ABCD"), st.builds(Position, notional=st.floats(-1e5, 1e5)), max_size=4),
    force_liquidation=st.booleans(),
    taken_at=st.builds(lambda s: NOW - dt.timedelta(seconds=s), st.floats(-3, 90)),
)
scores = st.builds(ModelScore, expected_return_bps=st.floats(-1e3, 1e3), success_probability=st.floats(0.0, 1.0))


class Told:
    """A ready model with one answer."""

    feature_names: Sequence[str] = ("x",)
    is_ready = True

    def __init__(self, answer: ModelScore) -> None:
        self.answer = answer

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Answer; what is asked is finite."""
        assert all(map(math.isfinite, features.values()))
        return self.answer


def decide(
    config: DecisionEngineConfig, answer: ModelScore, candidate: DecisionCandidate, account: RiskSnapshot
) -> DecisionEvaluation:
    return DecisionOrchestrator(config, inference=Told(answer), clock=lambda: NOW).evaluate_candidate(candidate, account)


def lax() -> DecisionEngineConfig:
    """Make limits that nearly everything passes, so that what is accepted is no rarity."""
    open_wide = DecisionOrchestratorThresholds(
        max_cost_bps=1e9,
        min_net_edge_bps=0.0,
        max_daily_loss_pct=0.99,
        max_drawdown_pct=0.99,
        max_position_ratio=1e9,
        max_open_positions=99,
        max_latency_ms=1e9,
        max_trade_notional=1e9,
    )
    return DecisionEngineConfig(orchestrator=open_wide)


GOOD = DecisionCandidate(
    strategy="s",
    action="enter",
    risk_profile="p",
    symbol="A",
    notional=1.0,
    expected_return_bps=1.0,
    cost_bps_override=0.0,
    latency_ms=1.0,
    metadata={"features": {"x": 1.0}},
)
ACCOUNT = RiskSnapshot(start_of_day_equity=1e5, daily_realized_pnl=0.0, peak_equity=1e5, last_equity=1e5, taken_at=NOW)
ANSWER = ModelScore(10.0, 0.5)


def number(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def at_least(value: object, low: float, high: float = math.inf) -> bool:
    return number(value) and low <= float(value) <= high  # type: ignore[arg-type]  # a number


@settings(max_examples=400, deadline=None)
@given(st.data(), anything)
def test_a_number_that_is_none_is_never_accepted(data: st.DataObject, value: float | None) -> None:
    where, good = data.draw(
        st.sampled_from(
            [
                ("notional", at_least(value, 0.0)),
                ("expected_return_bps", number(value)),
                ("expected_probability", at_least(value, 0.0, 1.0)),
                ("cost_bps_override", value is None or at_least(value, 0.0)),
                ("latency_ms", at_least(value, 0.0)),
                ("feature", number(value)),
                ("daily_realized_pnl", number(value)),
                ("start_of_day_equity", at_least(value, 5e-324)),
                ("peak_equity", at_least(value, 5e-324)),
                ("last_equity", at_least(value, 5e-324)),
                ("position", number(value)),
                ("return", number(value)),
                ("probability", at_least(value, 0.0, 1.0)),
            ]
        )
    )
    candidate, account, answer = GOOD, ACCOUNT, ANSWER
    if where in asdict(GOOD):
        candidate = replace(GOOD, **{where: value})
    elif where in asdict(ACCOUNT):
        account = replace(ACCOUNT, **{where: value})
    elif where == "feature":
        candidate = replace(GOOD, metadata={"features": {"x": value}})
    elif where == "position":
        account = replace(ACCOUNT, positions={"B": replace(Position(notional=0.0), notional=value)})
    else:
        answer = replace(ANSWER, **{"expected_return_bps" if where == "return" else "success_probability": value})
    evaluation = decide(lax(), answer, candidate, account)
    assert decide(lax(), ANSWER, GOOD, ACCOUNT).accepted
    if not good:
        assert not evaluation.accepted
        assert evaluation.reasons
    if evaluation.accepted:
        assert math.isfinite(evaluation.net_edge_bps or 0.0)


@settings(max_examples=300, deadline=None)
@given(configs, scores, candidates, snapshots)
def test_accepted_means_that_no_limit_is_broken(
    config: DecisionEngineConfig, answer: ModelScore, candidate: DecisionCandidate, account: RiskSnapshot
) -> None:
    evaluation = decide(config, answer, candidate, account)
    limits = config.profile_overrides.get(candidate.risk_profile, config.orchestrator)
    assert evaluation.accepted == (evaluation.reasons == () and evaluation.stress_failures == ())
    assert set(evaluation.reasons) >= broken(limits, config, evaluation, account)
    if not evaluation.stress_failures:
        assert evaluation.accepted == (broken(limits, config, evaluation, account) == set())


def broken(
    limits: DecisionOrchestratorThresholds, config: DecisionEngineConfig, found: DecisionEvaluation, account: RiskSnapshot
) -> set[str]:
    """Say again, in another way, what stands against a candidate whose numbers are all sound."""
    asked, cost, edge = found.candidate, found.cost_bps, found.net_edge_bps
    gross = sum(abs(position.notional) for position in account.positions.values()) + asked.notional
    held = {name for name, position in account.positions.items() if position.notional} | {asked.symbol}
    age = (NOW - (account.taken_at or NOW)).total_seconds()
    none = math.inf
    checks = {
        "probability_below_minimum": (found.model_success_probability or 0.0) < config.min_probability,
        "cost_missing": cost is None,
        "cost_above_limit": cost is not None and cost > limits.max_cost_bps,
        "net_edge_below_minimum": edge is not None and edge < limits.min_net_edge_bps,
        "latency_missing": limits.max_latency_ms is not None and asked.latency_ms is None,
        "latency_above_limit": (asked.latency_ms or 0.0) > (none if limits.max_latency_ms is None else limits.max_latency_ms),
        "risk_snapshot_stale": age > 60.0,
        "risk_snapshot_ahead": age < -1.0,
        "force_liquidation_active": account.force_liquidation,
        "daily_loss_limit": -account.daily_realized_pnl / account.start_of_day_equity > limits.max_daily_loss_pct,
        "drawdown_limit": (account.peak_equity - account.last_equity) / account.peak_equity > limits.max_drawdown_pct,
        "gross_notional_limit": gross / account.last_equity > limits.max_position_ratio * (1 + 1e-15),
        "open_positions_limit": len(held) > limits.max_open_positions,
        "trade_notional_limit": asked.notional > (none if limits.max_trade_notional is None else limits.max_trade_notional),
    }
    return {code for code, holds in checks.items() if holds}


@settings(max_examples=300, deadline=None)
@given(st.data(), configs, scores, candidates, snapshots)
def test_tightening_never_turns_a_no_into_a_yes(
    data: st.DataObject, config: DecisionEngineConfig, answer: ModelScore, candidate: DecisionCandidate, account: RiskSnapshot
) -> None:
    names = st.sampled_from([*limits_of(lax().orchestrator), "min_probability"])
    tenths = st.integers(0, 9).map(lambda tenth: f"0.{tenth}")
    conditions = data.draw(st.dictionaries(names, tenths, max_size=4))
    stricter = tightened_config(config, conditions)
    before, after = (decide(each, answer, candidate, account) for each in (config, stricter))
    assert before.accepted or not after.accepted
    assert set(before.reasons) <= set(after.reasons)
    assert set(before.stress_failures) <= set(after.stress_failures)
    assert tightened_config(stricter, conditions) == stricter


@settings(max_examples=200, deadline=None)
@given(configs, scores, candidates, snapshots, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_protection_never_turns_a_no_into_a_yes(
    config: DecisionEngineConfig, answer: ModelScore, candidate: DecisionCandidate, account: RiskSnapshot, one: float, other: float
) -> None:
    engine = DecisionOrchestrator(config, inference=Told(answer), clock=lambda: NOW)
    more, less = (engine.evaluate_candidate(candidate, account, protective_factor=f) for f in (max(one, other), min(one, other)))
    assert set(more.reasons) <= set(less.reasons)


@settings(max_examples=200, deadline=None)
@given(configs, scores, candidates, snapshots)
def test_the_same_question_has_the_same_answer(
    config: DecisionEngineConfig, answer: ModelScore, candidate: DecisionCandidate, account: RiskSnapshot
) -> None:
    engine = DecisionOrchestrator(config, inference=Told(answer), clock=lambda: NOW)
    first, second = (engine.evaluate_candidate(candidate, account) for _ in range(2))
    turned = replace(account, positions=dict(reversed(account.positions.items())))
    assert first == second == decide(config, answer, candidate, account)
    assert engine.evaluate_candidate(candidate, turned).reasons == first.reasons


@settings(max_examples=500, deadline=None)
@given(st.floats(0.0, 5.0), st.none() | money, equities, st.lists(st.floats(-1e5, 1e5), max_size=3), st.floats(0.0, 1e7))
def test_the_size_that_is_recommended_passes(
    ratio: float, largest: float | None, equity: float, held: list[float], notional: float
) -> None:
    limits = replace(lax().orchestrator, max_position_ratio=ratio, max_trade_notional=largest)
    config = replace(lax(), orchestrator=limits)
    positions = {str(place): Position(notional=size) for place, size in enumerate(held)}
    account = replace(ACCOUNT, peak_equity=equity, last_equity=equity, positions=positions)
    evaluation = decide(config, ANSWER, replace(GOOD, notional=notional), account)
    size = evaluation.recommended_position_size
    if evaluation.accepted:
        assert size == notional
    elif evaluation.outcome == "clamp":
        assert 0.0 < size < notional
        assert decide(config, ANSWER, replace(GOOD, notional=size), account).accepted
    else:
        assert (evaluation.outcome, size) == ("veto", 0.0)
