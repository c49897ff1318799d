"""Trend: distance to means, MACD, PPO, Aroon, Wilder's directional movement, Kaufman's efficiency ratio."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.smoothing import exponential, smooth, wilder
from bot_core.features.indicators.windows import HEADER, age_of_highest, lagged, layout, total

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State

SECOND = 5  # smoothers take five numbers each
THIRD = 10


def init_sma_distance(period: float) -> State:
    """Hold the period and the last `period` closes."""
    return layout([period], period)


def sma_distance(state: State, bar: Bar) -> float:
    """Return close / mean close of the last `period` bars - 1; 0 where the mean is 0."""
    closes = total(state, 1, bar.close)
    return bar.close * state[0] / closes - 1.0 if closes != 0.0 else 0.0


def ema_distance(state: State, bar: Bar) -> float:
    """Return close / exponential mean close - 1; 0 where the mean is 0."""
    mean = smooth(state, 0, bar.close)
    return bar.close / mean - 1.0 if mean != 0.0 else 0.0


def init_ppo(fast: float, slow: float) -> State:
    """Hold two exponential means."""
    return exponential(fast) + exponential(slow)


def ppo(state: State, bar: Bar) -> float:
    """Return the percentage price oscillator: 100 (fast mean - slow mean) / slow mean; 0 where the slow mean is 0."""
    fast = smooth(state, 0, bar.close)
    slow = smooth(state, SECOND, bar.close)
    return 100.0 * (fast - slow) / slow if slow != 0.0 else 0.0


def init_macd_histogram(fast: float, slow: float, signal: float) -> State:
    """Hold three exponential means."""
    return exponential(fast) + exponential(slow) + exponential(signal)


def macd_histogram(state: State, bar: Bar) -> float:
    """Return (MACD line - its signal) / close; 0 where the close is 0 (Appel, 1979.)."""
    line = smooth(state, 0, bar.close) - smooth(state, SECOND, bar.close)
    if math.isnan(line):
        return math.nan
    histogram = line - smooth(state, THIRD, line)
    return histogram / bar.close if bar.close != 0.0 else 0.0


def init_aroon(period: float) -> State:
    """Hold highs and lows of period + 1 bars."""
    return layout([period], period + 1.0, period + 1.0, columns=2)


def aroon(state: State, bar: Bar) -> float:
    """Return the Aroon oscillator: 100 (bars since the lowest low - bars since the highest high) / period (Chande, 1995.)."""
    since_high = age_of_highest(state, 1, bar.high)
    since_low = age_of_highest(state, 1 + HEADER, -bar.low)
    return 100.0 * (since_low - since_high) / state[0]


def init_adx(period: float) -> State:
    """Hold the last bar and Wilder's means of movement up, movement down, true range and the index itself."""
    return [*wilder(period), *wilder(period), *wilder(period), *wilder(period), math.nan, math.nan, math.nan]


def directions(state: State, bar: Bar) -> tuple[float, float]:
    """Return the smoothed movements up and down as shares of the smoothed true range; 0 where nothing moves (Wilder, 1978.)."""
    high, low, close = state[20], state[21], state[22]
    state[20], state[21], state[22] = bar.high, bar.low, bar.close
    if math.isnan(close):
        return math.nan, math.nan
    up = bar.high - high
    down = low - bar.low
    span = max(bar.high, close) - min(bar.low, close)
    plus = smooth(state, 0, up if up > down and up > 0.0 else 0.0)
    minus = smooth(state, SECOND, down if down > up and down > 0.0 else 0.0)
    true_range = smooth(state, THIRD, span)
    if true_range <= 0.0:
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
    return smooth(state, 15, 100.0 * abs(plus - minus) / both if both > 0.0 else 0.0)


def init_efficiency_ratio(period: float) -> State:
    """Hold the last close, the last `period` closes and their moves."""
    return layout([math.nan], period, period)


def efficiency_ratio(state: State, bar: Bar) -> float:
    """Return |net move| / sum of |moves| over `period` bars, 0 to 1; 0 where nothing moves (Kaufman, 1995.)."""
    before = state[0]
    state[0] = bar.close
    start = lagged(state, 1, bar.close)
    if math.isnan(before):
        return math.nan
    path = total(state, 1 + HEADER, abs(bar.close - before))
    return abs(bar.close - start) / path if path != 0.0 else 0.0
