"""Quantile bins of a reference, with one bin below everything it ever showed and one above.

Bins are half-open: bin i holds edges[i - 1] <= x < edges[i]. The last edge is the next float above the reference's maximum. A value
that holds two or more quantiles (an atom: the zeros of an indicator, a constant) gets a bin of its own, so that a change of its share
is seen. Features may so have different numbers of bins; arrays over features are padded with edges at infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bins:
    """`edges` (k, b) padded with infinity, `counts` (k, b + 1) of the reference's rows, `used` (k,) edges that are real."""

    edges: Floats
    counts: NDArray[np.intp]
    used: NDArray[np.intp]

    @classmethod
    def of(cls, columns: Floats, bins: int) -> Bins:
        """Cut sorted `columns` (k, n) at their quantiles 0, 1 / bins, …, 1."""
        cuts = [_cuts(row) for row in quantiles(columns, bins)]
        edges = np.full((len(columns), bins + 1), np.inf)
        for row, cut in zip(edges, cuts, strict=True):
            row[: len(cut)] = cut
        return cls(edges, count(columns, edges), np.array([len(cut) for cut in cuts]))

    def ends_outside(self, columns: Floats) -> Bins:
        """Move the outer edges inward so that the smallest and the largest row of `columns`, if no other ties with it, lie outside."""
        edges, last = self.edges.copy(), (np.arange(len(columns)), self.used - 1)
        edges[:, 0] = np.where(columns[:, 0] < columns[:, 1], np.nextafter(columns[:, 0], np.inf), edges[:, 0])
        edges[last] = np.where(columns[:, -2] < columns[:, -1], columns[:, -1], edges[last])
        return Bins(edges, self.counts, self.used)

    def edges_of(self, feature: int) -> list[float]:
        """List the real edges of one feature."""
        return [float(edge) for edge in self.edges[feature, : self.used[feature]]]

    def shares_of(self, feature: int, counts: NDArray[np.intp]) -> list[float]:
        """List one feature's shares of the rows counted in `counts` (k, b + 1), unsmoothed; they add up to one."""
        row = counts[feature, : self.used[feature] + 1]
        return [float(share) for share in row / row.sum()]


def quantiles(columns: Floats, parts: int) -> Floats:
    """Return the quantiles 0, 1 / parts, …, 1 of sorted `columns` (k, n), linear between rows: (k, parts + 1)."""
    place = np.linspace(0.0, columns.shape[1] - 1.0, parts + 1)
    low, high = columns.take(np.floor(place).astype(np.intp), axis=1), columns.take(np.ceil(place).astype(np.intp), axis=1)
    between: Floats = low + (high - low) * (place % 1.0)
    return between


def count(columns: Floats, edges: Floats) -> NDArray[np.intp]:
    """Count the values of sorted `columns` (k, m) per bin: (k, b + 1)."""
    below = np.full((len(edges), edges.shape[1] + 2), columns.shape[1], dtype=np.intp)
    below[:, 0] = 0
    for row, column, cut in zip(below, columns, edges, strict=True):
        row[1:-1] = column.searchsorted(cut)
    return np.diff(below, axis=1)


def _cuts(row: Floats) -> Floats:
    values, held = np.unique(row, return_counts=True)
    behind = np.nextafter(np.append(values[held > 1], values[-1]), np.inf)
    return np.unique(np.concatenate([values[held > 1], values[:-1], behind]))
