"""Who answers for signals: a model that a router was given, or the votes of a small forest of declared stumps.

Each stump of the forest looks at one feature and says buy, sell or hold; the mean of the votes is the value. A stump whose feature is
missing or no number does not vote; where none votes it is a hold without confidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.routing.answers import signal_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot_core.ai.inference import DecisionModelInference
    from bot_core.config.routing import Stump
    from bot_core.routing.answers import Signal

FOREST = "rf_rule"


class ForestRule:
    """The mean vote of stumps.

    Args:
        stumps: one vote each.
    """

    def __init__(self, stumps: Sequence[Stump]) -> None:
        self.model = FOREST
        self.version: str | None = None
        self._stumps = tuple(stumps)

    def __call__(self, features: Mapping[str, float], /) -> Signal:
        """Answer by the votes."""
        votes = [(stump, features[stump.feature]) for stump in self._stumps if _is_number(features.get(stump.feature))]
        cast = [stump.above if value > stump.split else stump.below for stump, value in votes]
        reasons = [
            f"{stump.feature} {'above' if value > stump.split else 'not above'} {stump.split:g}: {vote:+d}"
            for (stump, value), vote in zip(votes, cast, strict=True)
            if vote
        ]
        return signal_of(f"signal:{FOREST}", sum(cast) / len(cast) if cast else 0.0, reasons)


class ModelSignal:
    """A model's calibrated probability as a signal: certainty is 1 or -1, an even chance 0.

    Args:
        name: the model's, in the roster.
        inference: the model, loaded.
    """

    def __init__(self, name: str, inference: DecisionModelInference) -> None:
        self.model = name
        self.version = inference.record.version if inference.record else None
        self._inference = inference

    def __call__(self, features: Mapping[str, float], /) -> Signal:
        """Ask the model.

        Raises:
            BotCoreError: it is not ready, or a feature is missing.
        """
        score = self._inference.score(features)
        return signal_of(f"signal:{self.model}", 2.0 * score.success_probability - 1.0, (), score.expected_return_bps)


def _is_number(value: float | None) -> bool:
    return value is not None and value - value == 0.0
