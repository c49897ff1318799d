"""Is the model better than its best baseline, or lucky? Diebold-Mariano on paired out-of-sample losses.

The variance is Newey-West's with Bartlett weights, for labels that overlap; the statistic carries the small-sample correction of
Harvey, Leybourne and Newbold and is read against Student's t. (Diebold & Mariano, JBES 1995; Newey & West, Econometrica 1987;
Harvey et al., IJF 1997.) The best of the baselines is chosen after the fact, which favours the baseline.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import stdtr

from bot_core.documents.walk_forward import Comparison

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def losses(targets: Floats, predictions: Floats, kind: Literal["absolute", "squared"]) -> Floats:
    """Return the loss per row; the squared loss of a probability is Brier's."""
    error = targets - predictions
    return np.abs(error) if kind == "absolute" else error * error


def compare(
    model: Floats, baselines: dict[str, Floats], *, loss: Literal["absolute", "squared"], overlap: int, significance: float
) -> Comparison:
    """Test the model's losses against the best baseline's.

    Args:
        model: (n,) losses in order of time.
        baselines: name → (n,) losses.
        loss: what the losses are.
        overlap: how many labels are alive at once (the horizon, in rows).
        significance: the p-value below which the model counts as better.
    """
    name = min(baselines, key=lambda key: float(baselines[key].mean()))
    statistic, p_value = diebold_mariano(baselines[name] - model, overlap)
    base = float(baselines[name].mean())
    ours = float(model.mean())
    return Comparison(
        baseline=name,
        loss=loss,
        model_loss=ours,
        baseline_loss=base,
        improvement=(base - ours) / base if base > 0 else 0.0,
        statistic=statistic,
        p_value=p_value,
        significance=significance,
        beats_baseline=p_value < significance,
    )


def diebold_mariano(gain: Floats, overlap: int) -> tuple[float, float]:
    """Test whether the mean gain is above zero.

    Args:
        gain: (n,) baseline loss less model loss, in order of time.
        overlap: labels alive at once; the variance looks back max(overlap, n^(1/3)) rows.

    Returns:
        The corrected statistic and its one-sided p-value; (0, 1) when the gain never varies.
    """
    n = len(gain)
    variance, correction = long_run(gain, overlap)
    if not variance > 0:
        return 0.0, 1.0
    statistic = float(gain.mean()) / sqrt(variance / n) * correction
    return statistic, float(stdtr(n - 1, -statistic))


def long_run(gain: Floats, overlap: int) -> tuple[float, float]:
    """Return the long-run variance of (n,) paired differences and the small-sample correction; see `diebold_mariano`."""
    n = len(gain)
    lags = min(max(overlap, round(n ** (1 / 3))), n - 1)
    h = min(max(overlap, 1), n // 2)
    return _long_run_variance(gain, lags), sqrt(max((n + 1 - 2 * h + h * (h - 1) / n) / n, 1 / n))


def _long_run_variance(gain: Floats, lags: int) -> float:
    centred = gain - gain.mean()
    n = len(gain)
    total = float(centred @ centred) / n
    for lag in range(1, lags + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / n
    return total
