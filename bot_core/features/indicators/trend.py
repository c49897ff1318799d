"""Trend: distance to means, MACD, PPO, Aroon, Wilder's directional movement, Kaufman's efficiency ratio."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.smoothing import exponential, smooth, wilder
from bot_core.features.indicators.windows import HEADER, age_of_highest, lagged, layout, peaks, sums, total

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State

SECOND = 5  # smoothers take five numbers each
THIRD = 10
FOURTH = 15


def init_sma_distance(period: float) -> State:
    """Hold the period and the sum of the last `period` closes."""
    return layout([period], sums(period))


def sma_distance(state: State, bar: Bar) -> float:
    """Return close / mean close of the last `period` bars - 1."""
    return bar.close * state[0] / total(state, 1, bar.close) - 1.0


def ema_distance(state: State, bar: Bar) -> float:
    """Return close / exponential mean close - 1."""
    return bar.close / smooth(state, 0, bar.close) - 1.0


def init_ppo(fast: float, slow: float) -> State:
    """Hold two exponential means."""
    return exponential(fast) + exponential(slow)


def ppo(state: State, bar: Bar) -> float:
    """Return the percentage price oscillator, 100 (fast mean - slow mean) / slow mean."""
    fast = smooth(state, 0, bar.close)
    slow = smooth(state, SECOND, bar.close)
    return 100.0 * (fast - slow) / slow


def init_macd_histogram(fast: float, slow: float, signal: float) -> State:
    """Hold three exponential means."""
    return exponential(fast) + exponential(slow) + exponential(signal)


def macd_histogram(state: State, bar: Bar) -> float:
    """Return (MACD line - its signal) / close (Appel, 1979)."""
    line = smooth(state, 0, bar.close) - smooth(state, SECOND, bar.close)
    if math.isnan(line):
        return math.nan
    return (line - smooth(state, THIRD, line)) / bar.close


def init_aroon(period: float) -> State:
    """Hold the period and the extremes of period + 1 bars."""
    return layout([period], peaks(period + 1.0, 2), peaks(period + 1.0, 2))


def aroon(state: State, bar: Bar) -> float:
    """Return the Aroon oscillator: 100 (bars since the lowest low - bars since the highest high) / period (Chande, 1995)."""
    period = state[0]
    since_high = age_of_highest(state, 1, bar.high, period + 1.0)
    since_low = age_of_highest(state, 1 + HEADER, -bar.low, period + 1.0)
    return 100.0 * (since_low - since_high) / period


def init_adx(period: float) -> State:
    """Hold Wilder's means of movement up, movement down, true range and the index itself, and the last bar."""
    return [*wilder(period), *wilder(period), *wilder(period), *wilder(period), 0.0, 0.0, 0.0]


def directions(state: State, bar: Bar) -> tuple[float, float]:
    """Return the smoothed movements up and down as shares of the smoothed true range; 0 where nothing moves (Wilder, 1978)."""
    high, low, close = state[20], state[21], state[22]
    state[20], state[21], state[22] = bar.high, bar.low, bar.close
    if close == 0.0:
        return math.nan, math.nan
    up = bar.high - high
    down = low - bar.low
    plus = smooth(state, 0, up if up > down and up > 0.0 else 0.0)
    minus = smooth(state, SECOND, down if down > up and down > 0.0 else 0.0)
    true_range = smooth(state, THIRD, max(bar.high, close) - min(bar.low, close))
    if true_range == 0.0:
        return 0.0, 0.0
    return plus / true_range, minus / true_range


def directional_index(state: State, bar: Bar) -> float:
    """Return 100 (DI+ - DI-) of Wilder's directional movement."""
    plus, minus = directions(state, bar)
    return 100.0 * (plus - minus)


def adx(state: State, bar: Bar) -> float:
    """Return Wilder's average directional index, 0 to 100; 0 where nothing moves."""
    plus, minus = directions(state, bar)
    if math.isnan(plus):
        return math.nan
    both = plus + minus
    return smooth(state, FOURTH, 100.0 * abs(plus - minus) / both if both != 0.0 else 0.0)


def init_efficiency_ratio(period: float) -> State:
    """Hold the last close, the last `period` closes and the sum of their moves."""
    return layout([0.0], sums(period), sums(period))


def efficiency_ratio(state: State, bar: Bar) -> float:
    """Return |net move| / sum of |moves| over `period` bars, 0 to 1; 0 where nothing moves (Kaufman, 1995)."""
    before = state[0]
    state[0] = bar.close
    start = lagged(state, 1, bar.close)
    if before == 0.0:
        return math.nan
    path = total(state, 1 + HEADER, abs(bar.close - before))
    return min(abs(bar.close - start) / path, 1.0) if path != 0.0 else 0.0
