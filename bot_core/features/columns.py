"""A frame's bars as plain columns, checked: what indicators may be run over.

Times are in order, prices finite and above zero, volumes finite and not below zero. Nothing is copied that lies contiguous already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.errors import InputError
from bot_core.features.indicators.indicator import Bar

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]
    Columns = tuple[NDArray[np.int64], Floats, Floats, Floats, Floats, Floats]

PRICES = ("open", "high", "low", "close")


def utc_times(column: pd.Series[pd.Timestamp]) -> Times:
    """Return times as naive UTC datetime64[us]; times without a zone are UTC."""
    if column.dt.tz is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column.to_numpy("datetime64[us]")


def opening_times(frame: pd.DataFrame) -> Times:
    """Return the bars' opening times.

    Raises:
        InputError: a time is missing or before the one above it.
    """
    times = utc_times(frame["time"])
    if not (times[:-1] <= times[1:]).all():
        late = np.flatnonzero(~(times[:-1] <= times[1:]))
        msg = f"bars: time: expected rows in order of time, got {times[late[0] + 1]} after {times[late[0]]}"
        raise InputError(msg, hint="declare `sort: true` in the repairs of conf/data")
    return times


def bar_columns(frame: pd.DataFrame, times: Times) -> Columns:
    """Return time (microseconds since 1970), open, high, low, close and volume.

    Raises:
        InputError: a price that is not finite and above zero, a volume that is not finite or below zero.
    """
    open_, high, low, close = (_checked(frame, name, times, "above zero") for name in PRICES)
    volume = _checked(frame, "volume", times, "at or above zero")
    return times.view(np.int64), open_, high, low, close, volume


def cut(columns: Columns, start: int, stop: int) -> Columns:
    """Return some rows of all columns."""
    time, open_, high, low, close, volume = columns
    rows = slice(start, stop)
    return time[rows], open_[rows], high[rows], low[rows], close[rows], volume[rows]


def as_bars(columns: Columns) -> list[Bar]:
    """Return one `Bar` of plain numbers per row."""
    time, *values = (column.tolist() for column in columns)
    return [Bar(t / 1e6, *row) for t, *row in zip(time, *values, strict=True)]


def _checked(frame: pd.DataFrame, name: str, times: NDArray[np.datetime64], allowed: str) -> Floats:
    column = np.ascontiguousarray(frame[name].to_numpy(np.float64))
    least, most = (column.min(), column.max()) if len(column) else (1.0, 1.0)  # nan where anything is nan
    above = least > 0.0 if name in PRICES else least >= 0.0
    if not (above and most < np.inf):
        at = int(np.argmin(np.isfinite(column) & (column > 0.0 if name in PRICES else column >= 0.0)))
        msg = f"bars: {name}: expected finite numbers {allowed}, got {column[at]:g} at {times[at]}"
        raise InputError(msg, hint="repair the data or declare a repair in conf/data")
    return column
