"""The Page-Hinkley test with a warning: two-sided, against the running mean.

The sums of the deviations from the mean so far, less and plus a slack, are held against their least and largest value (Page, Biometrika
1954; Hinkley, Biometrika 1971; with the running mean as in Gama et al., ACM Computing Surveys 2014). With a slack of 0.25 standard
deviations and a threshold of 30 a false alarm is rare. River's own defaults, a slack of 0.005 and a threshold of 50, are in the series'
unit: nearly every stream of 5,000 standard normal values alarms, and returns never do (`benchmarks/drift_online.py`). After drift the test
begins anew.

>>> from bot_core.routing.page_hinkley import PageHinkley
>>> detector = PageHinkley(slack=0.25, threshold=30.0, warning=22.0)
>>> found = [detector.update(value) for value in [-1.0, 1.0] * 100 + [2.0] * 32]
>>> found.index("warning"), found.index("drift")
(212, 217)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from bot_core.routing.detector import Window

if TYPE_CHECKING:
    from bot_core.routing.detector import Level

LEAST: Final = 30
"""Values until there is a mean to deviate from."""


class PageHinkley:
    """Says drift above `threshold`; above `warning` a warning, once until it has fallen below again.

    Args:
        slack: what a deviation may be without adding up, in the series' unit.
        threshold: of the sum of deviations beyond the slack, in the same unit.
        warning: smaller than `threshold`.
    """

    __slots__ = (
        "_count",
        "_down",
        "_highest",
        "_lowest",
        "_since",
        "_total",
        "_up",
        "_warned",
        "slack",
        "threshold",
        "warning",
        "window",
    )

    def __init__(self, slack: float = 0.25, threshold: float = 30.0, warning: float = 22.0) -> None:
        self.slack = slack
        self.threshold = threshold
        self.warning = warning
        self.window = Window(0, 0.0, 0.0)
        self._count, self._total, self._up, self._down = 0, 0.0, 0.0, 0.0
        self._lowest, self._highest, self._warned = (math.inf, 0, 0.0), (-math.inf, 0, 0.0), False

    def update(self, value: float) -> Level | None:
        """Take the next value; say whether it makes a warning, or drift, known."""
        self._count += 1
        self._total += value
        deviation = value - self._total / self._count
        up = self._up = self._up + deviation - self.slack
        down = self._down = self._down + deviation + self.slack
        if up < self._lowest[0]:
            self._lowest = (up, self._count, self._total)
        if down > self._highest[0]:
            self._highest = (down, self._count, self._total)
        rise, fall = up - self._lowest[0], self._highest[0] - down
        if max(rise, fall) <= self.warning:
            self._warned = False
            return None
        return self._alarm(rise, fall) if self._count >= LEAST else None

    def _alarm(self, rise: float, fall: float) -> Level | None:
        """Say what is above which bound; the change began where the sum was least, or largest."""
        statistic, (_, since, sum_before) = (rise, self._lowest) if rise > fall else (fall, self._highest)
        level: Level = "drift" if statistic > self.threshold else "warning"
        if level == "warning" and self._warned:
            return None
        after = (self._total - sum_before) / (self._count - since)
        bound = self.threshold if level == "drift" else self.warning
        self.window = Window(self._count, sum_before / since if since else 0.0, after, statistic, bound)
        self._warned = level == "warning"
        if level == "drift":
            self._count, self._total, self._up, self._down = 0, 0.0, 0.0, 0.0
            self._lowest, self._highest = (math.inf, 0, 0.0), (-math.inf, 0, 0.0)
        return level
