"""Oscillators on their usual scales: RSI and stochastics 0 to 100, Williams %R -100 to 0. Flat prices give the middle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.smoothing import smooth, wilder
from bot_core.features.indicators.windows import HEADER, extremes, layout, peaks, sums, total

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_rsi(period: float) -> State:
    """Hold Wilder's means of gains and of losses, and the last close."""
    return [*wilder(period), *wilder(period), 0.0]


def rsi(state: State, bar: Bar) -> float:
    """Return Wilder's relative strength index: 100 gains / (gains + losses); 50 where nothing moves (Wilder, 1978)."""
    before = state[10]
    state[10] = bar.close
    if before == 0.0:
        return math.nan
    move = bar.close - before
    gain = smooth(state, 0, move if move > 0.0 else 0.0)  # noqa: FURB136  # online, calling max would cost more
    loss = smooth(state, 5, -move if move < 0.0 else 0.0)
    both = gain + loss
    return 100.0 * gain / both if both != 0.0 else 50.0


def init_stochastic(period: float) -> State:
    """Hold the extremes of the last `period` bars."""
    return layout((), peaks(period, 2))


def stochastic_k(state: State, bar: Bar) -> float:
    """Return 100 (close - lowest low) / (highest high - lowest low) of the last `period` bars; 50 where they are equal."""
    top, floor = extremes(state, 0, bar.high, bar.low)
    return 100.0 * (bar.close - floor) / (top - floor) if top != floor else 50.0


def williams_r(state: State, bar: Bar) -> float:
    """Return Williams %R: 100 (close - highest high) / (highest high - lowest low); -50 where they are equal."""
    return stochastic_k(state, bar) - 100.0


def init_stochastic_d(period: float, smoothing: float) -> State:
    """Hold the extremes of the last `period` bars, the sum of the last `smoothing` values of %K, and 1 / smoothing."""
    return [*layout((), peaks(period, 2), sums(smoothing)), 1.0 / smoothing]


def stochastic_d(state: State, bar: Bar) -> float:
    """Return the mean of the last `smoothing` values of `stochastic_k`."""
    k = stochastic_k(state, bar)
    if math.isnan(k):
        return math.nan
    return total(state, HEADER, k) * state[-1]
