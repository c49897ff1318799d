"""What a label is worth as a teacher: less, the more of its time it shares with others.

Labels that overlap are told by the same prices, so ten of them over one day know little more than one. A label's uniqueness is the mean
over the row times it spans of 1 / (labels alive there). (López de Prado, Advances in Financial Machine Learning, 2018, ch. 4.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]


def uniqueness(starts: Times, ends: Times) -> Floats:
    """Return each label's average uniqueness, above 0 and up to 1.

    Args:
        starts: (n,) in order.
        ends: (n,) when each label was known.
    """
    first = np.searchsorted(starts, starts, side="left")
    last = np.maximum(np.searchsorted(starts, ends, side="left"), first + 1)
    size = len(starts) + 1
    alive = np.cumsum(np.bincount(first, minlength=size) - np.bincount(last, minlength=size))[:-1]
    share = np.concatenate([[0.0], np.cumsum(1.0 / np.maximum(alive, 1))])
    found: Floats = (share[last] - share[first]) / (last - first)
    return found
