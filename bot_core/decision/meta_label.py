"""Whether the primary model's trade will pay, asked of a second model: meta-labelling (López de Prado, 2018, chapter 3.6).

The primary says which side; the second one says how surely that side pays after its costs, and nothing else. It reads, by name:

- the primary's features, as they were given to the primary;
- `primary_prediction` = (prediction - pivot) / scale, of the primary's own prediction, pivot and scale;
- `side`, +1 where the prediction lies above the pivot, -1 below.

A candidate buys. So where the prediction does not lie above the pivot the condition fails whatever is answered: the answer is about the
other side. The model is asked all the same if it knows that side, so that what watches its input sees what it was trained on, both sides.
Whatever cannot be asked or answered is a finding, and the condition then fails.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.config.decision import finite, is_probability, plain_floats
from bot_core.decision.ports import SCORE_ERRORS
from bot_core.decision.thresholds import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.decision.ports import Inference, ModelScore

SIDE, PREDICTION = "side", "primary_prediction"
PROBABILITY = "meta_label_probability"
"""What the orchestrator measures the answer as."""

LONG, SHORT = 1.0, -1.0


class MetaLabelInference:
    """A meta-label model, bound to the primary model whose trades it was trained on.

    Args:
        inference: the meta-label model.
        pivot: above which the primary's prediction points up, in its target's unit.
        scale: the primary's target scale, in the same unit, above zero.
        knows_short: whether it was trained on trades below the pivot too.
    """

    def __init__(self, inference: Inference, *, pivot: float, scale: float, knows_short: bool = True) -> None:
        self._inference = inference
        self._pivot = pivot
        self._scale = scale
        self._knows_short = knows_short

    def probability(self, features: Mapping[str, object], score: ModelScore) -> float | Finding:
        """Return the probability that the trade of a score pays, 0 to 1, or the finding why there is none.

        Args:
            features: the primary's, by name, as the candidate carries them.
            score: the primary's.
        """
        prediction = score.prediction
        if prediction is None:
            return Finding("meta_label_unasked", PREDICTION)
        if not finite(prediction) or prediction == self._pivot:
            return Finding("meta_label_against", PREDICTION, prediction if finite(prediction) else None, self._pivot)
        side = LONG if prediction > self._pivot else SHORT
        if side == LONG or self._knows_short:
            found = self._asked({**features, SIDE: side, PREDICTION: (prediction - self._pivot) / self._scale})
            if side == LONG or isinstance(found, Finding):
                return found
        return Finding("meta_label_against", PREDICTION, prediction, self._pivot)

    def _asked(self, given: Mapping[str, object]) -> float | Finding:
        try:
            return self._answer(given)
        except SCORE_ERRORS as error:
            return Finding("meta_label_failed", type(error).__name__)

    def _answer(self, given: Mapping[str, object]) -> float | Finding:
        if self._inference.is_ready is not True:
            return Finding("meta_label_not_ready", "is_ready")
        names = self._inference.feature_names
        row = {name: float(value) if finite(value := given.get(name)) else math.nan for name in names}
        if not plain_floats(row.values()):
            return Finding("meta_label_unfit", next(name for name, value in row.items() if math.isnan(value)))
        found = self._inference.score(row).success_probability
        return found if is_probability(found) else Finding("meta_label_invalid", PROBABILITY)
