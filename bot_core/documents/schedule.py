"""The scheduler's state: when models were last trained anew, when that is due again, and what holds it back.

The names are the founding ones, version 5. `paused_reason` says that there is a pause and `paused_until` when it ends: a reason without a
time is a pause that only `resume` ends. Every field must be there, if only as null, and every time is UTC: a field that is lost must not
read as "never run" or "not paused". `next_run` is for readers; whoever decides derives it again from the others.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.document import Part
from bot_core.documents.governed import Time

VERSION = 5
SHORTEST, LONGEST = dt.timedelta(seconds=1), dt.timedelta(days=3650)
FIRST, LAST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(3000, 1, 1, tzinfo=dt.UTC)
REASON = 1024
_GIVEN = ("last_run", "updated_at", "last_failure", "paused_until")
_DERIVED = ("next_run", "cooldown_until")
_REACH = 7 * LONGEST
_NEEDS = (("paused_until", "paused_reason"), ("cooldown_until", "last_failure"), ("failure_streak", "last_failure"))

Seconds = Annotated[float, Meta(ge=SHORTEST.total_seconds(), le=LONGEST.total_seconds())]
Reason = Annotated[str, Meta(min_length=1, max_length=REASON)]


class SchedulerState(Part, frozen=True, kw_only=True):
    """`audit/ai_decision/scheduler.json`; `next_run` is null while a pause without an end is in force."""

    version: Literal[5]
    last_run: Time | None
    next_run: Time | None
    interval: Seconds
    updated_at: Time
    last_failure: Time | None
    failure_streak: Annotated[int, Meta(ge=0)]
    last_failure_reason: Reason | None
    cooldown_until: Time | None
    paused_until: Time | None
    paused_reason: Reason | None

    def __post_init__(self) -> None:
        for name in (*_GIVEN, *_DERIVED):
            _require_time(name, getattr(self, name), LAST if name in _GIVEN else LAST + _REACH)
        for name, other in _NEEDS:
            if getattr(self, name) and getattr(self, other) is None:
                msg = f"{name}: expected {other} beside it, got nothing"
                raise ValueError(msg)

    @property
    def every(self) -> dt.timedelta:
        """The interval."""
        return dt.timedelta(seconds=self.interval)

    def due(self, now: dt.datetime) -> dt.datetime | None:
        """Return the first time at which training may run: now if it never ran; nothing while a pause has no end."""
        if self.paused_reason is not None and self.paused_until is None:
            return None
        ran = now if self.last_run is None else self.last_run + self.every
        return max(time for time in (ran, self.cooldown_until, self.paused_until) if time is not None)

    def is_paused(self, now: dt.datetime) -> bool:
        """Say whether a pause is in force."""
        return self.paused_reason is not None and (self.paused_until is None or now < self.paused_until)


def _require_time(name: str, time: dt.datetime | None, last: dt.datetime) -> None:
    if time is not None and (time.utcoffset() or not FIRST <= time < last):
        msg = f"{name}: expected a UTC time from {FIRST:%Y} on and before {last:%Y}, got {time.isoformat()}"
        raise ValueError(msg)
