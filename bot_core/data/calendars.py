"""When bars are due. A calendar is `24/7`, `fx`, or a name of exchange_calendars such as XNYS.

- `24/7`: every multiple of the bar since 1970.
- `fx`: the trading week, Sunday 17:00 to Friday 17:00 New York time, daylight saving included; bars start at its opening. There are
  no holidays: banks close one by one, and a feed that pauses over Christmas says so as missing bars.
- an exchange: its own sessions, holidays and special closings; bars within a day start at the opening and after the lunch break.

Daily bars carry the session's date at 00:00 UTC (`fx`: Monday to Friday). Bars longer than a day follow each other from the first
one without a pause, in every calendar. Times are the bars' starts; both ends are included. Today's date plays no part.
"""

from __future__ import annotations

import difflib

import exchange_calendars
import numpy as np
import pandas as pd
from exchange_calendars.errors import CalendarError
from numpy.typing import NDArray

from bot_core.data.durations import DAY
from bot_core.errors import ConfigError

Times = NDArray[np.datetime64]  # (n,) datetime64[us], UTC

ALWAYS, FX = "24/7", "fx"
_NEW_YORK = "America/New_York"
_OPEN, _LENGTH = np.timedelta64(17, "h"), np.timedelta64(5, "D")
_SUNDAY, _SATURDAY = 6, 5


def expected_times(calendar: str, first: np.datetime64, last: np.datetime64, bar: int) -> Times:
    """Return the starts of all bars due from `first` to `last`, sorted.

    Args:
        calendar: `24/7`, `fx`, or a name of exchange_calendars.
        first: earliest time, UTC.
        last: latest time, UTC.
        bar: length of a bar in microseconds.

    Raises:
        ConfigError: no such calendar, or one that does not reach that far.
    """
    if calendar not in {ALWAYS, FX}:
        _require_known(calendar)
    start, end = first.astype("datetime64[us]"), last.astype("datetime64[us]")
    if bar > DAY:
        return np.arange(start, end + np.timedelta64(1, "us"), np.timedelta64(bar, "us"))
    times = _days(calendar, start, end) if bar == DAY else _within_days(calendar, start, end, np.timedelta64(bar, "us"))
    return times[np.searchsorted(times, start) : np.searchsorted(times, end, side="right")]


def calendar_names() -> list[str]:
    """Return every calendar's name, ours first."""
    theirs: list[str] = sorted(exchange_calendars.get_calendar_names(include_aliases=False))
    return [ALWAYS, FX, *(name for name in theirs if name[0].isalpha())]


def _require_known(calendar: str) -> None:
    names = calendar_names()
    if calendar not in names:
        near = difflib.get_close_matches(calendar.lower(), [name.lower() for name in names], n=1)
        msg = f"data.calendar: expected one of {', '.join(names)}; got {calendar}"
        raise ConfigError(msg, hint=f"did you mean {next(name for name in names if name.lower() == near[0])}?" if near else "")


def _days(calendar: str, start: np.datetime64, end: np.datetime64) -> Times:
    if calendar in {ALWAYS, FX}:
        days = np.arange(start.astype("datetime64[D]"), end.astype("datetime64[D]") + 1)
        return (days if calendar == ALWAYS else days[np.is_busday(days)]).astype("datetime64[us]")
    return _exchange(calendar, start, end).sessions.to_numpy("datetime64[us]")


def _within_days(calendar: str, start: np.datetime64, end: np.datetime64, bar: np.timedelta64) -> Times:
    if calendar == ALWAYS:
        return np.arange(start - (start - np.datetime64(0, "us")) % bar, end + np.timedelta64(1, "us"), bar)
    opens, closes = _fx_weeks(start, end) if calendar == FX else _sessions(calendar, start, end)
    counts = -(-(closes - opens) // bar)  # a session that is no multiple of the bar ends with a shorter one
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    times = np.repeat(opens, counts)
    times += within * bar
    return times


def _fx_weeks(start: np.datetime64, end: np.datetime64) -> tuple[Times, Times]:
    sundays = np.arange(start.astype("datetime64[D]") - 7, end.astype("datetime64[D]") + 7)
    sundays = sundays[(sundays.astype(np.int64) + 3) % 7 == _SUNDAY]  # 1970-01-01 was a Thursday
    return _new_york(sundays + _OPEN), _new_york(sundays + _LENGTH + _OPEN)


def _new_york(local: Times) -> Times:
    return pd.DatetimeIndex(local).tz_localize(_NEW_YORK).tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")


def _sessions(calendar: str, start: np.datetime64, end: np.datetime64) -> tuple[Times, Times]:
    """Return opens and closes of a calendar's sessions; a lunch break makes two of one."""
    schedule = _exchange(calendar, start, end).schedule
    opens, closes, pauses, resumes = (
        schedule[name].dt.tz_localize(None).to_numpy("datetime64[us]") for name in ("open", "close", "break_start", "break_end")
    )
    whole = np.isnat(pauses)
    parts = np.concatenate([opens, resumes[~whole]]), np.concatenate([np.where(whole, closes, pauses), closes[~whole]])
    order = np.argsort(parts[0], kind="stable")
    return parts[0][order], parts[1][order]


def _exchange(calendar: str, start: np.datetime64, end: np.datetime64) -> exchange_calendars.ExchangeCalendar:
    """Return the calendar over these days and a week around them, so that a single weekend is no empty calendar."""
    first, last = start.astype("datetime64[D]") - 7, end.astype("datetime64[D]") + 7
    try:
        return exchange_calendars.get_calendar(calendar, start=str(first), end=str(last))
    except (ValueError, CalendarError) as error:
        msg = f"data.calendar: expected a calendar from {first} to {last}, got {calendar}: {' '.join(str(error).split())}"
        raise ConfigError(msg, hint="use another calendar, or shorter data") from error
