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
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from bot_core.errors import DatasetError
from bot_core.features.columns import as_bars, bar_columns, cut, opening_times
from bot_core.features.dataset import FeatureDataset
from bot_core.features.indicators.indicator import Bar
from bot_core.features.spec import calls
from bot_core.features.targets import compute_target, warm_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from bot_core.features.columns import Columns
    from bot_core.features.indicators.indicator import State, Update
    from bot_core.features.spec import FeatureDefinition, FeatureSpec
    from bot_core.features.targets import BarTarget

    Floats = NDArray[np.float64]
    Loop = Callable[..., None]
    Run = tuple[Loop, slice]

F = TypeVar("F", bound="Callable[..., object]")
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
        times = opening_times(self.source)
        _check_rows(len(times), first, target)
        columns = bar_columns(self.source, times)
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
        runs = _compiled_runs(definitions) if compiled else _plain_runs(definitions)
        workers = min(_workers(self.workers), len(runs)) if compiled else 1
        shares = [runs[len(runs) * i // workers : len(runs) * (i + 1) // workers] for i in range(workers)]
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(_fill, shares, repeat(columns), repeat(values), repeat(compiled)))
        return values


def _fill(runs: Sequence[Run], columns: Columns, values: Floats, compiled: bool) -> None:  # noqa: FBT001  # pool.map calls it
    """Run some features over all bars, chunk by chunk, into their columns of the table; warm-up rows go nowhere."""
    rows = len(columns[0])
    first = rows - len(values)
    parts = [(0, first, np.empty((first, values.shape[1])))] if first else []
    starts = range(first, rows, CHUNK)
    parts += [(start, min(start + CHUNK, rows), values[start - first : start - first + CHUNK]) for start in starts]
    for start, stop, out in parts:
        chunk = cut(columns, start, stop)
        bars = chunk if compiled else as_bars(chunk)
        for run, place in runs:
            run(bars, out[:, place])


def _plain_runs(definitions: Sequence[FeatureDefinition]) -> list[Run]:
    return [(partial(_interpret, d.update, d.start()), slice(i, i + 1)) for i, d in enumerate(definitions)]


def _interpret(update: Update, state: State, bars: Sequence[Bar], out: Floats) -> None:
    """Run one indicator over a chunk in plain Python."""
    out[:, 0] = [update(state, bar) for bar in bars]


def _compiled_runs(definitions: Sequence[FeatureDefinition]) -> list[Run]:
    """Compile features four to a loop, so that the processor works on four chains of steps at once; then two, then one."""
    runs: list[Run] = []
    start = 0
    while start < len(definitions):
        width, compiled = next((width, loop) for width, loop in LOOPS if width <= len(definitions) - start)
        group = definitions[start : start + width]
        loop = compiled(*(d.update for d in group))
        runs.append((partial(loop, *(np.array(d.start(), np.float64) for d in group)), slice(start, start + width)))
        start += width
    return runs


@cache
def _one(a: Update) -> Loop:
    """Compile the loop over a chunk's bars for one indicator."""
    a = _linked(a)

    def loop(p: State, columns: Columns, out: Floats) -> None:
        time, open_, high, low, close, volume = columns
        for i in range(len(out)):
            out[i, 0] = a(p, Bar(time[i] / 1e6, open_[i], high[i], low[i], close[i], volume[i]))

    return _jit(loop, inner=False)


@cache
def _two(a: Update, b: Update) -> Loop:
    """Compile the loop over a chunk's bars for two indicators."""
    a, b = _linked(a), _linked(b)

    def loop(p: State, q: State, columns: Columns, out: Floats) -> None:
        time, open_, high, low, close, volume = columns
        for i in range(len(out)):
            bar = Bar(time[i] / 1e6, open_[i], high[i], low[i], close[i], volume[i])
            out[i, 0] = a(p, bar)
            out[i, 1] = b(q, bar)

    return _jit(loop, inner=False)


@cache
def _four(a: Update, b: Update, c: Update, d: Update) -> Loop:
    """Compile the loop over a chunk's bars for four indicators."""
    a, b, c, d = _linked(a), _linked(b), _linked(c), _linked(d)

    def loop(p: State, q: State, r: State, s: State, columns: Columns, out: Floats) -> None:
        time, open_, high, low, close, volume = columns
        for i in range(len(out)):
            bar = Bar(time[i] / 1e6, open_[i], high[i], low[i], close[i], volume[i])
            out[i, 0] = a(p, bar)
            out[i, 1] = b(q, bar)
            out[i, 2] = c(r, bar)
            out[i, 3] = d(s, bar)

    return _jit(loop, inner=False)


LOOPS: tuple[tuple[int, Callable[..., Loop]], ...] = ((4, _four), (2, _two), (1, _one))


@cache
def _linked(function: Callable[..., float]) -> Callable[..., float]:
    """Compile a plain function together with the plain functions it calls."""
    inner = {name: _linked(called) for name, called in calls(function)}
    return _jit(FunctionType(function.__code__, function.__globals__ | inner, function.__name__), inner=True)


def _jit(function: F, *, inner: bool) -> F:
    """Compile, arithmetic as written; `inner` functions are called from compiled code only."""
    from numba import njit  # noqa: PLC0415  # half a second that short histories need not pay

    compiled: F = njit(  # type: ignore[call-overload]  # numba's types leave three of its options out
        nogil=True, forceinline=inner, error_model="python", _nrt=False, no_cpython_wrapper=inner, no_cfunc_wrapper=True
    )(function)
    return compiled


def _workers(asked: int) -> int:
    return asked if asked > 0 else os.cpu_count() or 1


def _check_rows(rows: int, first: int, target: BarTarget) -> None:
    if rows <= first:
        msg = f"features: expected more bars than the warm-up of {first}, got {rows}"
        raise DatasetError(msg, hint="shorten the features' periods or bring more data")
    if rows - first <= target.horizon:
        msg = f"target: expected more bars than the horizon of {target.horizon}, got {rows - first} after a warm-up of {first}"
        raise DatasetError(msg, hint="shorten the horizon or bring more data")


def _label_ends(times: NDArray[np.datetime64], ends: NDArray[np.int64]) -> NDArray[np.datetime64]:
    labels = times[ends]  # where the end is not known, -1, any time
    labels[ends < 0] = np.datetime64("NaT")
    return labels
