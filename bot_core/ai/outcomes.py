"""What became of an entry that git desires: the plan in force, and why it is not the one desired where it is not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot_core.documents.runtime import ModelStatus
from bot_core.governance.reasons import Reason, Refused, Verdict, worst

if TYPE_CHECKING:
    from bot_core.documents.environment import Entry
    from bot_core.documents.runtime import Active, Servable
    from bot_core.errors import BotCoreError
    from bot_core.governance.decide import Decision


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry: its plan, if one is in force, and the reasons against what git desires."""

    model: str
    entry: Entry | None
    plan: Servable | None
    reasons: tuple[Reason, ...]
    decision: Decision | None = None


def status(outcome: Outcome, active: Active) -> ModelStatus:
    """Say how a model stands, the gravest reason first."""
    entry, plan = outcome.entry, outcome.plan
    desired_version = entry.version if entry else None
    states: dict[Verdict, Literal["Synced", "Pending"]] = {Verdict.ALLOW: "Synced", Verdict.PENDING: "Pending"}
    decides: Literal["model", "rules", "nobody"] = "model" if plan else "rules" if outcome.model in active.rules else "nobody"
    return ModelStatus(
        model=outcome.model,
        desired=desired_version,
        active=plan.version if plan else None,
        state=states.get(worst(outcome.reasons), "Refused"),
        decides=decides,
        reasons=[f"{reason.code}: {reason.message}" for reason in sorted(outcome.reasons, key=lambda reason: -reason.verdict)],
    )


def reason_of(problem: BotCoreError, path: str) -> Reason:
    """Say why a release that git allows cannot be served here; a code of the gate's where it has one."""
    if isinstance(problem, Refused):
        return problem.reason
    code = {"PREDICTOR": "GOLDEN", "CONFIG": "LIMITS"}.get(problem.code, "REL-DIGEST")
    return Reason(code, path, problem.message, problem.hint)
