"""How long a feature remembers, and so how long a bootstrap block must be.

A feature's distance statistics depend on the memory of its level and of its spread: returns forget their sign at once and their
volatility slowly. So the rule is applied twice, to the share u of the reference below each value and to |u - 1/2|, and the longer wins;
both are bounded, whatever tails the feature has.

The rule is Politis & White's (Econometric Reviews 2004), corrected by Patton, Politis & White (2009), for circular blocks. It gives the
length with the least mean squared error of the variance, at which blocks are still too short to hold a rate: they are doubled, which
halves the shortfall. (`tests/unit/ai/test_drift_thresholds.py` measures the rates.)
"""

from __future__ import annotations

from math import ceil, log10, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.drift_statistics import Reference

    Floats = NDArray[np.float64]

QUIET_LAGS_AT_LEAST = 5


def block_lengths(reference: Reference, rows: Floats) -> NDArray[np.intp]:
    """Choose one block length per feature: (k,), at least 1.

    Args:
        reference: prepared from `rows`.
        rows: (n, k) in order of time.
    """
    lengths = []
    for column, series in zip(reference.columns, rows.T, strict=True):
        level = (column.searchsorted(series) + column.searchsorted(series, "right")) / (2.0 * len(column))
        lengths.append(ceil(2.0 * max(automatic_length(level), automatic_length(np.abs(level - 0.5)))))
    return np.array(lengths, dtype=np.intp)


def automatic_length(series: Floats) -> float:
    """Return the block length of Politis & White for the mean of a series (n,): 1 for a constant, at most min(3 sqrt(n), n / 3)."""
    if series.min() == series.max():
        return 1.0
    n = len(series)
    quiet = max(QUIET_LAGS_AT_LEAST, ceil(sqrt(log10(n))))
    covariance = _autocovariance(series, min(ceil(sqrt(n)) + quiet, n - 1))
    reach = min(2 * _memory(covariance / covariance[0], n, quiet), len(covariance) - 1)
    lags = np.arange(1, reach + 1)
    weighted = np.clip(2.0 * (1.0 - lags / reach), 0.0, 1.0) * covariance[1 : reach + 1]  # the flat-top kernel
    spectrum = covariance[0] + 2.0 * weighted.sum()
    longest = float(ceil(min(3.0 * sqrt(n), n / 3.0)))
    if spectrum <= 0.0:
        return longest
    curvature = 2.0 * (lags * weighted).sum()
    return float(np.clip((1.5 * n * (curvature / spectrum) ** 2) ** (1.0 / 3.0), 1.0, longest))


def _memory(correlation: Floats, n: int, quiet: int) -> int:
    """Return the smallest lag, at least 1, followed by `quiet` lags of insignificant correlation; lags not looked at count as such."""
    loud = np.append(np.abs(correlation[1:]) >= 2.0 * sqrt(log10(n) / n), np.zeros(quiet, dtype=np.bool_))
    calm = ~np.lib.stride_tricks.sliding_window_view(loud, quiet).any(axis=1)
    return max(int(calm.argmax()), 1)


def _autocovariance(series: Floats, lags: int) -> Floats:
    """Return the autocovariances at lags 0 to `lags`."""
    n = len(series)
    transform = np.fft.rfft(series - series.mean(), 2 * n)
    power = np.fft.irfft(transform.real * transform.real + transform.imag * transform.imag, 2 * n)
    covariance: Floats = power[: lags + 1] / n
    return covariance
