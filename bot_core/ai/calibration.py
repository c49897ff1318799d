"""From a prediction to a probability that means what it says: Platt's map, fitted on validation rows only.

One quantity: the probability that the target lies above its pivot. (Platt, Advances in Large Margin Classifiers, 1999.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.task import Task

    Floats = NDArray[np.float64]

_EDGE = 1e-6
_WEAK_PENALTY = 1e4


@dataclass(frozen=True, slots=True)
class Platt:
    """probability = 1 / (1 + exp(-(slope * z + intercept)))."""

    input: Literal["scaled", "log_odds"]
    pivot: float
    scale: float
    slope: float
    intercept: float
    fitted_rows: int

    def probability(self, predictions: Floats) -> Floats:
        """Map (n,) predictions to (n,) probabilities that the target is above its pivot."""
        return 1.0 / (1.0 + np.exp(-(self.slope * _z(predictions, self.input, self.pivot, self.scale) + self.intercept)))


def fit_platt(task: Task, predictions: Floats, targets: Floats, pivot: float, scale: float) -> Platt:
    """Fit the map on validation predictions.

    A validation part of one class, or predictions that never vary, allow no slope: the map is then the smoothed base rate.
    """
    kind: Literal["scaled", "log_odds"] = "log_odds" if task.kind == "classification" else "scaled"
    shift, unit = (0.0, 1.0) if kind == "log_odds" else (pivot, scale)
    up = (targets > pivot).astype(np.float64)
    z = _z(predictions, kind, shift, unit)
    base = (up.sum() + 1.0) / (len(up) + 2.0)
    slope, intercept = 0.0, float(np.log(base / (1.0 - base)))
    if 0 < up.sum() < len(up) and float(np.ptp(z)) > 0:
        fitted = LogisticRegression(C=_WEAK_PENALTY, max_iter=1000).fit(z[:, None], up)
        slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return Platt(kind, shift, unit, slope, intercept, len(up))


def _z(predictions: Floats, kind: str, pivot: float, scale: float) -> Floats:
    if kind == "scaled":
        return (predictions - pivot) / scale
    clipped = np.clip(predictions, _EDGE, 1.0 - _EDGE)
    return np.log(clipped / (1.0 - clipped))
