"""The founding names of the journal: what an event holds, and a file that records events.

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
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import msgspec

from bot_core.errors import AuditError
from bot_core.governance import sshsig
from bot_core.journal.append import Fsync, Journal, utc_now
from bot_core.journal.chain import Link, event
from bot_core.journal.head import NAMESPACE, Statement
from bot_core.journal.recovery import REPAIRED, Repair
from bot_core.journal.rotation import SEALED, Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self

EVENTS: Final = frozenset(
    {
        "ai_retraining",
        "ai_retraining_failed",
        "ai_walk_forward_report",
        "ai_data_quality_report",
        "ai_drift_report",
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
        if self.timestamp.tzinfo is None:
            raise _refused(
                name="timestamp", expected="a time with its zone, such as datetime.now(UTC)", got=self.timestamp.isoformat()
            )
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
_DECODER = msgspec.json.Decoder(TradingDecisionEvent)


class JsonlTradingDecisionJournal:
    """A journal of events in one file; several processes may record in it. See `bot_core.journal` for how.

    Args:
        path: the file. Nothing is created before the first record.
        fsync: `always`, `batch` or `os`; when a record waits for the disk.
        signing_key: signs heads: a service's private key file, or the `.pub` file of a key in the agent. Without it heads are unsigned.
        rotate_bytes: begin another file once this one has this size; by default never.
        clock: the time for heads and the journal's own events.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        fsync: Fsync = "batch",
        signing_key: Path | None = None,
        rotate_bytes: int | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self.path = Path(path)
        sign = signer(signing_key, self.path.name) if signing_key else None
        self._journal = Journal(self.path, fsync=fsync, rotate_bytes=rotate_bytes, sign=sign, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def repaired(self) -> list[Repair]:
        """What this journal found torn or lost at the end of its file; each is also an event `journal_repaired`."""
        return self._journal.repaired

    def record(self, event: TradingDecisionEvent) -> Link:
        """Record an event; return its place, whose `entry` other documents name.

        Raises:
            AuditError: it is not recorded, so what it records must not happen.
        """
        return self._journal.append((_spelled(event),))

    def record_all(self, events: Iterable[TradingDecisionEvent]) -> Link:
        """Record several events in one write, all or none; return the place of the last.

        Raises:
            AuditError: none is recorded, so what they record must not happen.
        """
        return self._journal.append([_spelled(each) for each in events])

    def export(self) -> Iterator[dict[str, str]]:
        """Yield every event of all files, oldest first, as text by name.

        Raises:
            AuditError: a line does not follow the one before it.
        """
        for _, found in recorded(self.path):
            yield found.as_dict()

    def checkpoint(self) -> Statement:
        """Write the head now: the newest place, signed if there is a key.

        Raises:
            AuditError: it could not be written.
            SigningError: the key gave no signature.
        """
        return self._journal.checkpoint()

    def rotate(self) -> None:
        """Close the file as a segment; see `checkpoint` for what is raised."""
        self._journal.rotate()

    def close(self) -> None:
        """Write the head and close the files; see `checkpoint` for what is raised."""
        self._journal.close()


def recorded(path: Path) -> Iterator[tuple[int, TradingDecisionEvent]]:
    """Yield every event of a journal with its line's number, oldest first, through all its files.

    Raises:
        AuditError: a line does not follow the one before it, or its event is none of these.
    """
    with Follower(path) as follower:
        try:
            for line in follower.lines():
                yield follower.place.sequence, _DECODER.decode(event(line))
        except (ValueError, msgspec.DecodeError) as error:
            msg = f"{path}: line {follower.place.sequence}: {error}"
            raise AuditError(msg, hint=f"bot-core journal verify {path}") from error


def signer(key: Path, name: str) -> Callable[[bytes], bytes]:
    """Make what signs the heads of the journal of that name with a service's key, by ssh-keygen."""

    def sign(said: bytes) -> bytes:
        with TemporaryDirectory() as folder:
            copy = Path(folder, f"{name}.head")
            copy.write_bytes(said)
            return sshsig.sign(copy, NAMESPACE, key)

    return sign


def _spelled(event: TradingDecisionEvent) -> bytes:
    if event.event_type in _OWN:
        raise _refused(name="event_type", expected="what happened outside of the journal", got=event.event_type)
    try:
        return _encode(event)
    except (TypeError, ValueError) as error:
        raise _refused(name="metadata", expected="values that JSON has", got=str(error)) from error


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
