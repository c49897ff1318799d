"""How far a window of this length lies from its own reference by chance: thresholds and p-values by circular block bootstrap.

Single rows are never drawn: neighbours resemble each other, and a bootstrap that forgets it calls every slow feature drifted. Blocks
are as long as the slowest feature remembers, at least the configured length and at most the window. (Künsch, Annals of Statistics
1989; Politis & Romano 1992; the memory by the rule of Politis & White, Econometric Reviews 2004.)
"""

from __future__ import annotations

from math import log10, sqrt
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.drift_statistics import distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.drift_statistics import Reference

    Floats = NDArray[np.float64]

QUIET_LAGS = 5


def by_chance(reference: Reference, rows: Floats, window: int, block: int, replicates: int, seed: int) -> Floats:
    """Measure pseudo-windows drawn from the reference's own rows.

    Args:
        reference: prepared from `rows`.
        rows: (n, k) in order of time.
        window: rows of a pseudo-window.
        block: rows of a block.
        replicates: pseudo-windows to draw.
        seed: of the generator.

    Returns:
        (replicates, 3, k) statistics.
    """
    draw = np.random.default_rng(seed)
    slabs = reference.slabs(window)
    pieces = -(-window // block)
    steps = np.arange(block)
    result = np.empty((replicates, 3, rows.shape[1]))
    for one in result:
        starts = draw.integers(0, len(rows), pieces)
        places = ((starts[:, None] + steps) % len(rows)).ravel()[:window]
        one[:] = distances(reference, slabs, rows[places])
    return result


def block_length(rows: Floats, least: int, most: int) -> int:
    """Return twice the lag after which the slowest feature's autocorrelation stays insignificant, within `least` and `most`."""
    memory = max(_memory(column, most) for column in rows.T)
    return int(min(max(2 * memory, least), most))


def _memory(column: Floats, most: int) -> int:
    """Return the smallest lag followed by five lags whose autocorrelation is within 2 sqrt(log10(n) / n)."""
    centred = column - column.mean()
    power = float(centred @ centred)
    if power <= 0.0:
        return 1
    bound, quiet = 2.0 * sqrt(log10(len(column)) / len(column)), 0
    for lag in range(1, most):
        quiet = quiet + 1 if abs(float(centred[lag:] @ centred[:-lag])) < bound * power else 0
        if quiet == QUIET_LAGS:
            return max(lag - QUIET_LAGS, 1)
    return most


def p_values(observed: Floats, chance: Floats) -> Floats:
    """Return (1 + number of replicates at or above) / (1 + replicates) for (3, k) statistics."""
    above = (chance >= observed).sum(axis=0)
    share: Floats = (1.0 + above) / (1.0 + len(chance))
    return share


def discoveries(p: Floats, rate: float) -> NDArray[np.bool_]:
    """Mark the p-values that the step-up procedure of Benjamini & Hochberg (JRSS B 1995) rejects at a false-discovery rate."""
    flat = np.sort(p.ravel())
    passed = np.flatnonzero(flat <= rate * np.arange(1, len(flat) + 1) / len(flat))
    limit = flat[passed[-1]] if len(passed) else -1.0
    found: NDArray[np.bool_] = p <= limit
    return found
