"""Channels: where the close lies between a lower (0) and an upper (1) band, and how wide they are. Flat prices give 0.5 and 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.smoothing import exponential, smooth, wilder
from bot_core.features.indicators.windows import HEADER, highest, layout, moments

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_bollinger(period: float, deviations: float) -> State:
    """Hold the band's width in standard deviations and the last `period` closes."""
    return layout([deviations], period, columns=2)


def bollinger_position(state: State, bar: Bar) -> float:
    """Return Bollinger's %b: (close - lower band) / (upper - lower band), bands at `deviations` population standard deviations."""
    mean, variance = moments(state, 1, bar.close)
    width = 2.0 * state[0] * math.sqrt(variance)
    return 0.5 + (bar.close - mean) / width if width != 0.0 else 0.5


def bollinger_width(state: State, bar: Bar) -> float:
    """Return (upper - lower band) / mean close; 0 where the mean is 0."""
    mean, variance = moments(state, 1, bar.close)
    return 2.0 * state[0] * math.sqrt(variance) / mean if mean != 0.0 else 0.0


def init_donchian(period: float) -> State:
    """Hold the channel before this bar and the last `period` highs and lows."""
    return layout([math.nan, math.nan], period, period)


def donchian_position(state: State, bar: Bar) -> float:
    """Return (close - lowest low) / (highest high - lowest low) of the `period` bars before: outside 0 to 1 is a breakout."""
    top, floor = state[0], state[1]
    state[0] = highest(state, 2, bar.high)
    state[1] = -highest(state, 2 + HEADER, -bar.low)
    return (bar.close - floor) / (top - floor) if top != floor else 0.5


def init_keltner(period: float, multiple: float) -> State:
    """Hold the mean close, the mean true range, the multiple and the last close."""
    return [*exponential(period), *wilder(period), multiple, math.nan]


def keltner_position(state: State, bar: Bar) -> float:
    """Return (close - lower band) / (upper - lower band), bands at `multiple` average true ranges around the exponential mean."""
    before = state[11]
    state[11] = bar.close
    mean = smooth(state, 0, bar.close)
    if math.isnan(before):
        return math.nan
    width = 2.0 * state[10] * smooth(state, 5, max(bar.high, before) - min(bar.low, before))
    return 0.5 + (bar.close - mean) / width if width != 0.0 else 0.5
