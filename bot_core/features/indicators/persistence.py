"""Persistence: do moves go on (above 0, above one half) or turn round?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.smoothing import log_ratio
from bot_core.features.indicators.windows import HEADER, lagged, layout, total

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State

NOTHING = 1e-12  # a variance below this share of the mean square is rounding


def init_up_share(period: float) -> State:
    """Hold the period, the last close and the last `period` directions."""
    return layout([period, math.nan], period)


def up_share(state: State, bar: Bar) -> float:
    """Return the share of the last `period` moves that were up; a move of nothing is half."""
    before = state[1]
    state[1] = bar.close
    if math.isnan(before):
        return math.nan
    up = (0.5 if bar.close > before else 0.0) + (0.5 if bar.close >= before else 0.0)
    return total(state, 2, up) / state[0]


def init_autocorrelation(period: float, lag: float) -> State:
    """Hold the period, the last close, `lag` returns, and the five sums of `period` pairs of returns."""
    return layout([period, math.nan], lag, period, period, period, period, period)


def autocorrelation(state: State, bar: Bar) -> float:
    """Return Pearson's correlation of `period` log returns with those `lag` bars before, -1 to 1; 0 where either does not vary."""
    y = log_ratio(bar.close, state[1])
    state[1] = bar.close
    if math.isnan(y):
        return math.nan
    x = lagged(state, 2, y)
    if math.isnan(x):
        return math.nan
    mean_x = total(state, 2 + HEADER, x) / state[0]
    mean_y = total(state, 2 + 2 * HEADER, y) / state[0]
    square_x = total(state, 2 + 3 * HEADER, x * x) / state[0]
    square_y = total(state, 2 + 4 * HEADER, y * y) / state[0]
    product = total(state, 2 + 5 * HEADER, x * y) / state[0]
    return correlation(mean_x, mean_y, square_x, square_y, product)


def correlation(mean_x: float, mean_y: float, square_x: float, square_y: float, product: float) -> float:
    """Return Pearson's correlation from the five means; 0 where either variance is only rounding."""
    variance_x = square_x - mean_x * mean_x
    variance_y = square_y - mean_y * mean_y
    if variance_x <= NOTHING * square_x or variance_y <= NOTHING * square_y:
        return 0.0
    value = (product - mean_x * mean_y) / (math.sqrt(variance_x) * math.sqrt(variance_y))
    return min(1.0, max(-1.0, value))
