"""Volatility per bar, as a share of price: true range, range estimators, realised volatility. Flat prices give 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.ratios import log_ratio
from bot_core.features.indicators.smoothing import smooth, wilder
from bot_core.features.indicators.windows import HEADER, layout, sums, total

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State

FOUR_LOG_TWO = 2.772588722239781
TWO_LOG_TWO_LESS_ONE = 0.3862943611198906


def init_range() -> State:
    """Hold nothing."""
    return []


def log_range(state: State, bar: Bar) -> float:  # noqa: ARG001  # one signature for all indicators
    """Return log(high / low) of this bar."""
    return log_ratio(bar.high, bar.low)


def init_atr_share(period: float) -> State:
    """Hold Wilder's mean of the true range and the last close."""
    return [*wilder(period), 0.0]


def atr_share(state: State, bar: Bar) -> float:
    """Return average true range / close (Wilder, 1978)."""
    before = state[5]
    state[5] = bar.close
    if before == 0.0:
        return math.nan
    return smooth(state, 0, max(bar.high, before) - min(bar.low, before)) / bar.close


def init_parkinson(period: float) -> State:
    """Hold the estimator's factor and the sum of `period` squared ranges."""
    return layout([1.0 / (FOUR_LOG_TWO * period)], sums(period))


def parkinson(state: State, bar: Bar) -> float:
    """Return Parkinson's range volatility over `period` bars (Parkinson, 1980)."""
    span = log_ratio(bar.high, bar.low)
    return math.sqrt(total(state, 1, span * span) * state[0])


def init_range_variance(period: float) -> State:
    """Hold 1 / period and the sum of one variance of each of the last `period` bars."""
    return layout([1.0 / period], sums(period))


def garman_klass(state: State, bar: Bar) -> float:
    """Return Garman and Klass's volatility over `period` bars; a bar's variance is never below 0 (Garman and Klass, 1980)."""
    span = log_ratio(bar.high, bar.low)
    body = log_ratio(bar.close, bar.open)
    variance = 0.5 * span * span - TWO_LOG_TWO_LESS_ONE * body * body
    return math.sqrt(total(state, 1, max(0.0, variance)) * state[0])


def rogers_satchell(state: State, bar: Bar) -> float:
    """Return Rogers and Satchell's volatility over `period` bars; a bar's variance is never below 0 (Rogers and Satchell, 1991)."""
    up = log_ratio(bar.high, bar.open)
    down = log_ratio(bar.low, bar.open)
    body = log_ratio(bar.close, bar.open)
    variance = up * (up - body) + down * (down - body)
    return math.sqrt(total(state, 1, max(0.0, variance)) * state[0])


def init_realised_volatility(period: float) -> State:
    """Hold 1 / period, the last close and the sum of `period` squared returns."""
    return layout([1.0 / period, 0.0], sums(period))


def realised_volatility(state: State, bar: Bar) -> float:
    """Return the root mean square of the last `period` log returns."""
    before = state[1]
    state[1] = bar.close
    if before == 0.0:
        return math.nan
    change = log_ratio(bar.close, before)
    return math.sqrt(total(state, 2, change * change) * state[0])


def init_volatility_ratio(fast: float, slow: float) -> State:
    """Hold both periods, the last close and the sums of squared returns."""
    return layout([fast, slow, 0.0], sums(fast), sums(slow))


def volatility_ratio(state: State, bar: Bar) -> float:
    """Return realised volatility over `fast` bars / over `slow` bars; 1 where nothing moves."""
    before = state[2]
    state[2] = bar.close
    if before == 0.0:
        return math.nan
    change = log_ratio(bar.close, before)
    square = change * change
    fast = total(state, 3, square) * state[1]
    slow = total(state, 3 + HEADER, square) * state[0]
    return math.sqrt(fast / slow) if slow != 0.0 else 1.0
