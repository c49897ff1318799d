"""From which probability on to act: chosen on validation rows, by what acting would have paid after costs.

Where the table has no payoffs, the threshold with the best F1 takes their place. No threshold is considered that would act on fewer than a
tenth of the validation rows: of a handful of trades the luckiest wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.documents.meta_label import Earned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_SHARE = 0.1


def choose_threshold(probabilities: Floats, labels: Floats, payoffs: Floats | None) -> float:
    """Return the threshold that would have paid most; of several the lowest.

    Args:
        probabilities: (n,) of validation rows.
        labels: (n,) zeros and ones.
        payoffs: (n,) after all costs, in bps.
    """
    candidates = np.unique(np.quantile(probabilities, np.arange(0.0, 1.0 - LEAST_SHARE + 1e-9, 0.05)))
    worth = [_worth(probabilities >= candidate, labels, payoffs) for candidate in candidates]
    return float(candidates[int(np.argmax(worth))])


def earned(probabilities: Floats, threshold: float | Floats, payoffs: Floats) -> Earned:
    """Say what acting at or above a threshold (one, or one per row) paid, beside acting on everything; payoffs are after costs."""
    acts = probabilities >= threshold
    return Earned(
        events=len(payoffs),
        acted=int(acts.sum()),
        acting_bps=float(np.where(acts, payoffs, 0.0).mean()),
        every_signal_bps=float(payoffs.mean()),
    )


def _worth(acts: NDArray[np.bool_], labels: Floats, payoffs: Floats | None) -> float:
    if payoffs is not None:
        return float(payoffs[acts].sum())
    hits = float(labels[acts].sum())
    return 2 * hits / (float(acts.sum()) + float(labels.sum()))
