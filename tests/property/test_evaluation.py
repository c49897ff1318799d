"""The orchestrator says what its documentation says (`tests.plain_evaluation`), in every field, whatever it is given."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core.config.decision import (
    DecisionEngineConfig,
    DecisionOrchestratorThresholds,
    DecisionStressTestConfig,
    FeaturePolicy,
    MetaLabelCondition,
)
from bot_core.decision.candidate import DecisionCandidate, Position, RiskSnapshot
from bot_core.decision.costs import Cost, CostReport, StrategyCosts
from bot_core.decision.meta_label import MetaLabelInference
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.decision.ports import DecisionEvaluation, ModelScore
from tests.plain_evaluation import META_NAMES, NAMES, NOW, PIVOT, SCALE, plainly, vector_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypothesis.strategies import SearchStrategy


class Float(float):
    """A float of a library's own."""


class Told:
    """A ready model with one answer, which remembers what it was asked."""

    is_ready = True

    def __init__(self, answer: ModelScore, names: Sequence[str] = NAMES) -> None:
        self.answer = answer
        self.feature_names = names
        self.asked: list[dict[str, float]] = []

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Answer."""
        self.asked.append(dict(features))
        return self.answer


HOSTILE: list[object] = [math.nan, math.inf, -math.inf, True, False, None, "1", "", [], b"1", 1j, 10**400, -(10**400)]
HOSTILE += [-0.0, 0, 5e-324, -5e-324, -1.0, 1.7e308, -1.7e308, Float(0.5), Float("nan")]


def mostly(good: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """One value in a dozen is anything."""
    return st.integers(0, 11).flatmap(lambda roll: good if roll else st.sampled_from(HOSTILE))


def numbers(low: float, high: float) -> SearchStrategy[float]:
    return st.floats(low, high) | st.integers(math.ceil(low), math.floor(high)) | st.floats(low, high).map(Float)


shares = st.sampled_from([0.0, 0.0625, 0.25, 0.99]) | st.floats(0.0, 0.99)
bps = st.sampled_from([0.0, 1, 20.0]) | st.floats(0.0, 60.0)
money = st.sampled_from([0.0, 1_000.0, 50_000]) | st.floats(0.0, 1e5)
policies = st.builds(
    FeaturePolicy,
    unknown=st.sampled_from(["reject", "ignore"]),
    missing=st.sampled_from(["reject", "rules", "nan"]),
    non_finite=st.sampled_from(["reject", "rules", "nan"]),
)
thresholds = st.builds(
    DecisionOrchestratorThresholds,
    max_cost_bps=bps,
    min_net_edge_bps=bps,
    max_daily_loss_pct=shares,
    max_drawdown_pct=shares,
    max_position_ratio=st.floats(0.0, 2.0),
    max_open_positions=st.integers(0, 5),
    max_latency_ms=st.none() | st.floats(0.0, 500.0),
    max_trade_notional=st.none() | money,
)
LAX = DecisionOrchestratorThresholds(
    max_cost_bps=100.0,
    min_net_edge_bps=0.0,
    max_daily_loss_pct=0.9,
    max_drawdown_pct=0.9,
    max_position_ratio=1.5,
    max_open_positions=9,
    max_latency_ms=900.0,
)
configs = st.builds(
    DecisionEngineConfig,
    orchestrator=st.just(LAX) | thresholds,
    profile_overrides=st.dictionaries(st.just("q"), thresholds, max_size=1),
    stress_tests=st.none()
    | st.builds(DecisionStressTestConfig, cost_shock_bps=bps, latency_spike_ms=bps, slippage_multiplier=st.floats(1, 3)),
    min_probability=st.sampled_from([0.0, 0, 0.5, 1]),
    require_cost_data=st.booleans(),
    penalty_cost_bps=bps,
    features=policies,
    meta_label=st.none() | st.builds(MetaLabelCondition, model=st.just("m"), min_probability=st.sampled_from([0.0, 0, 0.5, 1])),
)
costs = st.none() | mostly(bps).map(lambda value: replace(Cost(cost_bps=0.0), cost_bps=value))
reports = st.builds(
    CostReport,
    strategies=st.dictionaries(
        st.just("s"), st.builds(StrategyCosts, profiles=costs.map(lambda cost: {} if cost is None else {"p": cost}), total=costs)
    ),
    total=costs,
)
whole = st.tuples(*(mostly(st.floats(-9.0, 9.0)) for _ in NAMES)).map(lambda values: dict(zip(NAMES, values, strict=True)))
features = st.one_of(
    whole,
    whole,
    whole.map(lambda given: dict(reversed(given.items()))),
    st.dictionaries(st.sampled_from([*NAMES, "z", "y"]), mostly(numbers(-9.0, 9.0))),
    st.sampled_from([None, 5, []]),
)
BASE = DecisionCandidate(strategy="s", action="enter", risk_profile="p", symbol="A", notional=0.0, expected_return_bps=0.0)
candidates = st.fixed_dictionaries(
    {
        "risk_profile": st.sampled_from("ppq"),
        "symbol": st.sampled_from("AB"),
        "notional": mostly(money),
        "expected_return_bps": mostly(numbers(-9.0, 9.0)),
        "expected_probability": mostly(numbers(0.0, 1.0)),
        "cost_bps_override": st.none() | mostly(bps),
        "latency_ms": mostly(numbers(0.0, 600.0)),
        "metadata": features.map(lambda given: {"features": given}),
    }
).map(lambda fields: replace(BASE, **fields))
positions = mostly(numbers(-3e4, 3e4)).map(lambda value: replace(Position(notional=0.0), notional=value))
moments = st.sampled_from(
    [NOW] * 9 + [NOW - dt.timedelta(seconds=s) for s in (-2.0, -1.0, 60.0, 61.0)] + [NOW.replace(tzinfo=None), None]
)
EMPTY = RiskSnapshot(start_of_day_equity=1e5, daily_realized_pnl=0.0, peak_equity=1e5, last_equity=1e5)
equities = mostly(st.sampled_from([1e5, 1e5, 1e5, 1e5, 0.0, -1]) | numbers(1.0, 2e5))
accounts = st.none() | st.fixed_dictionaries(
    {
        "start_of_day_equity": equities,
        "daily_realized_pnl": mostly(numbers(-2e4, 2e4)),
        "peak_equity": equities,
        "last_equity": equities,
        "positions": st.dictionaries(st.sampled_from("ABCDE"), positions, max_size=4),
        "force_liquidation": st.sampled_from([False] * 9 + [True, None]),
        "taken_at": moments,
    }
).map(lambda fields: replace(EMPTY, **fields))
predictions = mostly(st.sampled_from([PIVOT, -1.0, 2.0, 2]) | numbers(-9.0, 9.0))
scores = st.tuples(mostly(numbers(-90.0, 90.0)), mostly(numbers(0.0, 1.0)), predictions).map(lambda told: ModelScore(*told))
metas = mostly(numbers(0.0, 1.0))
factors = st.just(1.0) | mostly(numbers(0.0, 1.0))

GOOD = replace(BASE, notional=1_000.0, cost_bps_override=0.0, latency_ms=1.0, metadata={"features": dict.fromkeys(NAMES, 0.5)})
ACCOUNT = replace(EMPTY, taken_at=NOW, positions={"B": Position(notional=-500.0)})
PLAIN = DecisionEngineConfig(orchestrator=LAX)
GATED = replace(PLAIN, meta_label=MetaLabelCondition(model="m", min_probability=0.5))


@settings(max_examples=1000, deadline=None)
@example(PLAIN, CostReport(), ModelScore(50.0, 0.5), GOOD, ACCOUNT, 1.0, None)
@example(PLAIN, CostReport(), ModelScore(50.0, 0.5), replace(GOOD, notional=200_000.0), ACCOUNT, 0.5, None)
@example(GATED, CostReport(), ModelScore(50.0, 0.5, 2.0), GOOD, ACCOUNT, 1.0, 0.5)
@example(GATED, CostReport(), ModelScore(50.0, 0.5, 2.0), GOOD, ACCOUNT, 1.0, 0.49)
@given(configs, reports, scores, candidates, accounts, factors, metas)
def test_every_field_is_what_the_plain_formulation_says(
    config: DecisionEngineConfig,
    report: CostReport,
    answer: ModelScore,
    candidate: DecisionCandidate,
    account: RiskSnapshot | None,
    factor: float,
    meta: Any,  # noqa: ANN401  # anything at all
) -> None:
    engine = DecisionOrchestrator(config, inference=Told(answer), costs=report, clock=lambda: NOW)
    if meta is not None:
        engine.attach_meta_label(MetaLabelInference(Told(ModelScore(0.0, meta), META_NAMES), pivot=PIVOT, scale=SCALE))
    evaluation = engine.evaluate_candidate(candidate, account, protective_factor=factor)
    expected = plainly(config, report, answer, candidate, account, factor, meta)
    assert {name: repr(getattr(evaluation, name)) for name in DecisionEvaluation.__struct_fields__} == {
        name: repr(value) for name, value in expected.items()
    }


@settings(max_examples=500, deadline=None)
@given(features, policies)
def test_a_model_is_asked_what_the_policy_says_and_else_not_at_all(given: object, policy: FeaturePolicy) -> None:
    model = Told(ModelScore(50.0, 0.5))
    candidate = replace(GOOD, metadata={"features": given})
    DecisionOrchestrator(replace(PLAIN, features=policy), inference=model).evaluate_candidate(candidate, ACCOUNT)
    vector = vector_of(given, policy)
    assert repr(model.asked) == repr([] if isinstance(vector, list) else [vector])


def test_the_examples_cover_both_answers() -> None:
    passes, clamped = (
        plainly(PLAIN, CostReport(), ModelScore(50.0, 0.5), replace(GOOD, notional=notional), ACCOUNT, 1.0)
        for notional in (1_000.0, 200_000.0)
    )
    assert (passes["outcome"], clamped["outcome"]) == ("allow", "clamp")
    taken, left = (
        plainly(GATED, CostReport(), ModelScore(50.0, 0.5, 2.0), GOOD, ACCOUNT, 1.0, meta)["reasons"] for meta in (0.5, 0.49)
    )
    assert (taken, left) == ((), ("meta_label_below_minimum",))
