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
        quantiles = np.quantile(columns, np.linspace(0.0, 1.0, bins + 1), axis=1).T
        cuts = [_cuts(row) for row in quantiles]
        edges = np.full((len(columns), bins + 1), np.inf)
        for row, cut in zip(edges, cuts, strict=True):
            row[: len(cut)] = cut
        return cls(edges, count(columns, edges), np.array([len(cut) for cut in cuts]))

    def edges_of(self, feature: int) -> list[float]:
        """List the real edges of one feature."""
        return [float(edge) for edge in self.edges[feature, : self.used[feature]]]

    def shares_of(self, feature: int, counts: NDArray[np.intp]) -> list[float]:
        """List one feature's shares of the rows counted in `counts` (k, b + 1), unsmoothed; they add up to one."""
        row = counts[feature, : self.used[feature] + 1]
        return [float(share) for share in row / row.sum()]


def count(columns: Floats, edges: Floats) -> NDArray[np.intp]:
    """Count the values of sorted `columns` (k, m) per bin: (k, b + 1)."""
    below = np.full((len(edges), edges.shape[1] + 2), columns.shape[1], dtype=np.intp)
    below[:, 0] = 0
    for row, column, cut in zip(below, columns, edges, strict=True):
        row[1:-1] = column.searchsorted(cut)
    return np.diff(below, axis=1)


def _cuts(quantiles: Floats) -> Floats:
    values, held = np.unique(quantiles, return_counts=True)
    behind = np.nextafter(np.append(values[held > 1], values[-1]), np.inf)
    return np.unique(np.concatenate([values[held > 1], values[:-1], behind]))
