"""Naive predictions, the ones a model must beat. Each uses only labels that had ended when the row was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.task import Task
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]

RECENT = 20


@dataclass(frozen=True, slots=True)
class KnownLabels:
    """For each row, the newest label known at its time and the mean of the newest twenty; NaN before there is one."""

    last: Floats
    recent_mean: Floats

    def rows(self, index: NDArray[np.intp]) -> KnownLabels:
        """Keep some rows, by position."""
        return KnownLabels(self.last[index], self.recent_mean[index])


def known_labels(rows: FeatureDataset) -> KnownLabels:
    """Look back from each row's time over the labels that had ended by then, in the order they ended."""
    order = np.lexsort((rows.times, rows.label_ends))
    targets = rows.targets[order]
    seen = np.searchsorted(rows.label_ends[order], rows.times, side="right")
    sums = np.concatenate([[0.0], np.cumsum(targets)])
    count = np.minimum(seen, RECENT)
    with np.errstate(invalid="ignore"):
        mean = (sums[seen] - sums[seen - count]) / count
    return KnownLabels(last=np.where(seen > 0, targets[seen - 1], np.nan), recent_mean=mean)


def naive_predictions(
    task: Task, train: FeatureDataset, known_train: KnownLabels, known: KnownLabels, pivot: float
) -> dict[str, Floats]:
    """Predict each test row naively.

    Args:
        task: numbers or probabilities.
        train: the purged training rows.
        known_train: what was known at each training row's time.
        known: what was known at each test row's time.
        pivot: where "up" begins; for the last sign.
    """
    mean = float(train.targets.mean())
    neutral = 0.5 if task.kind == "classification" else 0.0
    last = np.where(np.isnan(known.last), mean, known.last)
    recent = np.where(np.isnan(known.recent_mean), mean, known.recent_mean)
    return {
        "zero": np.full(len(last), neutral),
        "training_mean": np.full(len(last), mean),
        "last_value": last,
        "mean_20": recent,
        "last_sign": _by_last_sign(train, known_train.last > pivot, last > pivot, mean),
    }


def _by_last_sign(train: FeatureDataset, up_train: NDArray[np.bool_], up: NDArray[np.bool_], mean: float) -> Floats:
    """Predict the mean training target after a label of the same sign."""
    after_up = float(train.targets[up_train].mean()) if up_train.any() else mean
    after_down = float(train.targets[~up_train].mean()) if (~up_train).any() else mean
    return np.where(up, after_up, after_down)
