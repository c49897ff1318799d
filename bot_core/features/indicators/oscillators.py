"""Oscillators on their usual scales: RSI and stochastics 0 to 100, Williams %R -100 to 0. Flat prices give the middle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.smoothing import smooth, wilder
from bot_core.features.indicators.windows import HEADER, highest, layout, total

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_rsi(period: float) -> State:
    """Hold Wilder's means of gains and of losses, and the last close."""
    return [*wilder(period), *wilder(period), math.nan]


def rsi(state: State, bar: Bar) -> float:
    """Return Wilder's relative strength index: 100 gains / (gains + losses); 50 where nothing moves (Wilder, 1978.)."""
    move = bar.close - state[10]
    state[10] = bar.close
    if math.isnan(move):
        return math.nan
    up = move > 0.0
    gain = smooth(state, 0, move if up else 0.0)
    loss = smooth(state, 5, 0.0 if up else -move)
    both = gain + loss
    return 100.0 * gain / both if both != 0.0 else 50.0


def init_stochastic(period: float) -> State:
    """Hold the last `period` highs and lows."""
    return layout((), period, period)


def stochastic_k(state: State, bar: Bar) -> float:
    """Return 100 (close - lowest low) / (highest high - lowest low) of the last `period` bars; 50 where they are equal."""
    top = highest(state, 0, bar.high)
    floor = -highest(state, HEADER, -bar.low)
    return 100.0 * (bar.close - floor) / (top - floor) if top != floor else 50.0


def init_stochastic_d(period: float, smooth: float) -> State:
    """Hold the last `period` highs and lows and the last `smooth` values of %K."""
    return layout((), period, period, smooth)


def stochastic_d(state: State, bar: Bar) -> float:
    """Return the mean of the last `smooth` values of `stochastic_k`."""
    k = stochastic_k(state, bar)
    if math.isnan(k):
        return math.nan
    size = state[2 * HEADER + 1] - state[2 * HEADER + 2] + 1.0
    return total(state, 2 * HEADER, k) / size


def williams_r(state: State, bar: Bar) -> float:
    """Return Williams %R: 100 (close - highest high) / (highest high - lowest low); -50 where they are equal."""
    return stochastic_k(state, bar) - 100.0
