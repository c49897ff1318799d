"""Volume: how much is traded compared with usual, and on which side. No volume at all gives the neutral value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.features.indicators.windows import layout, sums, total, totals

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_volume_ratio(period: float) -> State:
    """Hold the period and the sum of the last `period` volumes."""
    return layout([period], sums(period))


def volume_ratio(state: State, bar: Bar) -> float:
    """Return volume / mean volume of the last `period` bars; 1 without volume."""
    volume = total(state, 1, bar.volume)
    return bar.volume * state[0] / volume if volume != 0.0 else 1.0


def init_flow(period: float) -> State:
    """Hold the last price and two sums over the last `period` bars."""
    return layout([0.0], sums(period, 2))


def money_flow_index(state: State, bar: Bar) -> float:
    """Return 100 (money traded on up bars) / (on up and down bars), by typical price; 50 without any (Quong and Soudack, 1989)."""
    before = state[0]
    price = (bar.high + bar.low + bar.close) / 3.0
    state[0] = price
    if before == 0.0:
        return math.nan
    money = price * bar.volume
    up, down = totals(state, 1, money if price > before else 0.0, money if price < before else 0.0)
    both = up + down
    return 100.0 * up / both if both != 0.0 else 50.0


def obv_slope(state: State, bar: Bar) -> float:
    """Return the change of on-balance volume over `period` bars / the volume traded in them, -1 to 1; 0 without volume."""
    before = state[0]
    state[0] = bar.close
    if before == 0.0:
        return math.nan
    up = bar.volume if bar.close > before else 0.0
    down = bar.volume if bar.close < before else 0.0
    change, volume = totals(state, 1, up - down, bar.volume)
    return change / volume if volume != 0.0 else 0.0


def init_sums(period: float) -> State:
    """Hold two sums over the last `period` bars."""
    return layout((), sums(period, 2))


def vwap_distance(state: State, bar: Bar) -> float:
    """Return close / volume-weighted typical price of the last `period` bars - 1; 0 without volume."""
    price = (bar.high + bar.low + bar.close) / 3.0
    money, volume = totals(state, 0, price * bar.volume, bar.volume)
    return bar.close * volume / money - 1.0 if money != 0.0 else 0.0


def chaikin_money_flow(state: State, bar: Bar) -> float:
    """Return volume weighted by where the close lies in its bar (-1 low, 1 high) over `period` bars; 0 without volume."""
    span = bar.high - bar.low
    side = (bar.close - bar.low - (bar.high - bar.close)) / span if span != 0.0 else 0.0
    flow, volume = totals(state, 0, side * bar.volume, bar.volume)
    return flow / volume if volume != 0.0 else 0.0
