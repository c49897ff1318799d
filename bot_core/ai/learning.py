"""One honest fit: learn on the training rows, stop early and calibrate on the validation rows, touch nothing newer.

Both `train` and every walk-forward window do exactly this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai import families
from bot_core.ai.calibration import fit_platt
from bot_core.ai.fitted import Examples
from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.ai.calibration import Platt
    from bot_core.ai.fitted import Fitted
    from bot_core.ai.task import Task
    from bot_core.config.models import ModelConfig
    from bot_core.features.dataset import FeatureDataset


@dataclass(frozen=True, slots=True)
class Learned:
    """A fitted model with its pivot, the spread of its training targets, and its calibration."""

    fitted: Fitted
    pivot: float
    target_scale: float
    platt: Platt


def learn(task: Task, config: ModelConfig, train: FeatureDataset, validation: FeatureDataset) -> Learned:
    """Fit and calibrate.

    Raises:
        DatasetError: a target that is not finite or never varies, or a class that never occurs.
    """

    def fit() -> Fitted:
        return families.fit(config, Examples(train.values, train.targets), Examples(validation.values, validation.targets))

    return learn_by(fit, task, train, validation)


def learn_by(fit: Callable[[], Fitted], task: Task, train: FeatureDataset, validation: FeatureDataset) -> Learned:
    """Fit on `train` the way `fit` does, and calibrate; see `learn` for what is raised."""
    _require_variety(task, train)
    fitted = fit()
    pivot, scale = task.pivot_value(train.targets), train.target_scale
    platt = fit_platt(task, fitted.predict(validation.values), validation.targets, pivot, scale)
    return Learned(fitted, pivot, scale, platt)


def _require_variety(task: Task, train: FeatureDataset) -> None:
    span = f"training rows {train.times[0]} to {train.times[-1]}"
    if not np.isfinite(train.targets).all():
        msg = f"{span}: expected finite targets, got {int((~np.isfinite(train.targets)).sum())} that are not"
        raise DatasetError(msg, hint="check the label column or the target's configuration")
    classes = np.unique(train.targets)
    if len(classes) < 2:  # noqa: PLR2004  # nothing to learn from one value
        what = "both classes" if task.kind == "classification" else "a target that varies"
        msg = f"{span}: expected {what}, got only {classes[0]:g}"
        raise DatasetError(msg, hint="use more data, another horizon or other barriers")
