"""Which weather it is: one measure of volatility against its own past, by three means or by two quantiles.

Both look at the logarithm, for volatility is skewed, and at values that came before the one that is asked about: nothing is looked ahead.
`kmeans` puts three means through the window (MacQueen 1967, Lloyd's steps in one dimension, begun at the 1/6, 3/6 and 5/6 quantiles) and
takes the nearest; `quantiles` cuts the window in thirds. Until there are `least` values, or where the value is none, it is unknown.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from bot_core.routing.answers import Regime, Weather

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot_core.config.routing import Regimes

    Rule = Callable[[Sequence[float], float], tuple[int, float, float]]

LABELS: Final[tuple[Weather, Weather, Weather]] = ("calm", "normal", "turbulent")
STEPS: Final = 100
"""Lloyd's steps at most; a few are needed."""


class VolatilityRegime:
    """Says how volatile it is, and remembers what it was asked.

    Args:
        name: `kmeans` or `quantiles`.
        config: which feature, and how long a past.
    """

    def __init__(self, name: str, config: Regimes) -> None:
        self._source = f"regime:{name}"
        self._rule = RULES[name]
        self._config = config
        self._past: deque[float] = deque(maxlen=config.window)

    def __call__(self, features: Mapping[str, float], /) -> Regime:
        """Answer for the next vector."""
        value = features.get(self._config.feature, math.nan)
        if not 0.0 < value < math.inf:
            return Regime(source=self._source, label="unknown", score=0.0, confidence=0.0)
        spoken, past = math.log(value), sorted(self._past)
        self._past.append(spoken)
        if len(past) < self._config.least:
            return Regime(source=self._source, label="unknown", score=0.0, confidence=0.0)
        place, score, confidence = self._rule(past, spoken)
        return Regime(source=self._source, label=LABELS[place], score=score, confidence=confidence)


def kmeans(past: Sequence[float], value: float) -> tuple[int, float, float]:
    """Return the nearest of three means of an ordered past, how far along them the value lies, and how much nearer it is to that one.

    >>> kmeans([0.0] * 10 + [1.0] * 10 + [2.0] * 10, 2.0)
    (2, 1.0, 1.0)
    """
    means = three_means(past)
    near = sorted((abs(value - mean), place) for place, mean in enumerate(means))
    (best, place), (second, _) = near[0], near[1]
    span = means[2] - means[0]
    score = max(-1.0, min(1.0, 2.0 * (value - means[0]) / span - 1.0)) if span > 0.0 else 0.0
    return place, score, 1.0 - best / second if second > 0.0 else 0.0


def quantiles(past: Sequence[float], value: float) -> tuple[int, float, float]:
    """Return the third of an ordered past that a value lies in, its rank from -1 to 1, and how far it is from the nearest cut.

    >>> quantiles([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 5.5)
    (2, 1.0, 1.0)
    """
    rank = bisect_left(past, value) / len(past)
    place = min(int(rank * 3.0), 2)
    furthest = 1.0 / 3.0 if place != 1 else 1.0 / 6.0
    return place, 2.0 * rank - 1.0, min(abs(rank - 1.0 / 3.0) / furthest, abs(rank - 2.0 / 3.0) / furthest, 1.0)


def three_means(ordered: Sequence[float]) -> list[float]:
    """Return three means of ordered values, smallest first; sums up to each place make a step cheap."""
    means = [ordered[len(ordered) * share // 6] for share in (1, 3, 5)]
    sums = [0.0, *accumulate(ordered)]
    for _ in range(STEPS):
        cuts = [bisect_right(ordered, (low + high) / 2.0) for low, high in pairwise(means)]
        groups = pairwise([0, *cuts, len(ordered)])
        moved = sorted(
            (sums[last] - sums[first]) / (last - first) if last > first else mean
            for mean, (first, last) in zip(means, groups, strict=True)
        )
        if moved == means:
            break
        means = moved
    return means


RULES: Final[dict[str, Rule]] = {"kmeans": kmeans, "quantiles": quantiles}
