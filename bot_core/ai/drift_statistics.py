"""Three distances between a window and a reference, per feature. The reference is sorted once; a window then costs little.

- Population stability index: sum of (p - q) ln(p / q) over the reference's quantile bins, one bin below its minimum and one above its
  maximum, so that values which moved away are seen. Empty bins: half a row is added to every bin on both sides (Jeffreys' prior).
- Kolmogorov-Smirnov: the largest distance between the two empirical distribution functions.
- Wasserstein-1: the area between them, in standard deviations of the reference (of a constant reference: in its own unit).

Ties, constant columns and lengths that do not divide each other are exact. Nothing here looks at order in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.drift_bins import Bins, count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

STATISTICS = ("psi", "ks", "wasserstein")
STRIDE = 128


@dataclass(frozen=True, slots=True)
class Slabs:
    """The reference in m parts of equal probability: part j holds rows `cuts[j]` to `cuts[j + 1]`, fractions of rows counted.

    `first` and `last` (m,) are the whole rows touched, `low` and `high` (k, m) their values, `totals` (k, m + 1) the sums up to a cut,
    `sums` (k, m) those of a part.
    """

    cuts: Floats
    first: Places
    last: Places
    low: Floats
    high: Floats
    totals: Floats
    sums: Floats


@dataclass(frozen=True, slots=True)
class Reference:
    """n rows of k features: sorted `columns` (k, n), every 128th of them (`knots`), running `totals` (k, n + 1) less the `centre`."""

    columns: Floats
    knots: Floats
    totals: Floats
    centre: Floats
    scale: Floats
    bins: Bins

    @classmethod
    def prepare(cls, values: Floats, bins: int = 10) -> Reference:
        """Sort and sum up `values` (n, k), finite; `bins` quantile bins for the stability index."""
        columns = ordered(values)
        rows = columns.shape[1]
        centre = columns[:, rows // 2, None]
        totals = np.zeros((len(columns), rows + 1))
        np.cumsum(columns - centre, axis=1, out=totals[:, 1:])
        scale = columns.std(axis=1)
        scale[(columns[:, 0] == columns[:, -1]) | (scale == 0.0)] = 1.0
        return cls(columns, np.ascontiguousarray(columns[:, ::STRIDE]), totals, centre, scale, Bins.of(columns, bins))

    def slabs(self, rows: int) -> Slabs:
        """Cut the reference for windows of `rows` rows."""
        n = self.columns.shape[1]
        cuts = np.arange(rows + 1) * n
        first, part = cuts // rows, (cuts % rows) / rows
        last = -(-cuts[1:] // rows) - 1
        if n % rows == 0:  # whole rows only: slices of what is there
            totals, low, high = (
                a[:, start :: n // rows] for a, start in ((self.totals, 0), (self.columns, 0), (self.columns, n // rows - 1))
            )
            return Slabs(cuts / rows, first[:-1], last, low, high, totals, np.diff(totals, axis=1))
        step = self.columns.take(first, axis=1, mode="clip") - self.centre
        totals = self.totals.take(first, axis=1) + part * step
        low, high = self.columns.take(first[:-1], axis=1), self.columns.take(last, axis=1)
        return Slabs(cuts / rows, first[:-1], last, low, high, totals, np.diff(totals, axis=1))


def ordered(values: Floats) -> Floats:
    """Turn rows (m, k) into sorted columns (k, m)."""
    columns = np.array(values.T, dtype=np.float64, order="C")
    columns.sort(axis=1)
    return columns


def distances(reference: Reference, slabs: Slabs, window: Floats) -> Floats:
    """Measure a window (m, k): (3, k), in the order of `STATISTICS`. `slabs` are the reference's, for m rows."""
    columns = ordered(window)
    return np.stack([psi(reference, columns), ks(reference, columns), wasserstein(reference, slabs, columns)])


def psi(reference: Reference, columns: Floats) -> Floats:
    """Return the population stability index of sorted window columns (k, m): (k,)."""
    bins = reference.bins
    halves = 0.5 * (np.arange(bins.counts.shape[1]) <= bins.used[:, None])
    p, q = count(columns, bins.edges) + halves, bins.counts + halves
    p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
    ratio = np.divide(p, q, out=np.ones_like(p), where=q > 0.0)
    total: Floats = ((p - q) * np.log(ratio)).sum(axis=1)
    return total


def ks(reference: Reference, columns: Floats) -> Floats:
    """Return the two-sample Kolmogorov-Smirnov statistic of sorted window columns (k, m): (k,).

    The supremum lies at a value of the window or just below one. The knots bound the deviation at each value; only values whose upper
    bound reaches the best lower bound are looked up exactly.
    """
    n, m = reference.columns.shape[1], columns.shape[1]
    slab = np.stack([knots.searchsorted(column, "right") for knots, column in zip(reference.knots, columns, strict=True)])
    feature, place = np.nonzero(_candidates(slab, columns, n))
    value = columns[feature, place]
    start, stop = np.maximum(slab[feature, place] - 1, 0) * STRIDE, np.minimum(slab[feature, place] * STRIDE, n)
    upto = _rank(reference.columns, feature, start, stop, value)
    below = upto.copy()
    tied = np.flatnonzero(reference.columns[feature, np.maximum(upto - 1, 0)] == value)
    # the left limit of a value that the reference also holds: the rank of the next smaller float
    smaller = np.nextafter(value[tied], -np.inf)
    below[tied] = _rank(reference.columns, feature[tied], np.zeros_like(tied), upto[tied], smaller)
    deviation = np.maximum((place + 1) / m - upto / n, below / n - place / m)
    result = np.zeros(len(columns))
    np.maximum.at(result, feature, deviation)
    return result


def wasserstein(reference: Reference, slabs: Slabs, columns: Floats) -> Floats:
    """Return the Wasserstein-1 distance of sorted window columns (k, m), over the reference's scale: (k,).

    The integral over u of |Q(u) - q(u)|, Q and q the quantile functions: the window's j-th value against the reference's j-th slab.
    A slab wholly on one side of the value counts by its sum; else it is cut at the value.
    """
    values = columns - reference.centre
    width = reference.columns.shape[1] / columns.shape[1]
    area = np.abs(values * width - slabs.sums)
    feature, j = np.nonzero((slabs.low < columns) & (columns < slabs.high))
    cut = _rank(reference.columns, feature, slabs.first[j], slabs.last[j] + 1, columns[feature, j])
    sides = slabs.totals[feature, j] + slabs.totals[feature, j + 1] - 2.0 * reference.totals[feature, cut]
    area[feature, j] = values[feature, j] * (2.0 * cut - slabs.cuts[j] - slabs.cuts[j + 1]) + sides
    total: Floats = area.sum(axis=1) / (reference.columns.shape[1] * reference.scale)
    return total


def _candidates(slab: Places, columns: Floats, n: int) -> NDArray[np.bool_]:
    """Mark the values at which the deviation may be largest. A value in slab s has rank above low[s] and at most high[s]."""
    m = columns.shape[1]
    high = np.minimum(np.arange(-(-n // STRIDE) + 1) * STRIDE, n) / n
    low = np.append(0.0, high[:-1])
    upper, lower = high.take(slab), low.take(slab)
    upto, below = np.arange(1, m + 1) / m, np.arange(m) / m
    behind = lower - upto
    behind[:, :-1][columns[:, 1:] == columns[:, :-1]] = -1.0  # only the last of equal values has all of them below it
    best = np.maximum((upto - upper).max(axis=1), behind.max(axis=1))
    reach: NDArray[np.bool_] = np.maximum(upto - lower, upper - below) >= best[:, None]
    return reach


def _rank(columns: Floats, feature: Places, start: Places, stop: Places, value: Floats) -> Places:
    """Count the values <= `value` in each named column by bisection, knowing that the count lies in start..stop."""
    flat, base = columns.ravel(), feature * columns.shape[1] - 1
    rank = start
    step = 1 << int((stop - start).max(initial=0)).bit_length()
    while step := step >> 1:
        ahead = np.minimum(rank + step, stop)
        rank = np.where((ahead > rank) & (flat.take(base + ahead, mode="clip") <= value), ahead, rank)
    return rank
