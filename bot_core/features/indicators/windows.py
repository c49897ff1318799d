"""Rolling windows inside a state: constant amortised work per bar and nothing that can drift.

Bars are cut into blocks of the window's length. Slots not yet overwritten hold aggregates of the previous block, each from its slot to
that block's end; the header holds the aggregate of the block that is filling. Joining the two gives the window's aggregate. When a
block is full, one pass backward turns its values into such aggregates. Nothing is ever subtracted from a running sum, so no rounding
error outlives two windows, sums of non-negative numbers stay non-negative, and a spike is forgotten when it leaves. New slots are
nan, and so is every aggregate until a window has filled. (The two-stack queue; van Herk, 1992, for extremes.)

A header is seven numbers: 0 next slot, 1 last slot, 2 first slot, 3 sum, 4 second sum, 5 extreme, 6 its slot, or the centre.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot_core.features.indicators.indicator import State

HEADER = 7


def layout(scalars: Iterable[float], *sizes: float, columns: int = 1) -> State:
    """Lay out a state: the scalars, one header per window, then the slots of all windows.

    The header of the first window is at index len(scalars), the next one `HEADER` later. `moments` and `age_of_highest` need two
    columns.
    """
    state = list(scalars)
    first = len(state) + HEADER * len(sizes)
    for size in map(int, sizes):
        state += [float(first), float(first + size - 1), float(first), 0.0, 0.0, -math.inf, math.nan]
        first += size * columns
    return state + [math.nan] * (first - len(state))


def lagged(state: State, at: int, x: float) -> float:
    """Remember x; return the value of `size` calls ago."""
    place = state[at]
    i = int(place)
    old = state[i]
    state[i] = x
    state[at] = state[at + 2] if place == state[at + 1] else place + 1.0
    return old


def total(state: State, at: int, x: float) -> float:
    """Add x; return the sum of the last `size` values."""
    place = state[at]
    i = int(place)
    state[i] = x
    filling = state[at + 3] + x
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 3] = 0.0
        for j in range(i - 1, int(state[at]) - 1, -1):
            x += state[j]
            state[j] = x
        return filling
    state[at] = place + 1.0
    state[at + 3] = filling
    return filling + state[i + 1]


def highest(state: State, at: int, x: float) -> float:
    """Add x; return the largest of the last `size` values."""
    place = state[at]
    i = int(place)
    state[i] = x
    top = max(x, state[at + 5])
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 5] = -math.inf
        for j in range(i - 1, int(state[at]) - 1, -1):
            x = max(x, state[j])
            state[j] = x
        return top
    state[at] = place + 1.0
    state[at + 5] = top
    return max(state[i + 1], top)


def lowest(state: State, at: int, x: float) -> float:
    """Add x; return the smallest of the last `size` values."""
    return -highest(state, at, -x)


def age_of_highest(state: State, at: int, x: float) -> float:
    """Add x; return how many calls ago the largest of the last `size` values came, the most recent of equals. Two columns."""
    place = state[at]
    size = state[at + 1] - state[at + 2] + 1.0
    i = int(place)
    slot = int(place + size)  # in the second column: the place of the extreme
    state[i] = x
    state[slot] = place
    top = state[at + 5]
    if x >= top:
        top = x
        state[at + 6] = place
    age = place - state[at + 6]
    if place == state[at + 1]:
        state[at] = state[at + 2]
        state[at + 5] = -math.inf
        keep_latest_highest(state, int(state[at]), i, slot - i)
        return age
    state[at] = place + 1.0
    state[at + 5] = top
    return age if top >= state[i + 1] else place + size - state[slot + 1]


def keep_latest_highest(state: State, first: int, last: int, size: int) -> None:
    """Close a full block of `age_of_highest`."""
    for j in range(last - 1, first - 1, -1):
        if state[j + 1] >= state[j]:
            state[j] = state[j + 1]
            state[j + size] = state[j + size + 1]


def moments(state: State, at: int, x: float) -> tuple[float, float]:
    """Add x; return mean and population variance of the last `size` values. Two columns.

    Sums are of deviations from a centre near the data, the mean of the last full block, so that large numbers do not cancel.
    """
    place = state[at]
    size = state[at + 1] - state[at + 2] + 1.0
    i = int(place)
    if math.isnan(state[at + 6]):
        state[at + 6] = x
    centre = state[at + 6]
    state[i] = x
    shift = state[at + 3] + (x - centre)
    square = state[at + 4] + (x - centre) * (x - centre)
    if place == state[at + 1]:
        state[at] = state[at + 2]
        recentre(state, at, centre + shift / size)
    else:
        state[at] = place + 1.0
        state[at + 3] = shift
        state[at + 4] = square
        shift += state[i + 1]
        square += state[int(place + size) + 1]
    shift /= size
    variance = square / size - shift * shift
    return centre + shift, max(0.0, variance)


def recentre(state: State, at: int, centre: float) -> None:
    """Close a full block of `moments` around a new centre."""
    first = int(state[at + 2])
    last = int(state[at + 1])
    size = last - first + 1
    shift = 0.0
    square = 0.0
    for j in range(last, first - 1, -1):
        x = state[j] - centre
        shift += x
        square += x * x
        state[j] = shift
        state[j + size] = square
    state[at + 3] = 0.0
    state[at + 4] = 0.0
    state[at + 6] = centre
