"""How good answers are on sentences that were never learned from, and how much better than another's, with intervals.

The interval of a share is Wilson's, that of a paired difference the normal one; both at 95 %. Sentences are taken as independent: many tell
of the same event, so the true intervals are somewhat wider.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.scoring import wilson
from bot_core.documents.sentiment import Advantage, Answered, Judged
from bot_core.sentiment.sentences import CLASSES

if TYPE_CHECKING:
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]
    FloatArray = npt.NDArray[np.float64]

COLUMNS = (0, 2, 1)
"""The class, as a place in `CLASSES`, of each column of `Head.probabilities`: negative, neutral, positive."""
LABELS = {"neg": 0, "pos": 1, "neu": 2}
"""The class of an answer's label."""
_Z95 = 1.959963984540054


def judged(answers: Places, truth: Places, probabilities: FloatArray | None = None) -> Judged:
    """Judge answers, both (n,) places in `CLASSES`.

    Args:
        answers: what was said.
        truth: what is so.
        probabilities: (n, 3) negative, neutral, positive, where there are any.
    """
    accuracy = float((answers == truth).mean())
    low, high = wilson(accuracy, len(truth))
    classes = {name: _answered(answers == place, truth == place) for place, name in enumerate(CLASSES)}
    return Judged(
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=sum(one.f1 for one in classes.values()) / len(classes),
        classes=classes,
        brier=None if probabilities is None else _brier(probabilities, truth),
    )


def advantage(answers: Places, others: Places, truth: Places) -> Advantage:
    """Say by how much the accuracy of answers is above that of others on the same sentences."""
    gains = (answers == truth).astype(np.float64) - (others == truth)
    difference = float(gains.mean())
    half = _Z95 * sqrt(float(gains.var()) / len(gains))
    return Advantage(difference=difference, low=difference - half, high=difference + half)


def _answered(said: npt.NDArray[np.bool_], so: npt.NDArray[np.bool_]) -> Answered:
    right = int((said & so).sum())
    precision = right / max(int(said.sum()), 1)
    recall = right / max(int(so.sum()), 1)
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Answered(sentences=int(so.sum()), precision=precision, recall=recall, f1=f1)


def _brier(probabilities: FloatArray, truth: Places) -> float:
    places = np.asarray(COLUMNS)
    return float(((probabilities - (truth[:, None] == places)) ** 2).sum(axis=1).mean())
