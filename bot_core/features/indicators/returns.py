"""Price changes: log return, momentum, opening gap, drawdown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.ratios import log_ratio
from bot_core.features.indicators.windows import highest, lagged, layout, peaks, sums

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_closes(period: float) -> State:
    """Hold the last `period` closes."""
    return layout((), sums(period))


def log_return(state: State, bar: Bar) -> float:
    """Return log(close / close `period` bars ago)."""
    return log_ratio(bar.close, lagged(state, 0, bar.close))


def momentum(state: State, bar: Bar) -> float:
    """Return close / close `period` bars ago - 1 (TA-Lib's ROCP)."""
    return bar.close / lagged(state, 0, bar.close) - 1.0


def init_drawdown(period: float) -> State:
    """Hold the highest of the last `period` closes."""
    return layout((), peaks(period))


def drawdown(state: State, bar: Bar) -> float:
    """Return close / highest close of the last `period` bars - 1, never above 0."""
    return bar.close / highest(state, 0, bar.close) - 1.0


def init_gap() -> State:
    """Hold the last close."""
    return [math.nan]


def gap(state: State, bar: Bar) -> float:
    """Return log(open / previous close)."""
    before = state[0]
    state[0] = bar.close
    return log_ratio(bar.open, before)
