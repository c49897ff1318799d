"""Volume: how much is traded compared with usual, and on which side. No volume at all gives the neutral value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.windows import HEADER, layout, total

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_volume_ratio(period: float) -> State:
    """Hold the period and the last `period` volumes."""
    return layout([period], period)


def volume_ratio(state: State, bar: Bar) -> float:
    """Return volume / mean volume of the last `period` bars; 1 without volume."""
    volume = total(state, 1, bar.volume)
    return bar.volume * state[0] / volume if volume != 0.0 else 1.0


def init_flow(period: float) -> State:
    """Hold the last price and two numbers of each of the last `period` bars."""
    return layout([math.nan], period, period)


def money_flow_index(state: State, bar: Bar) -> float:
    """Return 100 (money traded on up bars) / (on up and down bars), by typical price; 50 without any (Quong and Soudack, 1989.)."""
    price = (bar.high + bar.low + bar.close) / 3.0
    before = state[0]
    state[0] = price
    if math.isnan(before):
        return math.nan
    money = price * bar.volume
    up = total(state, 1, money if price > before else 0.0)
    down = total(state, 1 + HEADER, money if price < before else 0.0)
    both = up + down
    return 100.0 * up / both if both != 0.0 else 50.0


def obv_slope(state: State, bar: Bar) -> float:
    """Return the change of on-balance volume over `period` bars / the volume traded in them, -1 to 1; 0 without volume."""
    before = state[0]
    state[0] = bar.close
    if math.isnan(before):
        return math.nan
    up = bar.volume if bar.close > before else 0.0
    down = bar.volume if bar.close < before else 0.0
    change = total(state, 1, up - down)
    volume = total(state, 1 + HEADER, bar.volume)
    return change / volume if volume != 0.0 else 0.0


def init_vwap_distance(period: float) -> State:
    """Hold money and volume of the last `period` bars."""
    return layout((), period, period)


def vwap_distance(state: State, bar: Bar) -> float:
    """Return close / volume-weighted typical price of the last `period` bars - 1; 0 without volume."""
    price = (bar.high + bar.low + bar.close) / 3.0
    money = total(state, 0, price * bar.volume)
    volume = total(state, HEADER, bar.volume)
    return bar.close * volume / money - 1.0 if money != 0.0 else 0.0


def chaikin_money_flow(state: State, bar: Bar) -> float:
    """Return volume weighted by where the close lies in its bar (-1 low, 1 high) over `period` bars; 0 without volume."""
    span = bar.high - bar.low
    side = (bar.close - bar.low - (bar.high - bar.close)) / span if span != 0.0 else 0.0
    flow = total(state, 0, side * bar.volume)
    volume = total(state, HEADER, bar.volume)
    return flow / volume if volume != 0.0 else 0.0
