"""Channels: where the close lies between a lower (0) and an upper (1) band, and how wide they are. Flat prices give 0.5 and 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.smoothing import exponential, smooth, wilder
from bot_core.features.indicators.windows import extremes, layout, moments, peaks, sums

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_bollinger(period: float, deviations: float) -> State:
    """Hold 1 / period, the band's width in standard deviations, and the moments of the last `period` closes."""
    return layout([1.0 / period, 2.0 * deviations], sums(period, 2))


def bollinger_position(state: State, bar: Bar) -> float:
    """Return Bollinger's %b: (close - lower band) / (upper - lower band), bands at `deviations` population standard deviations."""
    mean, variance = moments(state, 2, bar.close, state[0])
    width = state[1] * math.sqrt(variance)
    return 0.5 + (bar.close - mean) / width if width != 0.0 else 0.5


def bollinger_width(state: State, bar: Bar) -> float:
    """Return (upper - lower band) / mean close."""
    mean, variance = moments(state, 2, bar.close, state[0])
    return state[1] * math.sqrt(variance) / mean


def init_donchian(period: float) -> State:
    """Hold the channel before this bar and the extremes of the last `period` bars."""
    return layout([math.nan, math.nan], peaks(period, 2))


def donchian_position(state: State, bar: Bar) -> float:
    """Return (close - lowest low) / (highest high - lowest low) of the `period` bars before: outside 0 to 1 is a breakout."""
    top, floor = state[0], state[1]
    state[0], state[1] = extremes(state, 2, bar.high, bar.low)
    return (bar.close - floor) / (top - floor) if top != floor else 0.5


def init_keltner(period: float, multiple: float) -> State:
    """Hold the mean close, the mean true range, the channel's width in true ranges and the last close."""
    return [*exponential(period), *wilder(period), 2.0 * multiple, 0.0]


def keltner_position(state: State, bar: Bar) -> float:
    """Return (close - lower band) / (upper - lower band), bands at `multiple` average true ranges around the exponential mean."""
    before = state[11]
    state[11] = bar.close
    mean = smooth(state, 0, bar.close)
    if before == 0.0:
        return math.nan
    width = state[10] * smooth(state, 5, max(bar.high, before) - min(bar.low, before))
    return 0.5 + (bar.close - mean) / width if width != 0.0 else 0.5
