"""A feature that all but knows the answer is a leak until proven otherwise.

Markets and people are not forecast by one column: where a single feature orders the target nearly perfectly, the label, the future or a
copy of either has got into the features. Such a model is refused by the feature's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score

from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.features.dataset import FeatureDataset

SUSPICIOUS_AUC = 0.95


def single_feature_aucs(rows: FeatureDataset, pivot: float) -> dict[str, float]:
    """Return how well each feature alone separates targets above the pivot from the rest: 0.5 not at all, 1 perfectly, either way up."""
    up = (rows.targets > pivot).astype(np.float64)
    if not 0.0 < up.mean() < 1.0:
        return dict.fromkeys(rows.feature_names, 0.5)
    return {name: _auc(up, column) for name, column in zip(rows.feature_names, rows.values.T, strict=True)}


def refuse_leaks(rows: FeatureDataset, pivot: float) -> None:
    """Stop when one feature alone separates the target.

    Raises:
        DatasetError: with the feature's name and its AUC.
    """
    for name, auc in single_feature_aucs(rows, pivot).items():
        if auc >= SUSPICIOUS_AUC:
            msg = f"features: {name}: expected no feature to know the target by itself (AUC below {SUSPICIOUS_AUC}), got AUC {auc:.3f}"
            raise DatasetError(msg, hint="a leak: the column holds the label or the future; take it out of conf/features/")


def _auc(up: NDArray[np.float64], column: NDArray[np.float64]) -> float:
    auc = float(roc_auc_score(up, column))
    return max(auc, 1.0 - auc)
