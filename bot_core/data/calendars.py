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
import warnings

import exchange_calendars
import numpy as np
import pandas as pd
from exchange_calendars.errors import NoSessionsError  # type: ignore[import-untyped]  # it ships no types
from numpy.typing import NDArray

from bot_core.data.durations import DAY
from bot_core.errors import ConfigError, InputError

Times = NDArray[np.datetime64]  # (n,) datetime64[us], UTC

ALWAYS, FX = "24/7", "fx"
MOST = 100_000_000
_NEW_YORK = "America/New_York"
_OPEN, _WEEK = np.timedelta64(17, "h"), np.timedelta64(5, "D")
_SUNDAY, _THURSDAY = 6, 3  # days of the week from Monday = 0; 1970 began on a Thursday


def expected_times(calendar: str, first: np.datetime64, last: np.datetime64, bar: int) -> Times:
    """Return the starts of all bars due from `first` to `last`, sorted.

    Args:
        calendar: `24/7`, `fx`, or a name of exchange_calendars.
        first: earliest time, UTC.
        last: latest time, UTC.
        bar: length of a bar in microseconds.

    Raises:
        ConfigError: no such calendar, or one that does not reach that far.
        InputError: more than `MOST` bars: a wrong time must not take all memory.
    """
    if calendar not in {ALWAYS, FX}:
        _require_known(calendar)
    start, end = first.astype("datetime64[us]"), last.astype("datetime64[us]")
    if (end - start).astype(np.int64) // bar > MOST:
        span = f"{np.datetime_as_string(start, unit='s')} to {np.datetime_as_string(end, unit='s')}"
        msg = f"expected at most {MOST:,} bars by the calendar {calendar}, got times from {span}"
        raise InputError(msg, hint="one of these times, or data.bar, is wrong")
    if bar > DAY:
        return np.arange(start, end + np.timedelta64(1, "us"), np.timedelta64(bar, "us"))
    times = _days(calendar, start, end) if bar == DAY else _within_days(calendar, start, end, bar)
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
    days = np.arange(start.astype("datetime64[D]"), end.astype("datetime64[D]") + 1)
    if calendar == ALWAYS:
        return days.astype("datetime64[us]")
    if calendar == FX:
        return days[np.is_busday(days)].astype("datetime64[us]")
    return _exchange(calendar, days[0] - 1, days[-1], None)  # its start must come before its end


def _within_days(calendar: str, start: np.datetime64, end: np.datetime64, bar: int) -> Times:
    if calendar == ALWAYS:
        first = start.astype(np.int64) // bar * bar
        return np.arange(first, end.astype(np.int64) + 1, bar).astype("datetime64[us]")
    if calendar == FX:
        return _fx(start, end, np.timedelta64(bar, "us"))
    day_before, day_after = (
        start.astype("datetime64[D]") - 1,
        end.astype("datetime64[D]") + 1,
    )  # east of UTC a session starts the day before
    return _exchange(calendar, day_before, day_after, pd.Timedelta(bar, "us"))


def _fx(start: np.datetime64, end: np.datetime64, bar: np.timedelta64) -> Times:
    """Return the bars of every week that touches the span. The clocks change on Sundays at 02:00, so every week has 120 hours."""
    days = np.arange(start.astype("datetime64[D]") - 7, end.astype("datetime64[D]") + 1)
    sundays = days[(days.astype(np.int64) + _THURSDAY) % 7 == _SUNDAY]
    opens = pd.DatetimeIndex(sundays + _OPEN).tz_localize(_NEW_YORK).tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")
    times: Times = np.add.outer(opens, np.arange(np.timedelta64(0, "us"), _WEEK, bar)).ravel()
    return times


def _exchange(calendar: str, first: np.datetime64, last: np.datetime64, bar: pd.Timedelta | None) -> Times:
    """Return the sessions' dates, or the starts of their bars."""
    try:
        with warnings.catch_warnings(action="ignore", category=pd.errors.Pandas4Warning):  # exchange_calendars 4.13 on pandas 3.1
            exchange = exchange_calendars.get_calendar(calendar, start=str(first), end=str(last))
            days = exchange.sessions
            index = days if bar is None else exchange.trading_index(days[0], days[-1], bar, intervals=False, closed="left")
            return index.to_numpy("datetime64[us]")
    except NoSessionsError:
        return np.array([], dtype="datetime64[us]")
    except (ValueError, NotImplementedError) as error:
        msg = f"data.calendar: expected a calendar from {first} to {last}, got {calendar}: {' '.join(str(error).split())[:200]}"
        raise ConfigError(msg, hint="use another calendar, or bars that it covers") from error
