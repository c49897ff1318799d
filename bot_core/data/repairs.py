"""The only place that changes data. Every repair is declared in `conf/data/` and counted; what is not declared does not happen.

In this order:

1. `sort` by time; rows of one time keep their order. Counted: the rows that moved.
2. `drop_duplicates`: of bars with one time the last in file order stays (a later row is a correction); of events only rows that are
   equal in every column are dropped, since two events may share a time. Counted: the rows dropped.
3. `adjust_for_splits`: prices are multiplied by `adjusted_close / close`, volume is divided by it. Vendors fold dividends into
   `adjusted_close` too. Counted: the rows whose factor is not 1.
4. `forward_fill_at_most` n: a gap of at most n bars due by the calendar is filled with flat bars at the last close, volume 0.
   Longer gaps stay as they are. Counted: the bars inserted. It needs bars in order, one per time; otherwise it does nothing.

Repairing twice changes nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.config.models import EventTable
from bot_core.data.calendars import expected_times
from bot_core.data.contracts import ADJUSTED_CLOSE, LABEL, LABEL_END, OFFSET, PAYOFF, PRICES, TIME
from bot_core.data.durations import microseconds
from bot_core.documents.data_quality import Repair
from bot_core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot_core.config.models import CsvBars, DataConfig, ParquetBars
    from bot_core.data.calendars import Times


def repair(frame: pd.DataFrame, config: DataConfig) -> tuple[pd.DataFrame, list[Repair]]:
    """Return the frame after the declared repairs, and what each did. The frame given is not changed.

    Args:
        frame: a table of `bot_core.data.contracts`, as a source returned it.
        config: the source; `config.repairs` declares.

    Raises:
        ConfigError: a repair that this source has no use for, or an unknown calendar.
    """
    if isinstance(config, EventTable):
        return _repair_events(frame, config)
    return _repair_bars(frame, config)


def require_usable(frame: pd.DataFrame, config: DataConfig, columns: Sequence[str] | None = None) -> None:
    """Check what every later stage relies on: finite numbers, and times in order (of bars: each later than the one before).

    Args:
        frame: the repaired table.
        config: its source.
        columns: the columns of events that must be finite; None: all. Labels only have to be finite where they are known.

    Raises:
        InputError: something is left that no declared repair took away; names it and what would.
    """
    late = _first(out_of_order(frame, config))
    if late is not None:
        when = _written(frame, late)
        repeats = bool(frame[TIME].iloc[late] == frame[TIME].iloc[late - 1])
        expected = "times in order" if isinstance(config, EventTable) else "every bar later than the one before"
        msg = f"{config.path}: row {late + 1}: expected {expected}, got {when} {'twice' if repeats else 'after a later time'}"
        raise InputError(msg, hint=f"declare data.repairs.{'drop_duplicates' if repeats else 'sort'}: true")
    for name, bad in not_finite(frame, config, columns).items():
        row = _first(bad)
        if row is not None:
            place = f"{config.path}: row {row + 1} ({_written(frame, row)}): column {name}"
            msg = f"{place}: expected a number, got {frame[name].iloc[row]}"
            raise InputError(msg, hint="no repair invents values: mend the source, or remove the row or the column there")


def out_of_order(frame: pd.DataFrame, config: DataConfig) -> NDArray[np.bool_]:
    """Say of every row whether its time is earlier than the row before it (of bars: or equal)."""
    times = frame[TIME].to_numpy("datetime64[us]")
    late = times[1:] < times[:-1] if isinstance(config, EventTable) else times[1:] <= times[:-1]
    return np.concatenate([np.zeros(min(1, len(times)), dtype=bool), late])


def not_finite(frame: pd.DataFrame, config: DataConfig, columns: Sequence[str] | None = None) -> dict[str, NDArray[np.bool_]]:
    """Say per column of numbers which rows are NaN or infinite; a label or payoff only counts where its label end is known."""
    names = [str(name) for name in frame.columns if name not in {TIME, LABEL_END, OFFSET}]
    if columns is not None:
        names = [name for name in names if name in {*columns, LABEL, PAYOFF}]
    bad = {name: ~np.isfinite(frame[name].to_numpy()) for name in names}
    if isinstance(config, EventTable):
        known = frame[LABEL_END].notna().to_numpy()
        bad |= {name: bad[name] & known for name in (LABEL, PAYOFF) if name in bad}
    return bad


def _repair_bars(frame: pd.DataFrame, config: CsvBars | ParquetBars) -> tuple[pd.DataFrame, list[Repair]]:
    done: list[Repair] = []
    declared = config.repairs
    if declared.sort:
        frame, rows = _sorted(frame)
        done.append(Repair(action="sort", rows=rows))
    if declared.drop_duplicates:
        frame, rows = _one_per_time(frame)
        done.append(Repair(action="drop_duplicates", rows=rows))
    if declared.adjust_for_splits:
        frame, rows = _adjusted(frame)
        done.append(Repair(action="adjust_for_splits", rows=rows))
    if declared.forward_fill_at_most:
        frame, rows = _filled(frame, config)
        done.append(Repair(action="forward_fill_at_most", rows=rows))
    return frame, done


def _repair_events(frame: pd.DataFrame, config: EventTable) -> tuple[pd.DataFrame, list[Repair]]:
    done: list[Repair] = []
    declared = config.repairs
    if declared.adjust_for_splits or declared.forward_fill_at_most:
        name = "adjust_for_splits" if declared.adjust_for_splits else "forward_fill_at_most"
        msg = f"data.repairs.{name}: expected a repair for events (sort, drop_duplicates), got one for bars"
        raise ConfigError(msg, hint="remove the key")
    if declared.sort:
        frame, rows = _sorted(frame)
        done.append(Repair(action="sort", rows=rows))
    if declared.drop_duplicates:
        frame, rows = _without(frame, frame.duplicated(keep="last").to_numpy())
        done.append(Repair(action="drop_duplicates", rows=rows))
    return frame, done


def _sorted(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    if frame[TIME].is_monotonic_increasing:
        return frame, 0
    order = np.argsort(frame[TIME].to_numpy("datetime64[us]"), kind="stable")
    moved = int(np.count_nonzero(order != np.arange(len(order))))
    return frame.take(order).reset_index(drop=True), moved


def _one_per_time(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    times = frame[TIME].to_numpy("datetime64[us]")
    if (times[1:] >= times[:-1]).all():  # the usual case, and much cheaper than looking every time up
        return _without(frame, np.append(times[1:] == times[:-1], [False]))
    return _without(frame, frame.duplicated(TIME, keep="last").to_numpy())


def _without(frame: pd.DataFrame, drop: NDArray[np.bool_]) -> tuple[pd.DataFrame, int]:
    rows = int(drop.sum())
    return (frame[~drop].reset_index(drop=True), rows) if rows else (frame, 0)


def _adjusted(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    if ADJUSTED_CLOSE not in frame.columns:
        msg = "data.repairs.adjust_for_splits: expected data.columns.adjusted_close to name a column, got none"
        raise ConfigError(msg, hint="name the column, or remove the repair")
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = frame[ADJUSTED_CLOSE].to_numpy() / frame["close"].to_numpy()
    changed = (factor != 1.0) & ~np.isnan(frame["close"].to_numpy())
    if not changed.any():
        return frame, 0
    new = {name: frame[name] * factor for name in PRICES}
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = frame["volume"] / factor
    return frame.assign(**new, volume=volume, adjusted_close=new["close"]), int(np.count_nonzero(changed))


def _filled(frame: pd.DataFrame, config: CsvBars | ParquetBars) -> tuple[pd.DataFrame, int]:
    times = frame[TIME].to_numpy("datetime64[us]")
    if len(times) == 0 or out_of_order(frame, config).any():
        return frame, 0
    due = expected_times(config.calendar, times[0], times[-1], microseconds(config.bar, "data.bar"))
    before = np.searchsorted(times, due, side="right") - 1  # the last bar at or before each due time
    missing = times[before] != due
    due, before = due[missing], before[missing]
    short = np.bincount(before, minlength=len(times))[before] <= config.repairs.forward_fill_at_most
    due, added = due[short], np.bincount(before[short], minlength=len(times))
    return (_with_flat_bars(frame, due, added), len(due)) if len(due) else (frame, 0)


def _with_flat_bars(frame: pd.DataFrame, due: Times, added: NDArray[np.intp]) -> pd.DataFrame:
    """Return the bars with `added` flat ones behind each, at the times `due`."""
    source = np.repeat(np.arange(len(frame)), 1 + added)
    columns = {str(name): frame[name].to_numpy()[source] for name in frame.columns if name != TIME}
    times = frame[TIME].to_numpy("datetime64[us]")[source]
    flat = np.ones(len(source), dtype=bool)
    flat[np.arange(len(frame)) + np.cumsum(added) - added] = False
    times[flat] = due
    for name in PRICES:
        columns[name][flat] = columns["close"][flat]
    columns["volume"][flat] = 0.0
    return pd.DataFrame({TIME: pd.DatetimeIndex(times, tz="UTC"), **columns}, copy=False)


def _first(bad: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(bad)) if bad.any() else None


def _written(frame: pd.DataFrame, row: int) -> str:
    return f"{frame[TIME].iloc[row]:%Y-%m-%dT%H:%M:%SZ}"
