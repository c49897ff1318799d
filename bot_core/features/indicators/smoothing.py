"""Exponential means inside a state, seeded as TA-Lib seeds them: the first value is the plain mean of the first n.

A smoother is five scalars: 0 weight, 1 values still missing, 2 the sum of those seen, 3 n, 4 the mean.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import State


def exponential(period: float) -> State:
    """Describe an exponential mean of weight 2 / (period + 1)."""
    return [2.0 / (period + 1.0), period, 0.0, period, math.nan]


def wilder(period: float) -> State:
    """Describe Wilder's mean, of weight 1 / period."""
    return [1.0 / period, period, 0.0, period, math.nan]


def smooth(state: State, at: int, x: float) -> float:
    """Add x; return the exponential mean, nan for the first n - 1 values."""
    if state[at + 1] == 0.0:
        mean = state[at + 4]
        mean += state[at] * (x - mean)
        state[at + 4] = mean
        return mean
    state[at + 1] -= 1.0
    state[at + 2] += x
    if state[at + 1] == 0.0:
        state[at + 4] = state[at + 2] / state[at + 3]
    return state[at + 4]
