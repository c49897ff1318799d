"""A model that fails or takes too long is left alone for a while, so that one bad model does not slow down everything.

Closed: it is asked. After `failures` bad answers in a row it opens: it is not ready. After `pause_s` one question is let through: a good
answer closes it, a bad one opens it again. A slow answer is a bad one, and it is thrown away: what comes too late decides nothing.
Time is monotonic. (Nygard, Release It!, 2007, "Circuit Breaker".)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot_core.decision.ports import SCORE_ERRORS
from bot_core.errors import PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot_core.decision.ports import Inference, ModelScore


class ScoreTooLate(PredictorError):  # noqa: N818  # a fact about one answer
    """A model answered after its time."""

    code = "SLOW"


class Breaker:
    """An `Inference` around another.

    Args:
        inner: the model.
        budget_s: an answer that takes longer is thrown away.
        failures: so many bad answers in a row open it.
        pause_s: so long it stays open before one question is let through.
        clock: seconds, never backwards.
    """

    def __init__(
        self,
        inner: Inference,
        *,
        budget_s: float,
        failures: int = 3,
        pause_s: float = 30.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._inner = inner
        self._score = inner.score
        self._budget_s = budget_s
        self._failures = failures
        self._pause_s = pause_s
        self._clock = clock
        self._bad = 0
        self._until = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether it may be asked now."""
        if self._bad >= self._failures and self._clock() < self._until:
            return False
        return self._inner.is_ready

    @property
    def is_open(self) -> bool:
        """Whether it is being left alone."""
        return self._bad >= self._failures

    @property
    def feature_names(self) -> Sequence[str]:
        """What the model reads."""
        return self._inner.feature_names

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Ask the model.

        Raises:
            ScoreTooLate: it took longer than its budget.
            Exception: whatever the model raises.
        """
        began = self._clock()
        try:
            score = self._score(features)
        except SCORE_ERRORS:
            self._failed()
            raise
        took = self._clock() - began
        if took > self._budget_s:
            self._failed()
            msg = f"model: expected a score within {self._budget_s * 1e3:g} ms, got one after {took * 1e3:.1f} ms"
            raise ScoreTooLate(msg, hint="see what slows it down, or raise score_budget_ms in conf/runtime/")
        self._bad = 0
        return score

    def _failed(self) -> None:
        self._bad += 1
        self._until = self._clock() + self._pause_s
