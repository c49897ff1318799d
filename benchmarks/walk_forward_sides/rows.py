"""The rows that both sides validate on: autocorrelated features and a weak signal, the same for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import lfilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

FEATURES = tuple(f"f{i:02d}" for i in range(30))
WINDOWS = 20
FIRST_TRAIN_SHARE = 0.4
HELD_OUT = 0.15 / 0.85
HOURS = 4
COST_BPS = 1.0
ROUNDS, LEAVES, RATE, LEAST_IN_LEAF, PATIENCE, SEED = 200, 31, 0.05, 50, 30, 7
EXPLAINED = 0.02


class Rows(NamedTuple):
    """`values` (n, 30), `targets` in bps (n,), `times` and `label_ends` (n,): hourly, each label four hours long."""

    values: Floats
    targets: Floats
    times: Times
    label_ends: Times


def synthetic(count: int) -> Rows:
    """Draw rows; the features explain 2 % of the target's variance, of which trees find about half."""
    rng = np.random.default_rng(SEED)
    values = np.column_stack([_autocorrelated(rng.standard_normal(count), rho) for rho in np.linspace(0.5, 0.98, len(FEATURES))])
    signal = np.tanh(values[:, 0] * values[:, 1]) + 0.5 * values[:, 2] + 0.5 * np.abs(values[:, 3]) + 0.3 * np.sin(2 * values[:, 4])
    signal = (signal - signal.mean()) / signal.std()
    targets = 10 * (np.sqrt(EXPLAINED) * signal + np.sqrt(1 - EXPLAINED) * rng.standard_normal(count))
    times = np.datetime64("2015-01-01T00:00", "us") + np.arange(count) * np.timedelta64(1, "h")
    return Rows(values, targets, times, times + np.timedelta64(HOURS, "h"))


def _autocorrelated(noise: Floats, rho: float) -> Floats:
    return np.asarray(lfilter([np.sqrt(1 - rho * rho)], [1.0, -rho], noise), dtype=np.float64)
