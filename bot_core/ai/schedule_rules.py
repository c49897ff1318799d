"""The scheduler's rules, without a file and without a clock: what a record becomes, when it is due, and why.

A job is due at the first time of its rhythm after its last run; at once if it never ran, or if somebody requested it. However many times
were missed, one run serves them all. A pause of the job, a cool-down of the job and a pause of the roster hold it back; the roster's
cool-down does not, for one job's failures are not another's. A failed run cools down for the interval x min(failures in a row, 6), counted
from the newest failure; a run that succeeds after it ends the streak, and serves the requests that were made before it. What is marked
late takes nothing back: of two runs the later one counts, and a run does not end a failure that came after it.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from bot_core.ai.occurrences import recorded
from bot_core.ai.schedule_words import RESET, in_words, moment_in_words, pause_in_words
from bot_core.documents.schedule import FIRST, LAST, LONGEST, SHORTEST, JobState, Override, Request, SchedulerState, Waiting
from bot_core.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.ai.occurrences import Rhythm

STREAK = 6
_SHARED = (
    "last_run",
    "next_run",
    "interval",
    "last_failure",
    "failure_streak",
    "last_failure_reason",
    "cooldown_until",
    "paused_until",
    "paused_reason",
)
NEVER = JobState(
    last_run=None,
    next_run=None,
    interval=SHORTEST.total_seconds(),
    cron=None,
    timezone=None,
    calendar=None,
    last_failure=None,
    failure_streak=0,
    last_failure_reason=None,
    cooldown_until=None,
    paused_until=None,
    paused_reason=None,
    requested=None,
    override=None,
)
"""The record of what never ran, before it has a rhythm."""


class Standing(JobState, frozen=True, kw_only=True):
    """A job's record, or with `job` null the roster's, as it is at a time: `next_run` is derived, `why` says in words what holds.

    `held` is the roster's pause in words, where one holds the job back.
    """

    job: str | None
    is_due: bool
    why: str
    held: str | None

    def is_paused(self, now: dt.datetime) -> bool:
        """Say whether a pause is in force, the job's own or the roster's."""
        return self.held is not None or Waiting.is_paused(self, now)


def standing(record: JobState, roster: SchedulerState | None, now: dt.datetime, job: str | None) -> Standing:
    """Say how a record stands at a time; the roster holds its jobs back, and not itself.

    Raises:
        ConfigError: its rhythm names no time.
    """
    due = due_at(record, roster, now)
    is_due = due is not None and due <= now
    held = pause_in_words(roster.paused_until, roster.paused_reason) if roster is not None and roster.is_paused(now) else None
    why = _why_due(record, due, now) if due is not None and is_due else _why_not(record, held, now)
    return Standing(**{**asdict(record), "next_run": due}, job=job, is_due=is_due, why=why, held=held)


def due_at(record: JobState, roster: SchedulerState | None, now: dt.datetime) -> dt.datetime | None:
    """Return the first time at which a job may run; nothing while a pause has no end. See `standing` for what is raised."""
    if record.is_held or (roster is not None and roster.is_held):
        return None
    holds = (record.cooldown_until, record.paused_until, roster.paused_until if roster is not None else None)
    return max(time for time in (_wanted_at(record, now), *holds) if time is not None)


def _wanted_at(record: JobState, now: dt.datetime) -> dt.datetime:
    """Return when a job is wanted, whatever holds it back."""
    wanted = now if record.last_run is None else recorded(record).after(record.last_run)
    return wanted if record.requested is None else min(wanted, record.requested.time, now)


def _why_due(record: JobState, due: dt.datetime, now: dt.datetime) -> str:
    asked = record.requested
    if asked is not None and (record.last_run is None or recorded(record).after(record.last_run) > now):
        return f"requested {moment_in_words(asked.time)}: {asked.reason}"
    return "there was none yet" if record.last_run is None else f"since {moment_in_words(due)}"


def _why_not(record: JobState, roster_s: str | None, now: dt.datetime) -> str:
    wanted = _wanted_at(record, now)
    left = f"{in_words(wanted - now)} {'of the interval are left' if record.cron is None else 'are left'}"
    held = [
        f"the roster is paused {roster_s}" if roster_s else "",
        f"paused {pause_in_words(record.paused_until, record.paused_reason)}" if record.is_paused(now) else "",
        f"cooling down until {moment_in_words(record.cooldown_until)}"
        if record.cooldown_until is not None and now < record.cooldown_until
        else "",
        left if wanted > now else "",
    ]
    return "; ".join(filter(None, held))


# --- what a record becomes ---


def executed(record: JobState, now: dt.datetime, *, when: dt.datetime) -> JobState:
    """Record a run that succeeded."""
    limit = _require_happened(when, now, record)
    asked = record.requested
    served = None if asked is None or asked.time <= when else asked
    ran = replace(record, last_run=_later(record.last_run, when, limit), requested=served)
    if _later(record.last_failure, when, limit) > when:
        return ran
    return replace(ran, failure_streak=0, cooldown_until=None)


def failed(record: JobState, now: dt.datetime, *, when: dt.datetime, reason: str) -> JobState:
    """Record a run that failed, and let it cool down."""
    newest = _later(record.last_failure, when, _require_happened(when, now, record))
    streak = record.failure_streak + 1
    return replace(
        record,
        last_failure=newest,
        failure_streak=streak,
        last_failure_reason=reason if newest == when else record.last_failure_reason,
        cooldown_until=newest + recorded(record).spacing(newest) * min(streak, STREAK),
    )


def paused(
    record: JobState, now: dt.datetime, *, until: dt.datetime | None, duration: dt.timedelta | None, reason: str
) -> JobState:
    """Hold a record back; the last word counts."""
    if duration is not None:
        until = now + checked(duration, "duration")
    if until is not None and until <= now:
        msg = f"until: expected a time after {now.isoformat()}, got {until.isoformat()}"
        raise ConfigError(msg, hint="bot-core schedule resume ends a pause")
    return replace(record, paused_until=until, paused_reason=reason)


def resumed(record: JobState, _: dt.datetime) -> JobState:
    """End the pause, if there is one."""
    return replace(record, paused_until=None, paused_reason=None)


def requested(record: JobState, now: dt.datetime, *, reason: str, report: str | None) -> JobState:
    """Ask for a run at once; the newest request counts."""
    return replace(record, requested=Request(time=now, reason=reason, report=report))


def begun(record: JobState, now: dt.datetime, *, last_run: dt.datetime) -> JobState:
    """Begin anew from a run that is known; failures are forgotten."""
    _require_happened(last_run, now, record)
    asked = record.requested
    served = None if asked is None or asked.time <= last_run else asked
    return replace(
        record,
        last_run=last_run,
        last_failure=None,
        failure_streak=0,
        last_failure_reason=None,
        cooldown_until=None,
        requested=served,
    )


def timed(record: JobState, now: dt.datetime, *, rhythm: Rhythm) -> JobState:
    """Give a record a rhythm; a line of cron also gives it the distance of its next two times. See `standing` for what is raised."""
    seconds = checked(rhythm.spacing(now)).total_seconds()
    return replace(record, interval=seconds, cron=rhythm.cron, timezone=rhythm.timezone, calendar=rhythm.calendar)


def overridden(record: JobState, now: dt.datetime, *, rhythm: Rhythm, reason: str) -> JobState:
    """Put a rhythm in place of the declared one; see `standing` for what is raised."""
    return timed(replace(record, override=Override(time=now, reason=reason)), now, rhythm=rhythm)


def derived(record: JobState, now: dt.datetime) -> JobState:
    """Write into a record when it is due by itself; see `standing` for what is raised."""
    return replace(record, next_run=due_at(record, None, now))


def _later(known: dt.datetime | None, when: dt.datetime, limit: dt.datetime) -> dt.datetime:
    """Return the later of two times; one that lies beyond the limit is none."""
    return when if known is None or known > limit else max(known, when)


def _require_happened(when: dt.datetime, now: dt.datetime, record: JobState) -> dt.datetime:
    """Return how far ahead of the clock a time may lie; refuse to mark one that lies further."""
    limit = now + record.every
    if when > limit:
        msg = f"when: expected a time that has passed by {now.isoformat()}, got {when.isoformat()}"
        raise ConfigError(msg, hint="set the clock right; nothing was recorded")
    return limit


def require_past(record: JobState, now: dt.datetime, path: Path, job: str | None) -> None:
    """Refuse a record whose times lie further ahead of the clock than one interval.

    Raises:
        DocumentError: it does; the hint names the way out.
    """
    failure = record.last_failure if record.cooldown_until is not None else None
    for name, time in (("last_run", record.last_run), ("last_failure", failure)):
        if time is not None and time > now + record.every:
            place, whose = (f"jobs.{job}.{name}", f"{RESET} --job {job}") if job else (name, RESET)
            msg = f"{path}: {place}: expected a time that has passed by {now.isoformat()}, got {time.isoformat()}"
            raise DocumentError(msg, hint=f"set the clock right, or {whose}")


# --- the roster as a record, and what is given ---


def blank(interval: float, now: dt.datetime) -> SchedulerState:
    """Return the state of a roster that never ran; the interval in seconds."""
    nothing = {name: getattr(NEVER, name) for name in _SHARED}
    return SchedulerState(version=5, updated_at=now, **{**nothing, "interval": interval, "next_run": now})


def of_roster(state: SchedulerState) -> JobState:
    """Return the top level as a record."""
    return replace(NEVER, **{name: getattr(state, name) for name in _SHARED})


def onto_roster(state: SchedulerState, record: JobState) -> SchedulerState:
    """Write a record onto the top level."""
    return replace(state, **{name: getattr(record, name) for name in _SHARED})


def utc(name: str, time: dt.datetime) -> dt.datetime:
    """Return a time in UTC.

    Raises:
        ConfigError: it has no zone, or is out of range.
    """
    if time.utcoffset() is None or not FIRST <= time < LAST:
        msg = f"{name}: expected a time from {FIRST:%Y} on with its zone, such as datetime.now(UTC); got {time.isoformat()}"
        raise ConfigError(msg)
    return time.astimezone(dt.UTC)


def checked(span: dt.timedelta, name: str = "interval") -> dt.timedelta:
    """Return a duration that is in range.

    Raises:
        ConfigError: it is not.
    """
    if not SHORTEST <= span <= LONGEST:
        msg = f"{name}: expected 1 second to {LONGEST.days} days, got {span}"
        raise ConfigError(msg, hint="timedelta(hours=6), or on the command line 6h")
    return span
