"""How a pass went, in conditions that a person, a probe and a dashboard can read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot_core.documents.runtime import Condition, RuntimeStatus
from bot_core.errors import GitError
from bot_core.governance.standings import ending

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from bot_core.ai.activation import Evaluation
    from bot_core.documents.runtime import ConditionName, ModelStatus
    from bot_core.errors import BotCoreError
    from bot_core.governance.acceptance import Accepted


class Fact(NamedTuple):
    """Whether a condition holds, and the code and sentence that say why."""

    name: ConditionName
    holds: bool
    reason: str = ""
    message: str = ""


class Found(NamedTuple):
    """What a pass found: the commit it judged by, what it made of it, and what stood in its way."""

    accepted: Accepted | None
    evaluation: Evaluation | None
    problem: BotCoreError | None


def status_of(environment: str, found: Found, last: RuntimeStatus | None, now: dt.datetime) -> RuntimeStatus:
    """Say how a pass went; a condition that did not change keeps its `since`."""
    applied = now if found.evaluation and found.problem is None else last.last_applied if last else None
    evaluation = found.evaluation
    return RuntimeStatus(
        environment=environment,
        observed_commit=found.accepted.view.tip if found.accepted else None,
        last_attempted=now,
        last_applied=applied,
        reason=str(found.problem) if found.problem else "",
        conditions=[_dated(fact, last, now) for fact in _facts(found)],
        models=list(evaluation.models) if evaluation else [],
        warnings=list(ending(evaluation.decisions, now)) if evaluation else [],
    )


def _facts(found: Found) -> Iterator[Fact]:
    models = found.evaluation.models if found.evaluation else ()
    refused = next((model for model in models if model.state == "Refused"), None)
    pending = next((model for model in models if model.state == "Pending"), None)
    problem = found.problem
    unreachable = isinstance(problem, GitError)
    yield _ready(found, models)
    yield Fact("Reconciling", pending is not None, *_said(pending))
    yield Fact("Stalled", problem is not None and not unreachable, *_told(None if unreachable else problem))
    yield Fact(
        "Verified",
        found.accepted is not None and refused is None and problem is None,
        *(_said(refused) if refused else (problem.code if problem else "", "")),  # the sentence is said beside it
    )
    yield Fact("Fresh", not unreachable, *_told(problem if unreachable else None))
    yield _halted(found.accepted)


def _ready(found: Found, models: tuple[ModelStatus, ...]) -> Fact:
    if found.evaluation is None:
        return Fact("Ready", holds=False, reason="NOTHING-PROVEN", message="nothing was proven yet: rules decide, or nobody")
    behind = next((model for model in models if model.decides != "model" or model.state != "Synced"), None)
    return Fact("Ready", behind is None and bool(models), *_said(behind))


def _halted(accepted: Accepted | None) -> Fact:
    halts = [halt for halt in accepted.remembered.halts if halt.environment == accepted.rules.name] if accepted else []
    if not halts:
        return Fact("Halted", holds=False)
    first = halts[0]
    return Fact("Halted", holds=True, reason="HALTED", message=f"{first.id} of {first.signer}: {first.reason}")


def _said(model: ModelStatus | None) -> tuple[str, str]:
    if model is None or not model.reasons:
        return "", ""
    code, _, message = model.reasons[0].partition(": ")
    return code, message


def _told(problem: BotCoreError | None) -> tuple[str, str]:
    return (problem.code, str(problem)) if problem else ("", "")


def _dated(fact: Fact, last: RuntimeStatus | None, now: dt.datetime) -> Condition:
    before = next((c for c in last.conditions if c.name == fact.name), None) if last else None
    since = before.since if before is not None and before.holds == fact.holds else now
    return Condition(name=fact.name, holds=fact.holds, since=since, reason=fact.reason, message=fact.message)
