"""A small router that tests drive: a clock, streams that shift, a configuration that warms up quickly, and reports made for tests."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

from bot_core.config.routing import AdwinDetector, DriftWatch, MassDrift, PageHinkleyDetector, RoutingConfig, Stump, Watch
from bot_core.documents.online_drift import Context, DetectorState, Freshness, OnlineDrift, SeriesAlarm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.online_drift import Level
    from bot_core.routing import ModelRouter

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
VERSION = "20260101T000000Z-0000abcd"
STATE = DetectorState(
    detector="adwin", parameters={"delta": 0.002, "warning": 0.02, "clock": 32.0}, width=64, before=0.5, after=4.5
)


class Hours:
    """A clock that stands until it is moved."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        """Return it."""
        return self.now

    def step(self, by: dt.timedelta = HOUR) -> dt.datetime:
        """Move it."""
        self.now += by
        return self.now


def noise(rows: int, *, shift: float = 0.0, at: int = 0, seed: int = 1) -> Iterator[float]:
    """Yield standard normal values; from `at` on, shifted by so many standard deviations."""
    draw = random.Random(seed)  # noqa: S311  # a stream, not a secret
    for row in range(rows):
        yield draw.gauss(0.0, 1.0) + (shift if row >= at else 0.0)


def routing(**changes: object) -> RoutingConfig:
    """Return a configuration with one input, a forest of one stump, and both detectors after 50 values."""
    watch = Watch(inputs=["a"], warm_up=50, detectors=[AdwinDetector(), PageHinkleyDetector()])
    drift = DriftWatch(signal=watch, sentiment=Watch(warm_up=50), mass=MassDrift(least=2, share=0.3, factor=0.5))
    plain: dict[str, object] = {"forest": [Stump(feature="a", split=0.0, above=1, below=-1)], "drift": drift, **changes}
    return RoutingConfig(**plain)  # type: ignore[arg-type]  # plain by name


def drive(router: ModelRouter, clock: Hours, rows: int = 400, *, shift: float = 0.0, at: int = 200, seed: int = 1) -> None:
    """Ask for signals hour by hour."""
    for value in noise(rows, shift=shift, at=at, seed=seed):
        router.signal({"a": value}, at=clock.step() - HOUR)


def online_drift(
    level: Level = "drift", *, model: str = "rf_rule", version: str | None = None, signal: str = "input:a"
) -> OnlineDrift:
    """Make a report."""
    series = [SeriesAlarm(target="signal", signal=f"input:{name}", timestamp="2026-11-21T11:00:00Z") for name in "ab"]
    return OnlineDrift(
        model=model,
        version=version,
        environment="paper",
        status="critical" if level == "mass" else "warning",
        level=level,
        drift=level != "warning",
        warning=level == "warning",
        target="signal",
        source=f"signal:{model}",
        signal="mass" if level == "mass" else signal,
        timestamp="2026-11-21T12:00:00Z",
        confidence=0.25,
        context=Context(features={"a": 1.5, "b": None}, output=-0.25),
        freshness=Freshness(data="2026-11-21T11:00:00Z", age_s=3600.0, since="2026-11-01T00:00:00Z", observations=500, missing=3),
        detector=None if level == "mass" else STATE,
        watched=4,
        series=series if level == "mass" else [],
    )
