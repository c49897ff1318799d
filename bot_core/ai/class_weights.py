"""Both classes weigh the same, however rare one is: in what is fitted and in what boosting stops by.

Libraries have a switch for it that weighs the training rows alone. The rows that say when to stop then still count as they are, and call
every step towards the rare class a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def balanced(targets: Floats, weights: Floats | None = None) -> Floats:
    """Scale (n,) weights so that zeros and ones weigh the same together, and a row 1 on average; a lone class keeps its weights.

    >>> import numpy as np
    >>> balanced(np.array([0.0, 0.0, 0.0, 1.0]))
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    given = np.ones(len(targets)) if weights is None else weights
    ones = targets > 0.5  # noqa: PLR2004  # 0 or 1
    zero, one = float(given[~ones].sum()), float(given[ones].sum())
    if not min(zero, one) > 0:
        return given * (len(given) / float(given.sum()))
    return np.where(ones, given / one, given / zero) * (len(given) / 2)
