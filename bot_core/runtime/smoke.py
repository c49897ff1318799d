"""Who is asked in a smoke test: the plans in force in a state folder, as a loop would find them; where one is missing, why.

A plan in force was proven when it was compiled: whole bytes, their digests, golden outputs to the last bit. Nothing stands in for one
that is not there: a test that passes without its model says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.decision.smoke import Judge, SmokeModel
from bot_core.errors import PredictorError
from bot_core.runtime.meta_gate import bound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bot_core.ai.plan import Plan
    from bot_core.config.runtime import Protection
    from bot_core.runtime.active import InForce


def judges_of(state: InForce, models: Iterable[str], protection: Protection, where: Path) -> dict[str, Judge]:
    """Find the plan of each model.

    Args:
        state: what is in force.
        models: the models that are to judge.
        protection: by how much limits shrink, and from when on.
        where: the state folder, for messages.

    Raises:
        PredictorError: nothing is in force, models are detached, a model has no plan here, is not ready, or has no limits; or so of
            the meta-label model that its limits ask for.
    """
    _require_attached(state, where)
    plans = {model: _plan(state, model, where) for model in sorted(set(models))}
    return {
        model: _judge(plan, protection.factor if state.is_protected(model, protection.symbols) else 1.0, _meta(state, plan, where))
        for model, plan in plans.items()
    }


def _require_attached(state: InForce, where: Path) -> None:
    if state.problem is not None and state.detached is not None:  # what says what may decide cannot be read
        raise PredictorError(state.problem.message, hint=state.problem.hint or "bot-core reconcile --once")
    if state.detached is not None:
        msg = f"{where}: expected models that may decide, got all of them detached on this machine: {state.detached}"
        raise PredictorError(msg, hint="AIManager().attach_decision_orchestrator(…) lets them decide again")
    if not state.environment:
        msg = f"{where}: expected what is in force, got nothing: no runtime has been here yet"
        raise PredictorError(msg, hint="bot-core reconcile --once")


def _plan(state: InForce, model: str, where: Path) -> Plan:
    """Return a model's plan, if it may be asked."""
    plan = state.plans.get(model)
    if plan is None:
        names = ", ".join(sorted(state.plans)) or "none"
        msg = f"{where}: expected a plan of {model} in force in {state.environment}, got {names}{_why(state, model)}"
        raise PredictorError(msg, hint="bot-core status shows what is approved, bot-core reconcile --once puts it in force")
    if not plan.inference.is_ready:
        msg = f"{model} {plan.record.version}: expected a model that is ready, got one too old, or unsigned by now"
        raise PredictorError(msg, hint="bot-core status")
    return plan


def _why(state: InForce, model: str) -> str:
    if codes := state.why.get(model):
        return f": {', '.join(codes)}"
    return f": {state.problem.message}" if state.problem else ""


def _meta(state: InForce, plan: Plan, where: Path) -> Plan | None:
    condition = plan.engine.meta_label if plan.engine else None
    return _plan(state, condition.model, where) if condition else None


def _judge(plan: Plan, factor: float, meta: Plan | None) -> Judge:
    record = plan.record
    if plan.engine is None:
        msg = f"{record.model}: domain {plan.book.domain.name}: expected all limits that a trade is measured by, got some"
        raise PredictorError(msg, hint="declare them in conf/decision/, then bot-core promote")
    model = SmokeModel(
        model=record.model,
        version=record.version,
        release=record.release,
        artifact=record.artifact,
        domain=record.domain,
        rollout=record.rollout,
        protective_factor=factor,
        meta_label=meta.record.version if meta else None,
    )
    artifact = plan.inference.artifact
    return Judge(model, plan.engine, plan.inference, bound(meta.inference, meta, artifact) if meta and artifact else None)
