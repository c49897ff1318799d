"""Persistence: do moves go on (above 0, above one half) or turn round?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.ratios import log_ratio
from bot_core.features.indicators.windows import HEADER, lagged, layout, sums, total, totals

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State

NOTHING = 1e-12  # a variance below this share of the mean square is rounding


def init_up_share(period: float) -> State:
    """Hold 1 / period, the last close and the sum of the last `period` directions."""
    return layout([1.0 / period, 0.0], sums(period))


def up_share(state: State, bar: Bar) -> float:
    """Return the share of the last `period` moves that were up; a move of nothing is half."""
    before = state[1]
    state[1] = bar.close
    if before == 0.0:
        return math.nan
    up = (0.5 if bar.close > before else 0.0) + (0.5 if bar.close >= before else 0.0)
    return total(state, 2, up) * state[0]


def init_autocorrelation(period: float, lag: float) -> State:
    """Hold the period, the last close, `lag` returns, and the five sums over `period` pairs of returns."""
    return layout([period, 0.0], sums(lag), sums(period, 2), sums(period, 2), sums(period))


def autocorrelation(state: State, bar: Bar) -> float:
    """Return Pearson's correlation of `period` log returns with those `lag` bars before, -1 to 1; 0 where either does not vary."""
    before = state[1]
    state[1] = bar.close
    if before == 0.0:
        return math.nan
    y = log_ratio(bar.close, before)
    x = lagged(state, 2, y)
    if math.isnan(x):
        return math.nan
    sum_x, sum_y = totals(state, 2 + HEADER, x, y)
    square_x, square_y = totals(state, 2 + 2 * HEADER, x * x, y * y)
    product = total(state, 2 + 3 * HEADER, x * y)
    variance_x = square_x - sum_x * sum_x / state[0]
    variance_y = square_y - sum_y * sum_y / state[0]
    if variance_x <= NOTHING * square_x or variance_y <= NOTHING * square_y:
        return 0.0
    correlation = (product - sum_x * sum_y / state[0]) / (math.sqrt(variance_x) * math.sqrt(variance_y))
    return max(min(correlation, 1.0), -1.0)
