"""From alarms to reports: not twice within the quiet span, and one more when so much drifts at once that it is mass drift."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from bot_core.config.decision import finite, is_probability
from bot_core.config.schedule import seconds
from bot_core.documents.online_drift import Context, Freshness, OnlineDrift, SeriesAlarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot_core.config.routing import DriftWatch
    from bot_core.documents.online_drift import Level, Target
    from bot_core.routing.panel import Heard, Panel

TEXT = 256
"""Characters of a text that a report keeps."""


class Occasion(NamedTuple):
    """The answer that an alarm came with: by which route and model, from what, how sure, and when the data are from."""

    target: Target
    source: str
    model: str
    version: str | None
    confidence: float | None = None
    features: Mapping[str, float] | None = None
    text: str | None = None
    output: float | None = None
    error: float | None = None
    data: dt.datetime | None = None


class _Head(TypedDict):
    """What a report of any level says of an occasion."""

    model: str
    version: str | None
    environment: str
    level: Level
    drift: bool
    warning: bool
    target: Target
    source: str
    timestamp: str
    confidence: float | None
    context: Context
    watched: int


class Attention:
    """Remembers what was said of which series, and what drifted lately.

    Args:
        config: the quiet span, and what mass drift is.
        environment: where answers are acted on.
        watched: says how many series have values by now, of all routes.
        trades: the model that signals come from, and its release: mass drift is its, for its limits shrink.
    """

    def __init__(self, config: DriftWatch, environment: str, watched: Callable[[], int], trades: tuple[str, str | None]) -> None:
        self._quiet = dt.timedelta(seconds=seconds(config.quiet))
        self._within = dt.timedelta(seconds=seconds(config.mass.within))
        self._mass_drift = config.mass
        self._environment = environment
        self._watched = watched
        self._trades = trades
        self._said: dict[tuple[str, str, str], dt.datetime] = {}
        self._unsaid: dict[tuple[str, str, str], int] = {}
        self._drifted: dict[tuple[Target, str], dt.datetime] = {}
        self._mass: dt.datetime | None = None

    def reports(self, heard: Heard, panel: Panel, occasion: Occasion, now: dt.datetime) -> Iterator[OnlineDrift]:
        """Yield what is to be reported of an alarm: its own report, unless it is too soon, and that of mass drift."""
        key = (panel.target, heard.signal, heard.alarm.level)
        if heard.alarm.level == "drift":
            self._drifted[panel.target, heard.signal] = now
        if key in self._said and now - self._said[key] < self._quiet:
            self._unsaid[key] = self._unsaid.get(key, 0) + 1
        else:
            self._said[key] = now
            yield self._report(heard, panel, occasion, now)
        if heard.alarm.level == "drift" and self._is_mass(now):
            self._mass = now
            yield self._mass_report(heard, panel, occasion, now)

    def _is_mass(self, now: dt.datetime) -> bool:
        """Say whether enough series drifted within the span; once in a span."""
        self._drifted = {key: at for key, at in self._drifted.items() if now - at <= self._within}
        enough = max(self._mass_drift.least, math.ceil(self._mass_drift.share * self._watched()))
        return len(self._drifted) >= enough and (self._mass is None or now - self._mass > self._within)

    def _report(self, heard: Heard, panel: Panel, occasion: Occasion, now: dt.datetime) -> OnlineDrift:
        level = heard.alarm.level
        return OnlineDrift(
            **self._head(occasion, level, now),
            status="warning",
            signal=heard.signal,
            freshness=_freshness(heard, panel, occasion, now),
            detector=heard.alarm.state,
            suppressed=self._unsaid.pop((panel.target, heard.signal, level), 0),
        )

    def _mass_report(self, heard: Heard, panel: Panel, occasion: Occasion, now: dt.datetime) -> OnlineDrift:
        model, version = self._trades
        series = [SeriesAlarm(target=target, signal=signal, timestamp=spell(at)) for (target, signal), at in self._drifted.items()]
        return OnlineDrift(
            **self._head(occasion._replace(model=model, version=version), "mass", now),
            status="critical",
            signal="mass",
            freshness=_freshness(heard, panel, occasion, now),
            detector=None,
            series=series,
        )

    def _head(self, occasion: Occasion, level: Level, now: dt.datetime) -> _Head:
        return _Head(
            model=occasion.model,
            version=occasion.version,
            environment=self._environment,
            level=level,
            drift=level != "warning",
            warning=level == "warning",
            target=occasion.target,
            source=occasion.source,
            timestamp=spell(now),
            confidence=occasion.confidence if is_probability(occasion.confidence) else None,
            context=_context(occasion),
            watched=self._watched(),
        )


def spell(at: dt.datetime) -> str:
    """Spell a time as reports do.

    >>> spell(dt.datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=dt.UTC))
    '2026-11-21T12:00:00.000005Z'
    """
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _context(occasion: Occasion) -> Context:
    return Context(
        features={name: _number(value) for name, value in (occasion.features or {}).items()},
        text=None if occasion.text is None else occasion.text[:TEXT],
        output=_number(occasion.output),
        error=_number(occasion.error),
    )


def _number(value: float | None) -> float | None:
    """Return a number, or nothing for what is none."""
    return value if finite(value) else None


def _freshness(heard: Heard, panel: Panel, occasion: Occasion, now: dt.datetime) -> Freshness:
    return Freshness(
        data=None if occasion.data is None else spell(occasion.data),
        age_s=None if occasion.data is None else (now - occasion.data).total_seconds(),
        since=spell(panel.since),
        observations=heard.observations,
        missing=heard.missing,
    )
