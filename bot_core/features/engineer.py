"""Features over a whole history: the one module that compiles.

The same `init` and `update` run online as they stand (`online`); here numba turns them into machine code, together with the plain
functions they call, without any freedom to reorder arithmetic. So both agree to the last bit, and a short history, where compiling
costs more than it saves, simply runs the plain code. Neither the choice nor the number of threads can be seen in the result.

Work goes in chunks of rows that fit a processor's cache; the only large memory taken is the table that is returned.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import repeat
from types import FunctionType
from typing import TYPE_CHECKING

import numpy as np

from bot_core.errors import DatasetError, InputError
from bot_core.features.dataset import FeatureDataset
from bot_core.features.indicators.indicator import Bar
from bot_core.features.spec import calls
from bot_core.features.targets import compute_target, warm_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from bot_core.features.indicators.indicator import State, Update
    from bot_core.features.spec import FeatureDefinition, FeatureSpec
    from bot_core.features.targets import BarTarget

    Floats = NDArray[np.float64]
    Columns = tuple[NDArray[np.int64], Floats, Floats, Floats, Floats, Floats]
    Driver = Callable[[Columns, Floats], None]

PRICES = ("open", "high", "low", "close")
COMPILE_FROM = 200_000
CHUNK = 4096


class FeatureEngineer:
    """Features and targets of one instrument's bars.

    Args:
        source: bars in order of time: `time` (datetime64[us], UTC or naive UTC, the bar's opening), `open`, `high`, `low`, `close`,
            `volume` (float64).
        compile_from: number of bars from which compiling pays.
        workers: threads for compiled features; -1: one per core.
    """

    def __init__(self, source: pd.DataFrame, *, compile_from: int = COMPILE_FROM, workers: int = -1) -> None:
        self.source = source
        self.compile_from = compile_from
        self.workers = workers

    def build_dataset(self, spec: FeatureSpec, target: BarTarget) -> FeatureDataset:
        """Compute features and target of every bar after the warm-up; the newest rows, not labelled yet, are kept.

        Raises:
            InputError: bars out of order, prices that are not above zero, volumes below zero, or anything not finite.
            DatasetError: the warm-up leaves no row, or the horizon leaves no label.
        """
        first = max(spec.warm_up, warm_up(target))
        times = _times(self.source)
        _check_rows(len(times), first, target)
        columns = _columns(self.source, times)
        label = compute_target(self.source, target)
        return FeatureDataset(
            feature_names=spec.names,
            times=times[first:],
            label_ends=_label_ends(times, label.ends[first:]),
            targets=label.labels[first:],
            values=self._values(spec.definitions, columns, first),
            payoffs=None if label.payoffs is None else label.payoffs[first:],
        )

    def _values(self, definitions: Sequence[FeatureDefinition], columns: Columns, first: int) -> Floats:
        """Compute all features, (rows after `first`, features) in C order."""
        rows = len(columns[0])
        compiled = rows >= self.compile_from
        values = np.empty((rows - first, len(definitions)))
        workers = _workers(self.workers, len(definitions)) if compiled else 1
        groups = [g for g in np.array_split(np.arange(len(definitions)), workers) if len(g)]
        with ThreadPoolExecutor(workers) as pool:
            parts = [(definitions[g[0] : g[-1] + 1], values[:, g[0] : g[-1] + 1]) for g in groups]
            list(pool.map(_fill, *zip(*parts, strict=True), repeat(columns), repeat(compiled)))
        return values


def _fill(definitions: Sequence[FeatureDefinition], values: Floats, columns: Columns, compiled: bool) -> None:  # noqa: FBT001
    """Run some features over all bars, chunk by chunk, into their columns of the table."""
    rows = len(columns[0])
    first = rows - len(values)
    steps = [_step(definition, compiled=compiled) for definition in definitions]
    buffer = np.empty((len(steps), CHUNK))
    for start in range(0, rows, CHUNK):
        stop = min(start + CHUNK, rows)
        chunk = tuple(column[start:stop] for column in columns)
        bars = chunk if compiled else _bars(chunk)
        for step, out in zip(steps, buffer, strict=True):
            step(bars, out[: stop - start])
        keep = max(first, start)
        if keep < stop:
            values[keep - first : stop - first] = buffer[:, keep - start : stop - start].T


def _drive(update: Update, state: State, columns: Columns, out: Floats) -> None:
    """Run one indicator over a chunk; compiled only."""
    time, open_, high, low, close, volume = columns
    for i in range(len(out)):
        out[i] = update(state, Bar(time[i] / 1e6, open_[i], high[i], low[i], close[i], volume[i]))


def _interpret(update: Update, state: State, bars: Sequence[Bar], out: Floats) -> None:
    """Run one indicator over a chunk in plain Python."""
    out[:] = [update(state, bar) for bar in bars]


def _step(definition: FeatureDefinition, *, compiled: bool) -> Callable[..., object]:
    if compiled:
        return partial(_compiled(_drive), _compiled(definition.update), np.array(definition.start(), np.float64))
    return partial(_interpret, definition.update, definition.start())


@cache
def _compiled(function: Callable[..., object]) -> Callable[..., object]:
    """Compile a plain function together with the plain functions it calls; arithmetic stays as written."""
    from numba import njit  # noqa: PLC0415  # half a second that short histories need not pay

    linked = {name: _compiled(called) for name, called in calls(function)}
    copy = FunctionType(function.__code__, function.__globals__ | linked, function.__name__)
    bare = function is not _drive  # only the driver is called from Python
    return njit(nogil=True, forceinline=True, error_model="python", _nrt=False, no_cpython_wrapper=bare, no_cfunc_wrapper=True)(copy)


def _bars(chunk: Columns) -> list[Bar]:
    time, *values = (column.tolist() for column in chunk)
    return [Bar(t / 1e6, *row) for t, *row in zip(time, *values, strict=True)]


def _workers(asked: int, features: int) -> int:
    return min(features, os.cpu_count() or 1 if asked < 1 else asked)


def _times(frame: pd.DataFrame) -> NDArray[np.datetime64]:
    """Return the opening times as naive UTC datetime64[us]."""
    time = frame["time"]
    if time.dt.tz is not None:
        time = time.dt.tz_convert("UTC").dt.tz_localize(None)
    times = time.to_numpy("datetime64[us]")
    late = np.flatnonzero(~(times[:-1] <= times[1:]))
    if len(late):
        msg = f"bars: time: expected rows in order of time, got {times[late[0] + 1]} after {times[late[0]]}"
        raise InputError(msg, hint="declare `sort: true` in the repairs of conf/data")
    return times


def _columns(frame: pd.DataFrame, times: NDArray[np.datetime64]) -> Columns:
    """Return the six columns, contiguous, without a copy where they are so already."""
    open_, high, low, close = (_checked(frame, name, times, "above zero") for name in PRICES)
    volume = _checked(frame, "volume", times, "at or above zero")
    return times.view(np.int64), open_, high, low, close, volume


def _checked(frame: pd.DataFrame, name: str, times: NDArray[np.datetime64], allowed: str) -> Floats:
    column = np.ascontiguousarray(frame[name].to_numpy(np.float64))
    fine = np.isfinite(column)
    fine &= column > 0.0 if name in PRICES else column >= 0.0
    if not fine.all():
        at = int(np.argmin(fine))
        msg = f"bars: {name}: expected finite numbers {allowed}, got {column[at]:g} at {times[at]}"
        raise InputError(msg, hint="repair the data or declare a repair in conf/data")
    return column


def _check_rows(rows: int, first: int, target: BarTarget) -> None:
    if rows <= first:
        msg = f"features: expected more bars than the warm-up of {first}, got {rows}"
        raise DatasetError(msg, hint="shorten the features' periods or bring more data")
    if rows - first <= target.horizon:
        msg = f"target: expected more bars than the horizon of {target.horizon}, got {rows - first} after a warm-up of {first}"
        raise DatasetError(msg, hint="shorten the horizon or bring more data")


def _label_ends(times: NDArray[np.datetime64], ends: NDArray[np.int64]) -> NDArray[np.datetime64]:
    labels = np.full(len(ends), np.datetime64("NaT"), dtype="datetime64[us]")
    known = ends >= 0
    labels[known] = times[ends[known]]
    return labels
