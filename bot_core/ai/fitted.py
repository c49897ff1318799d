"""What every model family takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from bot_core.documents.artifact import ModelState

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    FitParts = Callable[[Rows, Rows], "Fitted"]


@dataclass(frozen=True, slots=True)
class Examples:
    """(n, k) feature values, (n,) targets and, where rows do not count the same, (n,) weights."""

    values: Floats
    targets: Floats
    weights: Floats | None = None

    def rows(self, index: Rows) -> Examples:
        """Keep some rows, by position."""
        return Examples(self.values[index], self.targets[index], None if self.weights is None else self.weights[index])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A learned model: the state to store, how to predict, boosting rounds (or 1), and each feature's share of importance."""

    state: ModelState
    predict: Callable[[Floats], Floats]
    rounds: int
    importance: Floats
