"""How far a window lies from its reference by chance: thresholds and p-values by circular block bootstrap, and what is a discovery.

Pseudo-windows are made of blocks of neighbouring reference rows, per feature as long as that feature remembers (`drift_memory`), never
of single rows: a bootstrap that forgets the memory calls every slow feature drifted. (Künsch, Annals of Statistics 1989; Politis &
Romano 1992.) Three corrections make the declared rate hold out of sample:

- The reference is a sample too. A window of m rows against n differs like m n / (m + n) rows against the truth: pseudo-windows have
  that many. (Smirnov's effective size.)
- No pseudo-window could leave its own reference, as a new window may: the single rows at its two ends count as outside.
- A long memory leaves few blocks to learn the spread from. Each replicate is rescaled by sqrt(v / chi2(v)), v = n / block, as Student's
  t widens the normal law; the stability index, a square, by its square.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.drift_memory import block_lengths
from bot_core.ai.drift_statistics import distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.drift_statistics import Reference
    from bot_core.config.models import DriftConfig

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chance:
    """`replicates` (r, 3, k) of the statistics under no drift; `blocks` (k,) rows."""

    replicates: Floats
    blocks: NDArray[np.intp]

    @classmethod
    def of(cls, reference: Reference, rows: Floats, window: int, config: DriftConfig) -> Chance:
        """Measure pseudo-windows drawn from the reference's own `rows` (n, k), in order of time.

        `config.block` is the shortest block. There are at least `config.replicates` replicates, and as many more as it takes for a
        single statistic to be able to reach the two declared rates.
        """
        size = max(round(window * len(rows) / (window + len(rows))), 1)
        blocks = np.clip(block_lengths(reference, rows), config.block, None).clip(1, size)
        count = replicates_needed(3 * rows.shape[1], config)
        draw = np.random.default_rng(config.seed)
        widened = _widening(len(rows) / blocks, count, draw)
        return cls(_bootstrap(reference, rows, size, blocks, count, draw) * widened, blocks)

    def thresholds(self, rate: float) -> Floats:
        """Return the values (3, k) above which a p-value is at most `rate`."""
        above = floor(rate * (1 + len(self.replicates))) - 1
        limits: Floats = np.sort(self.replicates, axis=0)[len(self.replicates) - 1 - above]
        return limits

    def p_values(self, observed: Floats) -> Floats:
        """Return (1 + number of replicates at or above) / (1 + replicates) for `observed` (3, k)."""
        share: Floats = (1.0 + (self.replicates >= observed).sum(axis=0)) / (1.0 + len(self.replicates))
        return share


def replicates_needed(tests: int, config: DriftConfig) -> int:
    """Return the number of replicates: the configured one, or what lets one of `tests` p-values reach the declared rates."""
    return max(config.replicates, ceil(1.0 / config.false_alarm_rate), ceil(tests / config.false_discovery_rate))


def discoveries(p: Floats, rate: float) -> NDArray[np.bool_]:
    """Mark the p-values that the step-up procedure rejects at a false-discovery rate.

    Benjamini & Hochberg, JRSS B 1995. Distances of related features rise together, which the procedure allows (Benjamini & Yekutieli,
    Annals of Statistics 2001, theorem 1.2); their variant for any dependence would cost a factor of five over thirty features.
    """
    flat = np.sort(p.ravel())
    passed = np.flatnonzero(flat <= rate * np.arange(1, len(flat) + 1) / len(flat))
    limit = flat[passed[-1]] if len(passed) else -1.0
    found: NDArray[np.bool_] = p <= limit
    return found


def _bootstrap(
    reference: Reference, rows: Floats, size: int, blocks: NDArray[np.intp], count: int, draw: np.random.Generator
) -> Floats:
    n, k = rows.shape
    block, step = np.divmod(np.arange(size), blocks[:, None])
    columns, feature = np.ascontiguousarray(rows.T), np.arange(k)[:, None]
    measured, slabs = replace(reference, bins=reference.bins.ends_outside(reference.columns)), reference.slabs(size)
    result = np.empty((count, 3, k))
    for one in result:
        starts = draw.integers(0, n, block.max() + 1)
        one[:] = distances(measured, slabs, columns[feature, (starts[block] + step) % n].T)
    return result


def _widening(freedom: Floats, count: int, draw: np.random.Generator) -> Floats:
    scale = np.sqrt(freedom / draw.chisquare(freedom, (count, len(freedom))))
    return np.stack([scale * scale, scale, scale], axis=1)
