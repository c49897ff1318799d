"""All that is watched of one route: its inputs by name, its output, its errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from bot_core.decision.ports import SCORE_ERRORS
from bot_core.routing.series import Series

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from bot_core.config.routing import Watch
    from bot_core.documents.online_drift import Target
    from bot_core.routing.series import Alarm

OUTPUT, ERROR = "output", "error"


class Heard(NamedTuple):
    """An alarm, and the series that it is of."""

    signal: str
    alarm: Alarm
    observations: int
    missing: int


class Failed(NamedTuple):
    """A series whose detector failed, and how."""

    signal: str
    message: str


class Panel:
    """The series of one route.

    A series whose detector fails is not watched from then on, and says so until the route is configured anew: what it would say afterwards
    nobody could rely on.

    Args:
        target: which route.
        watch: what of it.
        since: when watching began.

    Raises:
        ConfigError: a detector needs a package that is not installed.
    """

    def __init__(self, target: Target, watch: Watch, since: dt.datetime) -> None:
        self.target: Target = target
        self.since = since
        names = [
            *(f"input:{name}" for name in watch.inputs),
            *([OUTPUT] if watch.output else []),
            *([ERROR] if watch.errors else []),
        ]
        self.series = {
            name: Series(watch.warm_up, watch.detectors, watch.blocks.get(name.removeprefix("input:"), watch.block))
            for name in names
        }
        self._inputs = tuple((name, f"input:{name}") for name in watch.inputs)

    def answered(self, features: Mapping[str, float], output: float) -> Iterator[Heard | Failed]:
        """Take the inputs and the output of one answer; an input that is not there counts as missing."""
        for name, series in self._inputs:
            yield from self._heard(series, features.get(name, math.nan))
        yield from self._heard(OUTPUT, output)

    def erred(self, error: float) -> Iterator[Heard | Failed]:
        """Take the error of an answer whose outcome became known."""
        yield from self._heard(ERROR, error)

    def _heard(self, name: str, value: float) -> Iterator[Heard | Failed]:
        series = self.series.get(name)
        if series is None or series.broken is not None:
            return
        try:
            alarms = series.observe(value)
        except SCORE_ERRORS as error:  # a detector is no reason not to answer
            series.broken = f"{type(error).__name__}: {error}"
            yield Failed(name, series.broken)
            return
        for alarm in alarms:
            yield Heard(name, alarm, series.observations, series.missing)
