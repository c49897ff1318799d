"""How a machine follows an environment, in words: the reconciler's last pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.runtime import Control, RuntimeMemory, RuntimeStatus


def lines(status: RuntimeStatus, memory: RuntimeMemory | None) -> Iterator[str]:
    """Show a pass to a person."""
    held = [condition for condition in status.conditions if condition.holds]
    yield f"{status.environment} at {(status.observed_commit or 'no commit')[:12]}: {', '.join(c.name for c in held) or 'nothing holds'}"
    for model in status.models:
        yield f"  {model.model}: {model.state}; desired {model.desired or 'none'}, active {model.active or 'none'}; {model.decides} decides"
        yield from (f"    {reason}" for reason in model.reasons)
    for condition in status.conditions:
        if condition.message and condition.reason not in _first_codes(status):
            yield f"  {condition.name} {'holds' if condition.holds else 'does not hold'}: {condition.reason}: {condition.message}"
    yield from (f"  warning: {warning}" for warning in status.warnings)
    if memory is not None:
        yield f"  policy {memory.policy}"


def stopped(control: Control) -> Iterator[str]:
    """Show a person in whose place the rules decide here, and which report ends that once it is answered."""
    for one in control.degraded:
        since = f"since {one.since:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{one.model} {one.version}: rules decide {since}: live performance fell beyond the second bound: {one.path}"
        said = f"review alert {one.model}.degradation {one.path} --role ROLE --signer NAME --key KEY --dismiss"
        yield f"  → commit the report, then bot-core {said}"


def _first_codes(status: RuntimeStatus) -> set[str]:
    return {reason.partition(":")[0] for model in status.models for reason in model.reasons}
