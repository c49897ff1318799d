"""Who decides, and every reason that is given."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core.ai.plan import RuleBook
from bot_core.config.decision import DecisionStressTestConfig
from bot_core.decision import rules, thresholds
from bot_core.decision.rules import compiled
from bot_core.documents.domain import Rule
from bot_core.documents.runtime import Servable
from bot_core.runtime.active import DEGRADED, InForce
from bot_core.runtime.judgement import CODES, NO_EDGE, Case, Verdict, judge
from tests.machine import DOMAIN, MODEL, SKIP
from tests.unit.decision.conftest import CANDIDATE, SNAPSHOT, THRESHOLDS, Raising, Told, orchestrator

if TYPE_CHECKING:
    from bot_core.decision.candidate import DecisionCandidate, RiskSnapshot
    from bot_core.decision.orchestrator import DecisionOrchestrator
    from bot_core.decision.ports import DecisionEvaluation, ModelScore

FEATURES = {"momentum": 0.0, "volume_ratio": 1.0}
DIGEST = f"sha256:{'0' * 64}"


class Plan:
    """What a judgement reads of a plan: its record."""

    def __init__(self, rollout: int) -> None:
        self.record = Servable(
            model=MODEL,
            version="20261121T101500Z-3f2a9c41",
            release=DIGEST,
            artifact=DIGEST,
            domain=DIGEST,
            rollout=rollout,
            commit="0" * 40,
        )


class Engine:
    """An engine around a model whose answer is told; it counts what it is asked."""

    def __init__(self, model: Told, rollout: int = 100, **config: object) -> None:
        self.plan = Plan(rollout)
        self.asked = 0
        self.orchestrator: DecisionOrchestrator = orchestrator(model, **config)

    def evaluate(self, candidate: DecisionCandidate, context: RiskSnapshot | None, factor: float) -> DecisionEvaluation:
        """Ask the model, and judge."""
        self.asked += 1
        return self.orchestrator.evaluate_candidate(candidate, context, protective_factor=factor)

    def evaluate_unscored(
        self, candidate: DecisionCandidate, score: ModelScore, context: RiskSnapshot | None, factor: float
    ) -> DecisionEvaluation:
        """Judge without the model."""
        return self.orchestrator.evaluate_scored(candidate, score, context, protective_factor=factor)


def book(*written: Rule) -> RuleBook:
    return RuleBook(DOMAIN, compiled(written or (SKIP,), DOMAIN.actions))


PROPOSING = book(Rule(when="always", action="enter"))


def case(**changes: object) -> Case:
    """Make a case in which the model may and does accept."""
    plain: dict[str, object] = {
        "model": MODEL,
        "unit": "eurusd@1",
        "candidate": CANDIDATE,
        "context": SNAPSHOT,
        "features": FEATURES,
        "engine": Engine(Told()),
        "book": book(),
        "state": InForce(),
        "factor": 1.0,
    }
    return Case(**(plain | changes))  # type: ignore[arg-type]  # any of its fields


def said(verdict: Verdict) -> tuple[str, str | None, bool, tuple[str, ...], bool]:
    return verdict.arm, verdict.action, verdict.accepted, verdict.reasons, verdict.asked


LIMIT = "net_edge_below_minimum"
TABLE: dict[str, tuple[dict[str, object], tuple[str, str | None, bool, tuple[str, ...], bool]]] = {
    "the model may and accepts": ({}, ("learned", "enter", True, (), True)),
    "the model may and refuses": ({"engine": Engine(Told(returns=0.0))}, ("learned", "enter", False, (LIMIT,), True)),
    "the model fails": (
        {"engine": Engine(Raising(ValueError("no")))},
        ("rules", "skip", False, ("score_failed", "rule_matched"), True),
    ),
    "the model is not ready": (
        {"engine": Engine(Told(ready=False))},
        ("rules", "skip", False, ("model_not_ready", "rule_matched"), True),
    ),
    "the model fails and the rules propose": (
        {"engine": Engine(Raising(ValueError("no"))), "book": PROPOSING},
        ("rules", "enter", False, ("score_failed", "rule_matched", LIMIT), True),
    ),
    "the model fails and there are no rules": (
        {"engine": Engine(Raising(ValueError("no"))), "book": None},
        ("nobody", None, False, ("score_failed", "no_rules"), True),
    ),
    "the unit is in the arm of the rules": ({"engine": Engine(Told(), 0)}, ("rules", "skip", False, ("rule_matched",), False)),
    "and they propose, and it is too dear": (
        {"engine": Engine(Told(), 0), "book": PROPOSING},
        ("rules", "enter", False, ("rule_matched", LIMIT), False),
    ),
    "no plan": ({"engine": None}, ("rules", "skip", False, ("rule_matched",), False)),
    "no plan, and git says why": (
        {"engine": None, "state": InForce(why={MODEL: ("EXPIRED", "HALTED"), "other": ("LIMITS",)})},
        ("rules", "skip", False, ("EXPIRED", "HALTED", "rule_matched"), False),
    ),
    "no plan, for it did worse than its evidence said": (
        {"engine": None, "state": InForce(why={MODEL: (DEGRADED,)})},
        ("rules", "skip", False, ("degraded", "rule_matched"), False),
    ),
    "no plan, and what the rules propose nothing can measure": (
        {"engine": None, "book": PROPOSING},
        ("rules", "enter", False, ("rule_matched",), False),
    ),
    "no plan and no rules": (
        {"engine": None, "book": None, "state": InForce(why={MODEL: ("LIMITS",)})},
        ("nobody", None, False, ("LIMITS", "no_rules"), False),
    ),
    "no features yet": ({"features": None}, ("rules", "skip", False, ("warming_up", "rule_matched"), False)),
    "no features, no rules": ({"features": None, "book": None}, ("nobody", None, False, ("warming_up", "no_rules"), False)),
    "no features, which the rules need": (
        {"features": None, "book": book(Rule(when="momentum > 0", action="enter"))},
        ("rules", None, False, ("warming_up", "rule_feature_missing"), False),
    ),
    "a feature that the rules need is no number": (
        {"engine": None, "features": {"momentum": float("nan")}, "book": book(Rule(when="momentum > 0", action="enter"))},
        ("rules", None, False, ("rule_feature_not_finite",), False),
    ),
    "no rule holds": (
        {"engine": None, "book": book(Rule(when="momentum > 1", action="enter"))},
        ("rules", None, False, ("no_rule_matched",), False),
    ),
    "maintenance": ({"state": InForce(maintenance=True)}, ("learned", "enter", False, ("maintenance",), True)),
    "detached": (
        {"engine": None, "state": InForce(detached="by ann")},
        ("rules", "skip", False, ("rule_matched", "detached"), False),
    ),
    "maintenance, detached, nobody": (
        {"engine": None, "book": None, "state": InForce(maintenance=True, detached="by ann")},
        ("nobody", None, False, ("no_rules", "maintenance", "detached"), False),
    ),
    "a refusal keeps its reasons under maintenance": (
        {"engine": Engine(Told(returns=0.0)), "state": InForce(maintenance=True)},
        ("learned", "enter", False, (LIMIT, "maintenance"), True),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), TABLE.values(), ids=TABLE)
def test_the_table_of_who_decides(
    changes: dict[str, object], expected: tuple[str, str | None, bool, tuple[str, ...], bool]
) -> None:
    assert said(judge(case(**changes))) == expected


def test_every_code_occurs_in_the_table_and_no_other() -> None:
    given_ = {code for _, expected in TABLE.values() for code in expected[3]}
    gates = {"EXPIRED", "HALTED", "LIMITS"}
    assert set(CODES) <= given_
    assert given_ - gates <= CODES.keys() | thresholds.CODES.keys() | rules.CODES.keys()


def test_no_code_has_two_meanings() -> None:
    families = [set(CODES), set(thresholds.CODES), set(rules.CODES), set(thresholds.STRESS_CODES)]
    for one, other in itertools.combinations(families, 2):
        assert not one & other


def test_what_the_rules_propose_is_done_where_no_limit_forbids_it() -> None:
    free = replace(THRESHOLDS, min_net_edge_bps=0.0)
    verdict = judge(case(engine=Engine(Told(), 0, orchestrator=free), book=PROPOSING))
    assert said(verdict) == ("rules", "enter", True, ("rule_matched",), False)
    assert verdict.evaluation is not None
    assert (verdict.evaluation.model_selection, verdict.evaluation.model_expected_return_bps) == ("given", 0.0)
    assert (NO_EDGE.expected_return_bps, NO_EDGE.success_probability) == (0.0, 1.0)


def test_the_protective_factor_reaches_both_arms() -> None:
    for changes in ({}, {"book": PROPOSING, "engine": Engine(Told(), 0)}):
        verdict = judge(case(factor=0.01, **changes))
        assert "gross_notional_limit" in verdict.reasons
        assert not verdict.accepted


def test_a_stress_failure_is_a_reason() -> None:
    verdict = judge(case(engine=Engine(Told(returns=10.0), stress_tests=DecisionStressTestConfig(cost_shock_bps=9.0))))
    assert (verdict.accepted, verdict.reasons) == (False, ("stress_cost_shock",))


@given(
    rollout=st.sampled_from([0, 50, 100]),
    unit=st.text(max_size=10),
    model=st.sampled_from(["accepts", "refuses", "fails", "not ready", "none"]),
    written=st.sampled_from([None, book(), PROPOSING]),
    features=st.sampled_from([None, FEATURES, {"momentum": float("nan"), "volume_ratio": 1.0}]),
    maintenance=st.booleans(),
    detached=st.sampled_from([None, "by ann"]),
)
def test_nothing_is_accepted_that_somebody_forbids(
    rollout: int,
    unit: str,
    model: str,
    written: RuleBook | None,
    features: dict[str, float] | None,
    maintenance: bool,  # noqa: FBT001  # drawn
    detached: str | None,
) -> None:
    """Accepted means: no reason but the rule's own, no maintenance, not detached, an evaluation that allows; refused means a reason."""
    models = {"accepts": Told(), "refuses": Told(returns=0.0), "fails": Raising(ValueError()), "not ready": Told(ready=False)}
    engine = Engine(models[model], rollout) if model in models else None
    verdict = judge(
        case(engine=engine, unit=unit, book=written, features=features, state=InForce(maintenance=maintenance, detached=detached))
    )
    if verdict.accepted:
        assert verdict.action == CANDIDATE.action
        assert not maintenance
        assert detached is None
        assert set(verdict.reasons) <= {"rule_matched"}
        assert verdict.evaluation is not None
        assert verdict.evaluation.accepted
    else:
        assert verdict.reasons
    assert verdict.asked == (engine is not None and engine.asked == 1)
    assert engine is None or engine.asked <= 1
    assert (verdict.arm == "nobody") == (written is None and (verdict.arm != "learned"))
