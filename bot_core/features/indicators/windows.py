"""Rolling windows inside a state: constant amortised work per bar, and nothing that can drift.

Bars are cut into blocks of the window's length. Slots not yet overwritten hold aggregates of the previous block, each from its slot
to that block's end; the header holds the aggregate of the block that is filling. Joining the two gives the window's aggregate. When
a block is full, one pass backward turns its values into such aggregates. Nothing is ever subtracted from a running sum, so no
rounding error outlives two windows, sums of non-negative numbers stay non-negative, and a spike is forgotten when it leaves. New
slots are nan, and so is every aggregate until a window has filled. (The two-stack queue; van Herk, 1992, for extremes.)

A header is six numbers: 0 the next slot, 1 the last slot, 2 the first slot, 3 to 5 what has been gathered of the filling block.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot_core.features.indicators.indicator import State

    Window = tuple[int, int, float, float]

HEADER = 6


def layout(scalars: Iterable[float], *windows: Window) -> State:
    """Lay out a state: the scalars, one header per window, then the slots of all windows.

    The header of the first window is at index len(scalars), the next one `HEADER` later.
    """
    state = list(scalars)
    first = len(state) + HEADER * len(windows)
    for size, columns, third, fourth in windows:
        state += [first, first + columns * (size - 1), first, third, fourth, math.nan]
        first += columns * size
    return state + [math.nan] * (first - len(state))


def sums(size: float, columns: int = 1) -> Window:
    """Describe a window for `lagged` or `total`; with two columns for `totals` or `moments`."""
    return int(size), columns, 0.0, 0.0


def peaks(size: float, columns: int = 1) -> Window:
    """Describe a window for `highest`; with two columns for `extremes` or `age_of_highest`."""
    return int(size), columns, -math.inf, math.inf


def lagged(state: State, at: int, x: float) -> float:
    """Remember x; return the value of `size` calls ago."""
    place = state[at]
    i = int(place)
    old = state[i]
    state[i] = x
    state[at] = state[at + 2] if place == state[at + 1] else place + 1
    return old


def total(state: State, at: int, x: float) -> float:
    """Add x; return the sum of the last `size` values."""
    place = state[at]
    i = int(place)
    filling = state[at + 3] + x
    state[i] = x
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 3] = 0.0
        for j in range(i - 1, int(state[at]) - 1, -1):
            x += state[j]
            state[j] = x
        return filling
    state[at] = place + 1
    state[at + 3] = filling
    return filling + state[i + 1]


def totals(state: State, at: int, x: float, y: float) -> tuple[float, float]:
    """Add x and y; return the sums of the last `size` of each. Two columns."""
    place = state[at]
    i = int(place)
    filling_x = state[at + 3] + x
    filling_y = state[at + 4] + y
    state[i] = x
    state[i + 1] = y
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 3] = state[at + 4] = 0.0
        for j in range(i - 2, int(state[at]) - 1, -2):
            x += state[j]
            y += state[j + 1]
            state[j] = x
            state[j + 1] = y
        return filling_x, filling_y
    state[at] = place + 2
    state[at + 3] = filling_x
    state[at + 4] = filling_y
    return filling_x + state[i + 2], filling_y + state[i + 3]


def highest(state: State, at: int, x: float) -> float:
    """Add x; return the largest of the last `size` values."""
    place = state[at]
    i = int(place)
    top = state[at + 3]
    top = x if x > top else top  # noqa: FURB136  # online, calling max or min costs more than all the rest
    state[i] = x
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 3] = -math.inf
        for j in range(i - 1, int(state[at]) - 1, -1):
            y = state[j]
            x = y if y > x else x  # noqa: FURB136  # as above
            state[j] = x
        return top
    state[at] = place + 1
    state[at + 3] = top
    rest = state[i + 1]
    return top if top > rest else rest  # noqa: FURB136  # as above


def extremes(state: State, at: int, high: float, low: float) -> tuple[float, float]:
    """Add a high and a low; return the largest high and the smallest low of the last `size` of each. Two columns."""
    place = state[at]
    i = int(place)
    top = state[at + 3]
    floor = state[at + 4]
    top = high if high > top else top  # noqa: FURB136  # as above
    floor = low if low < floor else floor  # noqa: FURB136  # as above
    state[i] = high
    state[i + 1] = low
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 3] = -math.inf
        state[at + 4] = math.inf
        for j in range(i - 2, int(state[at]) - 1, -2):
            x = state[j]
            y = state[j + 1]
            high = x if x > high else high  # noqa: FURB136  # as above
            low = y if y < low else low  # noqa: FURB136  # as above
            state[j] = high
            state[j + 1] = low
        return top, floor
    state[at] = place + 2
    state[at + 3] = top
    state[at + 4] = floor
    rest_top = state[i + 2]
    rest_floor = state[i + 3]
    return top if top > rest_top else rest_top, floor if floor < rest_floor else rest_floor  # noqa: FURB136  # as above


def age_of_highest(state: State, at: int, x: float, size: float) -> float:
    """Add x; return how many calls ago the largest of the last `size` values came, the most recent of equals. Two columns."""
    place = state[at]
    i = int(place)
    if x >= state[at + 3]:
        state[at + 3] = x
        state[at + 4] = place
    top = state[at + 3]
    age = (place - state[at + 4]) * 0.5
    state[i] = x
    state[i + 1] = place
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 3] = -math.inf
        for j in range(i - 2, int(state[at]) - 1, -2):
            if state[j + 2] >= state[j]:
                state[j] = state[j + 2]
                state[j + 1] = state[j + 3]
        return age
    state[at] = place + 2
    return age if top >= state[i + 2] else (place - state[i + 3]) * 0.5 + size


def moments(state: State, at: int, x: float, weight: float) -> tuple[float, float]:
    """Add x; return mean and population variance of the last `size` values; `weight` is 1 / size. Two columns.

    Sums are of deviations from a centre near the data, the mean of the last full block, so that large numbers do not cancel.
    """
    if math.isnan(state[at + 5]):
        state[at + 5] = x
    place = state[at]
    i = int(place)
    centre = state[at + 5]
    deviation = x - centre
    shift = state[at + 3] + deviation
    square = state[at + 4] + deviation * deviation
    state[i] = x
    if place == state[at + 1]:
        state[at] = state[at + 2]
        recentre(state, at, i, centre + shift * weight)
    else:
        state[at] = place + 2
        state[at + 3] = shift
        state[at + 4] = square
        shift += state[i + 2]
        square += state[i + 3]
    shift *= weight
    return centre + shift, max(square * weight - shift * shift, 0.0)


def recentre(state: State, at: int, last: int, centre: float) -> None:
    """Close a full block of `moments` around a new centre."""
    state[at + 3] = state[at + 4] = 0.0
    state[at + 5] = centre
    shift = 0.0
    square = 0.0
    for j in range(last, int(state[at + 2]) - 1, -2):
        deviation = state[j] - centre
        shift += deviation
        square += deviation * deviation
        state[j] = shift
        state[j + 1] = square
