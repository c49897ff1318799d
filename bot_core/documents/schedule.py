"""The scheduler's state: when models were last trained anew, when that is due again, and what holds it back.

The names are the founding ones, version 5. `paused_reason` says that there is a pause and `paused_until` when it ends: a reason without a
time is a pause that only `resume` ends. Every field must be there, if only as null, and every time is UTC: a field that is lost must not
read as "never run" or "not paused". `next_run` is for readers; whoever decides derives it again from the others.

The top level is the roster as a whole: any job's runs and failures are its own too, and its pause holds every job. `jobs` has a record
for each job that something was recorded of; a file without it is one from before there were jobs.
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
JOB = r"^[a-z0-9][a-z0-9._-]*\Z"
_GIVEN = ("last_run", "updated_at", "last_failure", "paused_until")
_DERIVED = ("next_run", "cooldown_until")
_REACH = 7 * LONGEST
_NEEDS = (
    ("paused_until", "paused_reason"),
    ("cooldown_until", "last_failure"),
    ("failure_streak", "last_failure"),
    ("timezone", "cron"),
    ("calendar", "cron"),
    ("cron", "timezone"),
)

Seconds = Annotated[float, Meta(ge=SHORTEST.total_seconds(), le=LONGEST.total_seconds())]
Reason = Annotated[str, Meta(min_length=1, max_length=REASON)]
Job = Annotated[str, Meta(pattern=JOB, max_length=80)]
Streak = Annotated[int, Meta(ge=0)]


class Waiting:
    """What the records of the roster and of a job have in common."""

    __slots__ = ()
    interval: float
    paused_until: dt.datetime | None
    paused_reason: str | None

    def __post_init__(self) -> None:
        for name in (*_GIVEN, *_DERIVED):
            _require_time(name, getattr(self, name, None), LAST if name in _GIVEN else LAST + _REACH)
        for name, other in _NEEDS:
            if getattr(self, name, None) and getattr(self, other) is None:
                msg = f"{name}: expected {other} beside it, got nothing"
                raise ValueError(msg)

    @property
    def every(self) -> dt.timedelta:
        """The interval."""
        return dt.timedelta(seconds=self.interval)

    def is_paused(self, now: dt.datetime) -> bool:
        """Say whether a pause is in force."""
        return self.paused_reason is not None and (self.paused_until is None or now < self.paused_until)

    @property
    def is_held(self) -> bool:
        """Whether there is a pause without an end."""
        return self.paused_reason is not None and self.paused_until is None


class Request(Part, frozen=True, kw_only=True):
    """Somebody wants a job to run at once, and why; `report` is the path of the report that says so."""

    time: Time
    reason: Reason
    report: str | None

    def __post_init__(self) -> None:
        _require_time("time", self.time, LAST)


class Override(Part, frozen=True, kw_only=True):
    """A job's schedule was set by hand, when and why; what the configuration declares does not count meanwhile."""

    time: Time
    reason: Reason

    def __post_init__(self) -> None:
        _require_time("time", self.time, LAST)


class JobState(Waiting, Part, frozen=True, kw_only=True):
    """One job. With `cron`, times are read in `timezone`, `calendar` passes over days, and `interval` is the distance of the next two."""

    last_run: Time | None
    next_run: Time | None
    interval: Seconds
    cron: str | None
    timezone: str | None
    calendar: str | None
    last_failure: Time | None
    failure_streak: Streak
    last_failure_reason: Reason | None
    cooldown_until: Time | None
    paused_until: Time | None
    paused_reason: Reason | None
    requested: Request | None
    override: Override | None


class SchedulerState(Waiting, Part, frozen=True, kw_only=True, omit_defaults=True):
    """`audit/ai_decision/scheduler.json`; `next_run` is null while a pause without an end is in force."""

    version: Literal[5]
    last_run: Time | None
    next_run: Time | None
    interval: Seconds
    updated_at: Time
    last_failure: Time | None
    failure_streak: Streak
    last_failure_reason: Reason | None
    cooldown_until: Time | None
    paused_until: Time | None
    paused_reason: Reason | None
    jobs: dict[Job, JobState] = {}

    def seen(self, job: str) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Return when a job last ran and runs next, as the file says it; the roster's times where it has no record of its own."""
        own = self.jobs.get(job)
        if own is None:
            return self.last_run, self.next_run
        if self.is_held or own.next_run is None:
            return own.last_run, None
        return own.last_run, max(own.next_run, self.paused_until or own.next_run)


def _require_time(name: str, time: dt.datetime | None, last: dt.datetime) -> None:
    if time is not None and (time.utcoffset() or not FIRST <= time < last):
        msg = f"{name}: expected a UTC time from {FIRST:%Y} on and before {last:%Y}, got {time.isoformat()}"
        raise ValueError(msg)
