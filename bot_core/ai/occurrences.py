"""When a job is due after a time: a duration later, or at the next time that a line of cron names.

A line of cron is read as Debian's cron reads it, in a time zone. A fixed time that a daylight change leaves out is due when the clock has
jumped; one that the change repeats is due at the first of the two. Where hours or minutes begin with a star, the line means "every so
often": each hour that passes has its own time, and one that is left out has none. What a run inside the repeated hour has served is not
due again: only a later moment counts, by UTC.

With a calendar a day counts if it has a session there: `24/7`, `fx` (Monday to Friday), or an exchange's own sessions; days are those of
the time zone. Only an exchange needs pandas, and it is loaded when such a job is asked about, and not before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot_core.ai.schedule_words import in_words
from bot_core.config.schedule import require_cron, seconds
from bot_core.documents.schedule import LONGEST
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.config.schedule import ScheduleConfig
    from bot_core.documents.schedule import JobState

ALWAYS, FX = "24/7", "fx"
_SATURDAY = 5
_DAY_US = 86_400_000_000
_REACH = dt.timedelta(days=366 * 9)  # a leap day comes again within eight years


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Either `every` or `cron` with its time zone, and perhaps a calendar."""

    every: dt.timedelta | None = None
    cron: str | None = None
    timezone: str | None = None
    calendar: str | None = None

    def after(self, time: dt.datetime) -> dt.datetime:
        """Return the first time after a time, in UTC.

        Raises:
            ConfigError: the line of cron, its zone or its calendar is none, or it never comes; cronsim is not installed.
        """
        return time + self.every if self.every is not None else next(self._times(time))

    def spacing(self, time: dt.datetime) -> dt.timedelta:
        """Return the distance between the next two times after a time; see `after` for what is raised."""
        if self.every is not None:
            return self.every
        first, second = islice(self._times(time), 2)
        return min(second - first, LONGEST)

    def __str__(self) -> str:
        if self.every is not None:
            return f"every {in_words(self.every)}"
        return " ".join(filter(None, (self.cron, self.timezone, self.calendar)))

    def _times(self, time: dt.datetime) -> Iterator[dt.datetime]:
        zone = _zone(self)
        for local in _occurrences(self, time.astimezone(zone)):
            moment = local.astimezone(dt.UTC)
            if moment - time > _REACH:
                break
            if moment > time and _has_session(self.calendar, local.date()):
                yield moment
        msg = f"cron: expected a time within nine years of {time:%Y-%m-%d}, got none of {self}"
        raise ConfigError(msg, hint="another line of cron, or another calendar")


def declared(config: ScheduleConfig) -> Rhythm:
    """Return the rhythm that a configuration declares."""
    if config.cron is None:
        return Rhythm(every=dt.timedelta(seconds=seconds(str(config.every))))
    return Rhythm(cron=config.cron, timezone=config.timezone, calendar=config.calendar)


def recorded(job: JobState) -> Rhythm:
    """Return the rhythm that a job's record says was in force."""
    if job.cron is None:
        return Rhythm(every=job.every)
    return Rhythm(cron=job.cron, timezone=job.timezone, calendar=job.calendar)


def _zone(rhythm: Rhythm) -> ZoneInfo:
    name = rhythm.timezone or "UTC"
    try:
        require_cron(rhythm.cron, name)
    except ValueError as error:
        msg = f"schedule: {str(error).replace('Expected', 'expected')}"
        raise ConfigError(msg) from error
    return ZoneInfo(name)


def _occurrences(rhythm: Rhythm, after: dt.datetime) -> Iterator[dt.datetime]:
    """Yield every time of a line of cron, without its calendar."""
    try:
        from cronsim import CronSim, CronSimError  # noqa: PLC0415  # what only counts intervals runs without it
    except ImportError as error:
        msg = f"schedule: expected cronsim for the line {rhythm.cron}, got {error}"
        raise ConfigError(msg, hint="pip install bot-core[train]") from error
    try:
        yield from CronSim(str(rhythm.cron), after)
    except CronSimError as error:
        msg = f"cron: expected minute, hour, day, month and weekday, got {rhythm.cron!r}: {error}"
        raise ConfigError(msg, hint="such as 30 22 * * 1-5") from error


def _has_session(calendar: str | None, day: dt.date) -> bool:
    if calendar is None or calendar == ALWAYS:
        return True
    if calendar == FX:
        return day.weekday() < _SATURDAY
    return day in _sessions(calendar, day.year)


@cache
def _sessions(calendar: str, year: int) -> frozenset[dt.date]:
    """Return an exchange's sessions of a year. Loaded by name: what decides and serves must not depend on pandas."""
    first, last = (import_module("numpy").datetime64(f"{year}-{end}") for end in ("01-01", "12-31"))
    try:
        times = import_module("bot_core.data.calendars").expected_times(calendar, first, last, _DAY_US)
    except ConfigError as error:
        raise ConfigError(error.message.replace("data.calendar", "schedule.calendar"), hint=error.hint) from error
    return frozenset(time.astype(object).date() for time in times)
