"""Who decides a case, and what: the model where it may and can, else the rules, else nobody. All reasons are kept. Pure but for the model.

1. The rollout's arm: the model for its percent of units, the rules for the rest.
2. The model's verdict stands, unless it gave no answer: then the rules' does, with the model's reasons beside theirs.
3. What the rules propose is measured by the same limits, with no return expected of it.
4. Maintenance and a local stop forbid whatever would be done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from bot_core.ai.plan import RuleBook
from bot_core.decision.candidate import DecisionCandidate, RiskSnapshot
from bot_core.decision.ports import DecisionEvaluation, ModelScore
from bot_core.decision.rollout import arm
from bot_core.runtime.active import InForce
from bot_core.runtime.engine import Engine

Who = Literal["learned", "rules", "nobody"]

NO_EDGE = ModelScore(0.0, 1.0)
"""What rules expect: no return, for sure. So what they propose must be allowed to cost money, or it is refused."""

CODES = {
    "maintenance": "the environment's file says maintenance; nothing is traded",
    "degraded": "the release did worse than its walk-forward report said, by more than the second bound; the rules decide",
    "detached": "somebody has stopped the models on this machine",
    "no_rules": "no plan is in force and no rules are approved; nobody decides",
    "warming_up": "the features do not have enough bars yet",
}
"""Code → what it says, beside the orchestrator's, the rules' and, where git allows no plan, the gate's. Stable."""


class Case(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # a struct: one is made for each decision
    """What is to be decided. `engine`: the plan in force, if there is one; `unit` is what the rollout draws."""

    model: str
    unit: str
    candidate: DecisionCandidate
    context: RiskSnapshot
    features: Mapping[str, float] | None
    engine: Engine | None
    book: RuleBook | None
    state: InForce
    factor: float


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Who decided, what is to be done (`None`: nothing was said), whether it may be, why not, and the evaluation behind it.

    `asked`: the model was, whoever decided then.
    """

    arm: Who
    action: str | None
    accepted: bool
    reasons: tuple[str, ...]
    evaluation: DecisionEvaluation | None = None
    asked: bool = False


def judge(case: Case) -> Verdict:
    """Decide a case."""
    verdict = _learned(case)
    if verdict is None or verdict.arm != "learned":
        verdict = _ruled(case, verdict)
    forbidden = _forbidden(case.state)
    if not forbidden:
        return verdict
    return replace(verdict, accepted=False, reasons=verdict.reasons + forbidden)


def _learned(case: Case) -> Verdict | None:
    """Ask the model, if the unit is in its arm; the arm is `rules` where it gave no answer."""
    engine = case.engine
    if engine is None or case.features is None:
        return None
    record = engine.plan.record
    if arm(case.unit, record.rollout, record.version) != "learned":
        return None
    found = engine.evaluate(case.candidate, case.context, case.factor)
    who: Who = "rules" if "rules" in found.recommended_modes else "learned"
    return Verdict(who, case.candidate.action, found.accepted, found.reasons + found.stress_failures, found, asked=True)


def _ruled(case: Case, before: Verdict | None) -> Verdict:
    """Let the rules decide; `before`: the model was asked, and gave no answer."""
    reasons = before.reasons if before else case.state.why.get(case.model, ())
    if case.features is None:
        reasons = (*reasons, "warming_up")
    evaluation, asked = (before.evaluation, before.asked) if before else (None, False)
    if case.book is None:
        return Verdict("nobody", None, accepted=False, reasons=(*reasons, "no_rules"), evaluation=evaluation, asked=asked)
    outcome = case.book.rules.decide(case.features or {})
    said = (*reasons, outcome.code)
    if outcome.action != case.candidate.action or case.engine is None:
        return Verdict("rules", outcome.action, accepted=False, reasons=said, evaluation=evaluation, asked=asked)
    found = case.engine.evaluate_unscored(case.candidate, NO_EDGE, case.context, case.factor)
    return Verdict("rules", outcome.action, found.accepted, (*said, *found.reasons, *found.stress_failures), found, asked=asked)


def _forbidden(state: InForce) -> tuple[str, ...]:
    said = ("maintenance",) if state.maintenance else ()
    return said if state.detached is None else (*said, "detached")
