"""How good predictions were. Only pure figures; whether rows are in- or out-of-sample is the caller's to know and to say."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, mean_absolute_error, roc_auc_score, root_mean_squared_error

from bot_core.documents.scores import ReliabilityBin, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.task import Task
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]

_Z95 = 1.959963984540054


def score(task: Task, rows: FeatureDataset, predictions: Floats, pivot: float | Floats, round_trip_cost_bps: float) -> Scores:
    """Compare predictions with what came.

    Args:
        task: what was asked.
        rows: the n labelled rows predicted.
        predictions: (n,) in the target's unit, or probabilities.
        pivot: where "up" begins; one for all rows or (n,).
        round_trip_cost_bps: cost of each decision that takes a side.
    """
    sides = task.sides(predictions, pivot)
    correct = float(np.mean((predictions > pivot) == (rows.targets > pivot)))
    effective = effective_rows(rows)
    low, high = wilson(correct, effective)
    return Scores(
        rows=len(rows),
        effective_rows=effective,
        mae=float(mean_absolute_error(rows.targets, predictions)),
        rmse=float(root_mean_squared_error(rows.targets, predictions)),
        directional_accuracy=correct,
        directional_accuracy_low=low,
        directional_accuracy_high=high,
        expected_pnl_bps=None
        if rows.payoffs is None
        else float(np.mean(sides * rows.payoffs - np.abs(sides) * round_trip_cost_bps)),
        trades=None if rows.payoffs is None else int(np.count_nonzero(sides)),
        **(_probability_scores(rows.targets, predictions) if task.kind == "classification" else {}),
    )


def _probability_scores(targets: Floats, predictions: Floats) -> dict[str, float]:
    figures = {
        "brier": float(brier_score_loss(targets, np.clip(predictions, 0.0, 1.0))),
        "log_loss": float(log_loss(targets, np.clip(predictions, 1e-6, 1 - 1e-6), labels=[0.0, 1.0])),
    }
    if 0.0 < targets.mean() < 1.0:
        figures["auc"] = float(roc_auc_score(targets, predictions))
    return figures


def effective_rows(rows: FeatureDataset) -> float:
    """Count rows by average label uniqueness: overlapping labels share their information.

    A label's uniqueness is the mean over the row times it spans of 1 / (labels alive there). (López de Prado 2018, ch. 4.)
    """
    ends = np.searchsorted(rows.times, rows.label_ends, side="left")
    starts = np.searchsorted(rows.times, rows.times, side="left")
    ends = np.maximum(ends, starts + 1)
    alive = np.cumsum(np.bincount(starts, minlength=len(rows) + 1) - np.bincount(ends, minlength=len(rows) + 1))[:-1]
    share = np.concatenate([[0.0], np.cumsum(1.0 / np.maximum(alive, 1))])
    return float(np.sum((share[ends] - share[starts]) / (ends - starts)))


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share seen in n independent rows (Wilson, JASA 1927)."""
    centre = (share + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 / (1 + _Z95**2 / n) * sqrt(share * (1 - share) / n + _Z95**2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def reliability(probabilities: Floats, outcomes: Floats, bins: int = 10) -> list[ReliabilityBin]:
    """Bin predicted probabilities evenly from 0 to 1 and give what was observed in each bin that has rows."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(
            low=b / bins,
            high=(b + 1) / bins,
            rows=int(inside.sum()),
            predicted=float(probabilities[inside].mean()),
            observed=float(outcomes[inside].mean()),
        )
        for b in range(bins)
        if (inside := place == b).any()
    ]
