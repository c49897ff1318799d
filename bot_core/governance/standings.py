"""Where every environment stands at a commit: what may decide, what may not, and what people owe."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot_core.governance import layout, stages
from bot_core.governance.decide import decide
from bot_core.governance.desk import policy_of
from bot_core.governance.interventions import Memory, revocations
from bot_core.governance.promotion import desired
from bot_core.governance.reasons import Refused, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.policy import EnvironmentPolicy, Policy
    from bot_core.governance.decide import Decision
    from bot_core.governance.snapshot import Snapshot

State = Literal["Ready", "Degraded", "Maintenance", "Empty"]
WARNINGS = (1, 7, 14)  # days before the first sign-off ends


@dataclass(frozen=True, slots=True)
class Place:
    """An environment: its condition, its entries as judged, why it is degraded, and which sign-offs end soon."""

    environment: str
    condition: State
    decisions: tuple[Decision, ...]
    degraded: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "environment": self.environment,
            "condition": self.condition,
            "degraded": list(self.degraded),
            "warnings": list(self.warnings),
            "models": [_model(decision) for decision in self.decisions],
        }


def places(view: Snapshot, now: dt.datetime, environment: str | None = None) -> list[Place] | None:
    """Judge every environment of the policy; nothing where there is no policy.

    Raises:
        Refused: the policy or an environment's file is broken, or the policy does not know `environment`.
    """
    if view.read(layout.POLICY) is None:
        return None
    policy = policy_of(view)
    names = [rules.name for rules in policy.environments]
    if environment is not None and environment not in names:
        raise Refused(
            "POLICY-MISSING", layout.POLICY, f"--env: expected one of {', '.join(names)}; got {environment}", "bot-core status"
        )
    return [_place(view, policy, rules, now) for rules in policy.environments if environment in (None, rules.name)]


def _place(view: Snapshot, policy: Policy, rules: EnvironmentPolicy, now: dt.datetime) -> Place:
    decisions = tuple(decide(view, rules.name, policy, now))
    notes = tuple(_degraded(view, policy, rules, decisions, now))
    file = desired(view, rules.name)
    refused = any(decision.verdict != Verdict.ALLOW for decision in decisions)
    condition: State = "Maintenance" if file.maintenance else "Degraded" if notes or refused else "Ready" if decisions else "Empty"
    return Place(rules.name, condition, decisions, notes, tuple(ending(decisions, now)))


def _degraded(
    view: Snapshot, policy: Policy, rules: EnvironmentPolicy, decisions: tuple[Decision, ...], now: dt.datetime
) -> Iterator[str]:
    """Name what people owe: reviews of rollbacks that are due; and what may not decide."""
    crew, _ = revocations(view, policy, Memory())
    for model, since in _rolled_back(view, rules, decisions, now):
        due = since + dt.timedelta(hours=rules.rollback.review_hours if rules.rollback else 0)
        answers = stages.reviews(view, "rollback", f"{rules.name}.{model}", crew)
        if due <= now and not any(signed.since >= since for signed in answers):
            yield f"the rollback of {model} wants a signed review since {due:%Y-%m-%d %H:%M} UTC: docs/runbooks/rollback.md, step 4"
    for decision in decisions:
        if decision.reasons:
            yield f"{decision.model} may not decide: {stages.RUNBOOK}"


def ending(decisions: tuple[Decision, ...], now: dt.datetime) -> Iterator[str]:
    """Warn 14, 7 and 1 days before the first sign-off of an entry ends."""
    for decision in decisions:
        left = (decision.expires - now).days if decision.expires else max(WARNINGS)
        within = next((days for days in WARNINGS if left < days), None)
        if within is not None and not decision.reasons:
            yield f"{decision.model}: a sign-off ends within {within} days, at {decision.expires:%Y-%m-%d %H:%M} UTC: sign off again"


def _rolled_back(
    view: Snapshot, rules: EnvironmentPolicy, decisions: tuple[Decision, ...], now: dt.datetime
) -> Iterator[tuple[str, dt.datetime]]:
    """Name the models that returned to an earlier release, or to their rules, and when; as far back as the policy looks."""
    if rules.rollback is None:
        return
    for decision in decisions:
        if decision.standing is not None and decision.standing.returned is not None:
            yield decision.model, decision.standing.since
    oldest = now - dt.timedelta(days=rules.rollback.within_days)
    present = {entry.model for entry in desired(view, rules.name).models}
    yield from ((model, since) for model, since in stages.removed(view, rules.name, oldest) if model not in present)


def _model(decision: Decision) -> dict[str, object]:
    return {
        "model": decision.model,
        "version": decision.version,
        "state": decision.state,
        "verdict": decision.verdict.name,
        "roles": {role.role: {"state": role.state, "signers": role.signers, "expires": role.expires} for role in decision.roles},
        "conditions": dict(decision.conditions),
        "reasons": [{"code": r.code, "path": r.path, "message": r.message, "hint": r.hint} for r in decision.reasons],
        "since": decision.standing.since if decision.standing else None,
    }
