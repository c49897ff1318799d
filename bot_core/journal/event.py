"""What an event of the decision journal holds.

>>> event = TradingDecisionEvent(
...     event_type="ai_model_rollback_requested",
...     timestamp=dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC),
...     environment="ai-monitoring",
...     portfolio="ai-manager",
...     risk_profile="ai-monitoring",
...     metadata={"reason": "data_drift_alert"},
... )
>>> event.as_dict()["event"], event.as_dict()["reason"]
('ai_model_rollback_requested', 'data_drift_alert')
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final, NewType

import msgspec

from bot_core.errors import AuditError
from bot_core.journal.recovery import REPAIRED
from bot_core.journal.rotation import SEALED

EVENTS: Final = frozenset(
    {
        "ai_retraining",
        "ai_retraining_failed",
        "ai_walk_forward_report",
        "ai_data_quality_report",
        "ai_drift_report",
        "ai_degradation_report",
        "ai_model_activated",
        "ai_model_rollback_requested",
        "ai_model_rollback_completed",
        "decision",
        "outcome",
        "feedback",
        "shadow_score",
        "activation",
        "rollback",
        "guard_trip",
        "attach",
        "detach",
        "erasure",
        SEALED,
        REPAIRED,
    }
)
_OWN = frozenset({SEALED, REPAIRED})
_KEPT_WORDS = {"event_type": "event"}


Spelled = NewType("Spelled", bytes)
"""An event as the line's JSON, checked: what `spelled` makes, and whoever writes the same bytes a shorter way."""


class TradingDecisionEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that happened. What does not apply is left out.

    Raises:
        AuditError: an event type that is none, a time without a zone, a number that is not finite.
    """

    event_type: str
    timestamp: dt.datetime
    environment: str
    portfolio: str
    risk_profile: str
    symbol: str | None = None
    side: str | None = None
    quantity: float | None = None
    price: float | None = None
    status: str | None = None
    schedule: str | None = None
    strategy: str | None = None
    schedule_run_id: str | None = None
    strategy_instance_id: str | None = None
    signal_id: str | None = None
    primary_exchange: str | None = None
    secondary_exchange: str | None = None
    base_asset: str | None = None
    quote_asset: str | None = None
    instrument_type: str | None = None
    data_feed: str | None = None
    risk_budget_bucket: str | None = None
    confidence: float | None = None
    latency_ms: float | None = None
    telemetry_namespace: str | None = None
    metadata: dict[str, object] = {}

    def __post_init__(self) -> None:
        if self.event_type not in EVENTS:
            raise _refused(name="event_type", expected=f"one of {', '.join(sorted(EVENTS))}", got=self.event_type)
        require_zone(self.timestamp)
        for name in ("quantity", "price", "confidence", "latency_ms", "metadata"):
            if not _finite(getattr(self, name)):
                raise _refused(name=name, expected="finite numbers", got=str(getattr(self, name)))

    def as_dict(self) -> dict[str, str]:
        """Return all that is set as text by name, metadata beside the rest; a name that is taken begins with `meta_`."""
        plain = msgspec.to_builtins(self)
        flat = {_KEPT_WORDS.get(name, name): _text(value) for name, value in plain.items() if name != "metadata"}
        taken = {_KEPT_WORDS.get(name, name) for name in self.__struct_fields__}
        return flat | {f"meta_{name}" if name in taken else name: _text(value) for name, value in plain.get("metadata", {}).items()}


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(TradingDecisionEvent).decode


def spelled(event: TradingDecisionEvent) -> Spelled:
    """Return an event as the line's JSON.

    Raises:
        AuditError: an event that the journal writes itself, or metadata that JSON does not have.
    """
    if event.event_type in _OWN:
        raise _refused(name="event_type", expected="what happened outside of the journal", got=event.event_type)
    try:
        return Spelled(_encode(event))
    except (TypeError, ValueError) as error:
        raise _refused(name="metadata", expected="values that JSON has", got=str(error)) from error


def require_zone(timestamp: dt.datetime) -> None:
    """Refuse a time without a zone.

    Raises:
        AuditError: such a time.
    """
    if timestamp.tzinfo is None:
        expected = "a time with its zone, such as datetime.now(UTC)"
        raise _refused(name="timestamp", expected=expected, got=timestamp.isoformat())


def require_finite(**numbers: float | None) -> None:
    """Refuse numbers by name of which one is not finite; one that does not apply is `None`.

    Raises:
        AuditError: such a number.
    """
    for name, value in numbers.items():
        if value is not None and value - value != 0.0:  # as in bot_core.config.decision: quicker than a call
            raise _refused(name=name, expected="finite numbers", got=str(value))


def _finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return all(map(_finite, value)) if isinstance(value, (list, tuple)) else True


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _refused(*, name: str, expected: str, got: str) -> AuditError:
    return AuditError(f"event: {name}: expected {expected}; got {got}", hint="nothing was recorded, so nothing may be done")
