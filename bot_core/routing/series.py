"""One watched series: its first values say what is usual; from then on its detectors see how far each value is from that.

A detector's bound is made for values of one size: ADWIN never speaks of hourly returns as they stand, whose spread is a thousandth, and a
Page-Hinkley threshold in their unit fits no other series. Values further than eight standard deviations off count as eight, so that one
wrong price is not drift. What is no finite number is counted and not watched.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from bot_core.config.decision import finite
from bot_core.config.routing import AdwinDetector, PageHinkleyDetector
from bot_core.documents.online_drift import DetectorState
from bot_core.routing.adwin import Adwin
from bot_core.routing.page_hinkley import PageHinkley

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.routing.detector import Detector, Level

    Declared = AdwinDetector | PageHinkleyDetector

FURTHEST: Final = 8.0
"""Standard deviations."""
LEAST: Final = 30
"""Values that a spread can be told from."""
_NAMES: dict[type[Declared], Literal["adwin", "page_hinkley"]] = {AdwinDetector: "adwin", PageHinkleyDetector: "page_hinkley"}


class Alarm(NamedTuple):
    """What a detector said, and its state then, in the series' own unit."""

    level: Level
    state: DetectorState


class Series:
    """Watches the values of one series in order.

    Args:
        warm_up: so many observations, and at least thirty values, say what is usual, and none of them can be drift.
        declared: the detectors, each of which sees every later value.
        block: observations that make one value, their mean.

    Raises:
        ConfigError: a detector needs a package that is not installed.
    """

    def __init__(self, warm_up: int, declared: Sequence[Declared], block: int = 1) -> None:
        self.observations = 0
        self.missing = 0
        self.broken: str | None = None
        self._warm_up = max(LEAST, math.ceil(warm_up / block))
        self._declared = tuple(declared)
        self._detectors = [build(each, block) for each in declared]
        self._block = block
        self._open: list[float] = []
        self._first: list[float] = []
        self._mean, self._spread, self._is_known = 0.0, 1.0, False

    @property
    def is_warm(self) -> bool:
        """Whether there are values enough to say what is usual."""
        return self._is_known

    def observe(self, value: float) -> Sequence[Alarm]:
        """Take the next observation; return what the detectors say of it."""
        if (type(value) is not float and not finite(value)) or value - value != 0.0:  # nearly always a float: quicker than a call
            self.missing += 1
            return ()
        self.observations += 1
        if self._block > 1:
            self._open.append(value)
            if len(self._open) < self._block:
                return ()
            value, self._open = math.fsum(self._open) / self._block, []
        if not self._is_known:
            self._learn(value)
            return ()
        away = (value - self._mean) / self._spread
        away = FURTHEST if away > FURTHEST else -FURTHEST if away < -FURTHEST else away  # noqa: FURB136  # quicker than two calls
        alarms: Sequence[Alarm] = ()
        for detector in self._detectors:
            level = detector.update(away)
            if level is not None:
                alarms = [*alarms, Alarm(level, self._state(self._detectors.index(detector)))]
        return alarms

    def _learn(self, value: float) -> None:
        self._first.append(value)
        if len(self._first) < self._warm_up:
            return
        mean = math.fsum(self._first) / self._warm_up
        spread = math.sqrt(math.fsum((each - mean) ** 2 for each in self._first) / self._warm_up)
        self._mean, self._spread, self._first, self._is_known = mean, spread or abs(mean) * 1e-9 or 1.0, [], True

    def _state(self, place: int) -> DetectorState:
        found, declared = self._detectors[place].window, self._declared[place]
        config = declared.__struct_config__
        return DetectorState(
            detector=_NAMES[type(declared)],
            parameters={name: float(value) for name, value in msgspec.to_builtins(declared).items() if name != config.tag_field},
            width=found.width,
            before=self._mean + found.before * self._spread,
            after=self._mean + found.after * self._spread,
            statistic=found.statistic,
            bound=found.bound,
        )


def build(declared: Declared, block: int = 1) -> Detector:
    """Make a declared detector for values of so many observations each.

    Raises:
        ConfigError: it is ADWIN, and river is not installed.
    """
    if isinstance(declared, AdwinDetector):
        return Adwin(declared.delta, declared.warning, max(1, declared.clock // block))
    return PageHinkley(declared.slack, declared.threshold, declared.warning)
