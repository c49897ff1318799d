"""Hour of the day and day of the week as points on a circle, from the bar's opening time in UTC.

The points are a table in the state, so that no trigonometry runs per bar.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State

MINUTES = 1440
DAY = 86400.0
WEEK = 604800.0
MONDAY = 345600.0  # 1970-01-05


def init_hour_sin() -> State:
    """Tabulate the sine of every minute of the day."""
    return [math.sin(2.0 * math.pi * minute / MINUTES) for minute in range(MINUTES)]


def init_hour_cos() -> State:
    """Tabulate the cosine of every minute of the day."""
    return [math.cos(2.0 * math.pi * minute / MINUTES) for minute in range(MINUTES)]


def hour(state: State, bar: Bar) -> float:
    """Return the table's value at the minute of the day."""
    return state[int(bar.time % DAY / 60.0)]


def init_weekday_sin() -> State:
    """Tabulate the sine of every day of the week, Monday first."""
    return [math.sin(2.0 * math.pi * day / 7.0) for day in range(7)]


def init_weekday_cos() -> State:
    """Tabulate the cosine of every day of the week, Monday first."""
    return [math.cos(2.0 * math.pi * day / 7.0) for day in range(7)]


def weekday(state: State, bar: Bar) -> float:
    """Return the table's value at the day of the week."""
    return state[int((bar.time - MONDAY) % WEEK / DAY)]
