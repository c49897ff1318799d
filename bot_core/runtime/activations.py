"""What changed between what was in force and what will be, as events of the journal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.journal.event import TradingDecisionEvent

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from bot_core.documents.runtime import Active, ModelStatus, Servable

PORTFOLIO, PROFILE = "ai-manager", "ai-monitoring"
_WATCHED = ("version", "release", "artifact", "domain", "rollout", "conditions")


def changes(
    before: Active | None, after: Active, models: Sequence[ModelStatus], now: dt.datetime
) -> Iterator[TradingDecisionEvent]:
    """Yield an event for each model that begins, changes or ends to decide, and for maintenance that begins or ends."""
    old = {plan.model: plan for plan in before.plans} if before and before.environment == after.environment else {}
    new = {plan.model: plan for plan in after.plans}
    reasons = {model.model: model.reasons for model in models}
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield _stopped(old[name], after, reasons.get(name, []), now)
        elif name not in old or _facts(old[name]) != _facts(new[name]):
            yield _began(old.get(name), new[name], before, after, now)
    if (before.maintenance if before else False) != after.maintenance:
        word = "maintenance" if after.maintenance else "resumed"
        yield _event("detach" if after.maintenance else "attach", after, word, now, {"commit": after.commit})


def _began(old: Servable | None, new: Servable, before: Active | None, after: Active, now: dt.datetime) -> TradingDecisionEvent:
    facts = {**_facts(new), "model": new.model, "commit": after.commit, "from_version": old.version if old else None}
    back = before is not None and any(way.version == new.version and way.model == new.model for way in before.fallbacks)
    kind = "ai_model_rollback_completed" if back and (old is None or old.version != new.version) else "ai_model_activated"
    return _event(kind, after, "active", now, facts)


def _stopped(old: Servable, after: Active, reasons: Sequence[str], now: dt.datetime) -> TradingDecisionEvent:
    decides = "rules" if old.model in after.rules else "nobody"
    facts: dict[str, object] = {"model": old.model, "version": old.version, "artifact": old.artifact}
    facts |= {"commit": after.commit, "reasons": list(reasons)}
    return _event("detach", after, decides, now, facts)


def _facts(plan: Servable) -> dict[str, object]:
    return {name: getattr(plan, name) for name in _WATCHED}


def _event(kind: str, after: Active, status: str, now: dt.datetime, facts: dict[str, object]) -> TradingDecisionEvent:
    return TradingDecisionEvent(
        event_type=kind,
        timestamp=now,
        environment=after.environment,
        portfolio=PORTFOLIO,
        risk_profile=PROFILE,
        status=status,
        metadata={name: value for name, value in facts.items() if value is not None},
    )
