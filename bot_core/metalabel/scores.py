"""How good probabilities of a test block were, and how figures spread over the folds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from bot_core.documents.meta_label import MetaScores, Spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def meta_scores(labels: Floats, probabilities: Floats, threshold: float, base_rate: float) -> MetaScores:
    """Compare calibrated probabilities with what came.

    Args:
        labels: (n,) zeros and ones.
        probabilities: (n,).
        threshold: where acting begins.
        base_rate: the share of ones in the training rows.
    """
    acts = probabilities >= threshold
    hits = float(labels[acts].sum())
    precision, recall = _share(hits, float(acts.sum())), _share(hits, float(labels.sum()))
    both = 0.0 < labels.mean() < 1.0
    return MetaScores(
        accuracy=float(np.mean(acts == (labels > 0.5))),  # noqa: PLR2004  # 0 or 1
        precision=precision,
        recall=recall,
        f1=_share(2 * precision * recall, precision + recall),
        roc_auc=float(roc_auc_score(labels, probabilities)) if both else None,
        pr_auc=float(average_precision_score(labels, probabilities)) if both else None,
        brier=float(brier_score_loss(labels, probabilities)),
        brier_base_rate=float(np.mean((labels - base_rate) ** 2)),
        base_rate=float(labels.mean()),
    )


def spreads(folds: Sequence[MetaScores]) -> dict[str, Spread]:
    """Return mean and spread of each figure over the folds that have it; a figure that no fold has is left out."""
    columns = {name: [getattr(fold, name) for fold in folds] for name in MetaScores.__struct_fields__}
    known = {name: [value for value in values if value is not None] for name, values in columns.items()}
    return {name: _spread(values) for name, values in known.items() if values}


def _spread(values: list[float]) -> Spread:
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)) if len(values) > 1 else 0.0
    return Spread(mean=mean, stdev=deviation, low=min(values), high=max(values), folds=len(values))


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
