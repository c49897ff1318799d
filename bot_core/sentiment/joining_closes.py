"""When a bar is known: at its close, which is neither its time nor always one bar length later.

A bar's time is its start. Within the day it closes one bar length on, or when its session closes, whichever is first. A daily bar carries
its session's date and closes when the session does: 16:00 New York for XNYS, 17:00 New York for `fx`, midnight for `24/7`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import exchange_calendars
import numpy as np
import pandas as pd

from bot_core.data.calendars import ALWAYS, FX, calendar_names
from bot_core.data.durations import DAY, microseconds
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.config.models import CsvBars, ParquetBars

    Times = NDArray[np.datetime64]

_NEW_YORK = "America/New_York"
_FX_CLOSE = np.timedelta64(17, "h")


def closes(times: Times, config: CsvBars | ParquetBars) -> Times:
    """Return the closes of bars that start at `times`, (n,) datetime64[us] UTC, in order.

    Raises:
        ConfigError: no such calendar, or a session that it does not have.
    """
    length = microseconds(config.bar, "data.bar")
    ends = (times.astype("datetime64[us]") + np.timedelta64(length, "us")).astype("datetime64[us]")
    if config.calendar == ALWAYS or not len(times) or length > DAY:
        return ends
    if config.calendar == FX:
        return _new_york_close(times) if length == DAY else ends
    sessions, last = _sessions(config.calendar, times)
    if length < DAY:
        cut: Times = np.minimum(ends, last[np.searchsorted(last, times, side="right")])
        return cut
    place = np.minimum(np.searchsorted(sessions, times), len(sessions) - 1)
    if (strange := np.flatnonzero(sessions[place] != times)).size:
        msg = f"data.calendar: expected sessions of {config.calendar} alone, got a bar on {times[strange[0]]}"
        raise ConfigError(msg, hint="name the calendar by which the bars were made")
    return last[place]


def _new_york_close(dates: Times) -> Times:
    local = pd.DatetimeIndex(dates + _FX_CLOSE).tz_localize(_NEW_YORK)
    return local.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")


def _sessions(calendar: str, times: Times) -> tuple[Times, Times]:
    """Return the sessions' dates and their closes, from before the first time to after the last."""
    if calendar not in calendar_names():
        msg = f"data.calendar: expected one of {', '.join(calendar_names())}; got {calendar}"
        raise ConfigError(msg)
    start, end = times[0].astype("datetime64[D]") - 7, times[-1].astype("datetime64[D]") + 14
    with warnings.catch_warnings(action="ignore", category=pd.errors.Pandas4Warning):  # exchange_calendars 4.13 on pandas 3.1
        exchange = exchange_calendars.get_calendar(calendar, start=str(start), end=str(end))
        ends = exchange.closes.dt.tz_convert("UTC").dt.tz_localize(None)
        return exchange.sessions.to_numpy("datetime64[us]"), ends.to_numpy("datetime64[us]")
