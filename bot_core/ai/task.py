"""What a target asks of a model: numbers or probabilities, in which unit, and where "up" begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bot_core.config.models import Direction, ForwardReturn, LabelColumn, NextRange, TripleBarrier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.config.models import TargetConfig


@dataclass(frozen=True, slots=True)
class Task:
    """`pivot` is the value above which a prediction points up: zero, one half, or the median of the training targets.

    `side` is what a payoff is earned with: long above the pivot and short below, long or nothing, or nothing at all.
    """

    kind: Literal["regression", "classification"]
    unit: str
    pivot: Literal["zero", "half", "median"]
    side: Literal["long_short", "long_only"]
    description: str

    def pivot_value(self, training_targets: NDArray[np.float64]) -> float:
        """Return the pivot in the target's unit."""
        if self.pivot == "median":
            return float(np.median(training_targets))
        return 0.5 if self.pivot == "half" else 0.0

    def sides(self, predictions: NDArray[np.float64], pivot: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return +1, 0 or -1 per prediction."""
        up = np.sign(predictions - pivot)
        return np.maximum(up, 0.0) if self.side == "long_only" else up


def task_of(target: TargetConfig) -> Task:
    """Derive the task from a target's configuration."""
    match target:
        case ForwardReturn(horizon=horizon):
            return Task("regression", "bps", "zero", "long_short", f"forward return over {_bars(horizon)}")
        case Direction(horizon=horizon):
            return Task("classification", "probability", "half", "long_short", f"sign of the forward return over {_bars(horizon)}")
        case TripleBarrier(horizon=horizon):
            return Task("classification", "probability", "half", "long_only", f"upper barrier first within {_bars(horizon)}")
        case NextRange(horizon=horizon):
            return Task("regression", "bps", "median", "long_only", f"log range of the next {_bars(horizon)}")
        case LabelColumn(task="classification", unit=unit, description=description):
            return Task("classification", unit, "half", "long_only", description)
        case LabelColumn(unit=unit, description=description):
            return Task("regression", unit, "median", "long_only", description)


def _bars(horizon: int) -> str:
    return "bar" if horizon == 1 else f"{horizon} bars"
