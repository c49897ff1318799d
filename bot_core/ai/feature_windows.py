"""A window of decisions, eight bytes per feature and decision: cheap to take, and counted when it is full.

A feature's line is cut at training's bounds and at the bins of the release's drift report; a value is the number of its cell, found by
bisection. The cells of all features are padded to one count, so that in every column the first and the last cell mean *no finite
number*: what is missing, NaN, infinite or no number at all lands there. No decision waits for the bisections but the one that fills the
window; only whether all its numbers are finite is asked of each at once. Plain Python: taking a decision loads no library.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from bisect import bisect_right
from itertools import repeat
from numbers import Real
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping, Sequence

MOST_CELLS = 256
_MISSING, _BELOW, _ABOVE = range(3)


class Watched(NamedTuple):
    """One feature: training's bounds, the edges of its bins, the reference's rows per bin, and the threshold of a whole window's index."""

    name: str
    low: float
    high: float
    edges: tuple[float, ...]
    reference: tuple[int, ...]
    threshold: float


class Tally(NamedTuple):
    """What a window holds of one feature: numbers of decisions, when the first and the last of them was at fault, rows per bin."""

    missing: int
    below: int
    above: int
    first: dt.datetime | None
    last: dt.datetime | None
    bins: list[int]


class FeatureWindow:
    """The decisions since the last `clear`.

    Args:
        features: what is watched, in order.
        may_be_missing: names whose absence is counted and no fault of a decision.
    """

    __slots__ = ("_cuts", "_features", "_meaning", "_needed", "_newest", "_pack", "_rows", "_times", "_values", "incomplete")

    def __init__(self, features: Sequence[Watched], may_be_missing: Collection[str] = ()) -> None:
        self._features = tuple(features)
        self._cuts = cuts(self._features)
        self._meaning = [_meaning(feature, cut) for feature, cut in zip(self._features, self._cuts, strict=True)]
        self._needed = [i for i, feature in enumerate(self._features) if feature.name not in may_be_missing]
        self._values = _picker([feature.name for feature in self._features])
        self._pack = struct.Struct(f"{len(self._features)}d").pack
        self._rows = bytearray()
        self._times: list[dt.datetime] = []
        self._newest: Sequence[float] = ()
        self.incomplete = 0
        """Decisions that lacked a feature which they need."""

    def __len__(self) -> int:
        return len(self._times)

    def add(self, features: Mapping[str, float], at: dt.datetime) -> int:
        """Take a decision's features; return how many decisions there are."""
        try:
            values = self._values(features)
            row = self._pack(*values)
        except (LookupError, TypeError, OverflowError, struct.error):  # a feature is not there, or is no number
            values = [_number(features.get(feature.name)) for feature in self._features]
            row = self._pack(*values)
        self._newest = values
        if not all(map(math.isfinite, values)) and self.lacking:
            self.incomplete += 1
        self._rows += row
        self._times.append(at)
        return len(self._times)

    @property
    def lacking(self) -> list[str]:
        """The needed features that the newest decision had no finite number for."""
        row = self._newest
        return [self._features[i].name for i in self._needed if row and not math.isfinite(row[i])]

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """The times of the first and the last decision; there must be one."""
        return self._times[0], self._times[-1]

    def clear(self) -> None:
        """Begin another window."""
        self._rows.clear()
        self._times.clear()
        self.incomplete = 0

    def tallies(self) -> list[Tally]:
        """Count every feature's column."""
        width, rows = len(self._features), array("d", bytes(self._rows))
        return [self._tally(i, bytes(map(bisect_right, repeat(self._cuts[i]), rows[i::width]))) for i in range(width)]

    def _tally(self, place: int, column: bytes) -> Tally:
        meaning = self._meaning[place]
        bins, faults = [0] * len(self._features[place].reference), [0, 0, 0]
        places: list[int] = []
        for cell in set(column):
            fault, into = meaning[cell]
            rows = column.count(cell)
            if fault is not None:
                faults[fault] += rows
                places += (column.find(cell), column.rfind(cell))
            if into is not None:
                bins[into] += rows
        first, last = (self._times[min(places)], self._times[max(places)]) if places else (None, None)
        return Tally(faults[_MISSING], faults[_BELOW], faults[_ABOVE], first, last, bins)


def cuts(features: Sequence[Watched]) -> tuple[tuple[float, ...], ...]:
    """Cut each feature's line: below all finite numbers, at the bounds and edges, and from infinity on as often as it takes.

    >>> one = Watched("a", -1.0, 1.0, (0.0,), (1, 1), 0.1)
    >>> [round(cut, 3) for cut in cuts([one])[0][1:]]
    [-1.0, 0.0, 1.0, inf]
    """
    inner = [sorted({-sys.float_info.max, f.low, *f.edges, math.nextafter(f.high, math.inf)} - {math.inf}) for f in features]
    length = max(map(len, inner)) + 1
    return tuple((*line, *(math.inf,) * (length - len(line))) for line in inner)


def stability_index(reference: Sequence[int], current: Sequence[int]) -> float:
    """Return the population stability index of two counts over the same bins: sum of (p - q) ln(p / q).

    Half a row is added to every bin on both sides (Jeffreys' prior), as in `bot_core.ai.drift_statistics`.

    >>> stability_index([1, 98, 1], [1, 98, 1]), stability_index([1, 98, 1], [98, 1, 1]) > 8
    (0.0, True)
    """
    halves = 0.5 * len(reference)
    n, m = sum(reference) + halves, sum(current) + halves
    shares = [((now + 0.5) / m, (then + 0.5) / n) for now, then in zip(current, reference, strict=True)]
    return math.fsum((p - q) * math.log(p / q) for p, q in shares)


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, float]], Sequence[float]]:
    """Make what takes the values out of a mapping, in order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda features: (features[names[0]],)


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, Real) else math.nan
    except OverflowError:  # a whole number beyond all floats
        return math.inf


def _meaning(feature: Watched, cut: Sequence[float]) -> list[tuple[int | None, int | None]]:
    """Say of every cell which fault a value in it has (its place in `Tally`), and which bin it counts in."""
    found: list[tuple[int | None, int | None]] = [(_MISSING, None)]
    for floor in cut[:-1]:
        fault = _BELOW if floor < feature.low else _ABOVE if floor > feature.high else None
        found.append((fault, bisect_right(feature.edges, floor)))
    return [*found, (_MISSING, None)]
