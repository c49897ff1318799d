"""What a release's predictions were worth where it decides: its loss on every decided bar, and a naive prediction's beside it.

The prediction is computed again from the features that the journal has of the decision, by the model that proved itself, so it is the
one that was made, to the last bit, and rows that the rules decided count as well. The label is that of `bot_core.features.targets`, taken
bar by bar; a row counts once its label is known, and what a naive prediction knows it knew at the row's own bar. Nothing here reads a
clock.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from bot_core.ai.degradation import Losses, loss_of
from bot_core.config.models import ForwardReturn, LabelColumn, NextRange, TripleBarrier
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot_core.config.models import TargetConfig
    from bot_core.documents.degradation import Expected
    from bot_core.features.indicators.indicator import Bar

RECENT: Final = 20
"""Labels in the naive mean, as in `bot_core.ai.baselines`, which is too heavy to import here."""
BPS = 1e4
_NEUTRAL = {"regression": 0.0, "classification": 0.5}


class Known(NamedTuple):
    """A label, and the time of its bar."""

    time: float
    label: float


class Row(NamedTuple):
    """A decided bar whose label is known: its time, and both losses."""

    time: float
    losses: Losses


class Labels:
    """The labels of a target, bar by bar, each once it is known.

    Args:
        target: one that is made of bars.

    Raises:
        ConfigError: a target whose labels are no matter of bars.
    """

    def __init__(self, target: TargetConfig) -> None:
        if isinstance(target, LabelColumn):
            msg = f"target: expected one that is made of bars, got {target.description}"
            raise ConfigError(msg, hint="labels of events come with the events")
        self._target = target
        self._bars: deque[Bar] = deque(maxlen=target.horizon + 1)
        self._barriers = _Barriers(target) if isinstance(target, TripleBarrier) else None

    def take(self, bar: Bar) -> list[Known]:
        """Take the next bar; return the labels that its close makes known, oldest first."""
        if self._barriers is not None:
            return self._barriers.take(bar)
        self._bars.append(bar)
        if len(self._bars) <= self._target.horizon:
            return []
        return [Known(self._bars[0].time, self._label(self._bars[0], [*self._bars][1:]))]

    def _label(self, bar: Bar, later: Sequence[Bar]) -> float:
        if isinstance(self._target, NextRange):
            return math.log(max(one.high for one in later) / min(one.low for one in later)) * BPS
        forward = (later[-1].close - bar.close) / bar.close * BPS
        return forward if isinstance(self._target, ForwardReturn) else float(forward > 0.0)


class _Waiting(NamedTuple):
    """A bar whose barriers are not touched yet: until which bar, counted, they may be."""

    time: float
    upper: float
    lower: float
    last: int


class _Barriers:
    """The labels of a triple barrier, as `bot_core.features.targets` defines them."""

    def __init__(self, target: TripleBarrier) -> None:
        self._target = target
        self._closes: deque[float] = deque(maxlen=target.volatility_window + 1)
        self._waiting: list[_Waiting] = []
        self._count = 0

    def take(self, bar: Bar) -> list[Known]:
        self._count += 1
        settled = [(one, self._settled(one, bar)) for one in self._waiting]
        self._waiting = [one for one, label in settled if label is None]
        self._closes.append(bar.close)
        if len(self._closes) > self._target.volatility_window:
            scale = self._volatility() * math.sqrt(self._target.horizon)
            upper, lower = bar.close * (1.0 + self._target.upper * scale), bar.close * (1.0 - self._target.lower * scale)
            self._waiting.append(_Waiting(bar.time, upper, lower, self._count + self._target.horizon))
        return [Known(one.time, label) for one, label in settled if label is not None]

    def _settled(self, one: _Waiting, bar: Bar) -> float | None:
        if bar.low <= one.lower:
            return 0.0
        if bar.high >= one.upper:
            return 1.0
        return 0.0 if self._count == one.last else None

    def _volatility(self) -> float:
        closes = [*self._closes]
        changes = [math.log(close / before) for before, close in pairwise(closes)]
        mean = math.fsum(changes) / len(changes)
        return math.sqrt(math.fsum((change - mean) ** 2 for change in changes) / (len(changes) - 1))


class LivePerformance:
    """The losses of one release, on one instrument. Bars and decisions come in the order of their time, a bar before its decision.

    Args:
        target: what it predicts.
        task: numbers or probabilities.
        expected: which loss, and beside which naive prediction.
        predict: the model.
        names: the features that it reads, in order.

    Raises:
        ConfigError: a target whose labels are no matter of bars.
    """

    def __init__(
        self,
        target: TargetConfig,
        task: Literal["regression", "classification"],
        expected: Expected,
        *,
        predict: Callable[[Sequence[float]], float],
        names: Sequence[str],
    ) -> None:
        self._labels = Labels(target)
        self._neutral = _NEUTRAL[task]
        self._expected = expected
        self._predict = predict
        self._names = tuple(names)
        self._newest = -math.inf
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._open: dict[float, tuple[float, float]] = {}

    def bar(self, bar: Bar) -> list[Row]:
        """Take the next bar; return the decided rows whose labels it makes known."""
        self._newest = bar.time
        known = self._labels.take(bar)
        self._recent.extend(one.label for one in known)
        return [Row(one.time, self._losses(one.label, *said)) for one in known if (said := self._open.pop(one.time, None))]

    def decided(self, time: float, features: Mapping[str, float | None]) -> bool:
        """Take a decision on the newest bar; say whether it will count.

        One on another bar does not, nor one without its features, nor one before any label was known, nor a prediction that is no number.

        Args:
            time: the bar's, in seconds since 1970 UTC.
            features: as the journal has them; nothing stands for a missing value.
        """
        guess = self._guess()
        if time != self._newest or guess is None or any(name not in features for name in self._names):
            return False
        row = [math.nan if (value := features[name]) is None else value for name in self._names]
        prediction = self._predict(row)
        if not math.isfinite(prediction):
            return False
        self._open[time] = prediction, guess
        return True

    def forget(self) -> None:
        """Let no decision count whose label is not known yet."""
        self._open.clear()

    def _guess(self) -> float | None:
        """Predict naively from the labels that are known."""
        if self._expected.baseline == "zero":
            return self._neutral
        if not self._recent:
            return None
        if self._expected.baseline == "last_value":
            return self._recent[-1]
        return math.fsum(self._recent) / len(self._recent)

    def _losses(self, label: float, prediction: float, guess: float) -> Losses:
        kind = self._expected.loss
        return Losses(loss_of(label, prediction, kind), loss_of(label, guess, kind))
