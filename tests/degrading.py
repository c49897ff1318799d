"""A model of ranges that learned from the first half of EURUSD's year, and bars of the second half as they were, or after a break."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot_core._parse import convert, encode_json
from bot_core.ai.task import task_of
from bot_core.ai.training import Origin, train_model
from bot_core.ai.validation import WalkForwardValidator
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.models import CsvBars, IndicatorFeatures, NextRange, PipelineConfig
from bot_core.data.ohlcv import load_bars
from bot_core.documents.runtime import Servable
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.indicators.indicator import Bar
from bot_core.features.spec import FeatureSpec
from bot_core.runtime.following import PerformanceFollower
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.records import spelled_moment
from bot_core.runtime.service import Feed
from bot_core.runtime.watching import PerformanceWatch
from tests.compact import DIGEST, Built, _conf, stamped
from tests.compact import MODEL as TREES
from tests.machine import DOMAIN, NOW, SOURCE, Machine, bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.errors import BotCoreError

MODEL = "eurusd_range"
LEARNED = 3000
"""Bars that the model learned from, and was validated on."""
BREAK = 4000
"""The bar from which on every move is four times as wide."""


@cache
def learned() -> Built:
    """Train and validate on the first bars alone."""
    features = [
        {"name": "log_range", "indicator": "log_range"},
        {"name": "parkinson_20", "indicator": "parkinson", "parameters": {"period": 20}},
        {"name": "hour_sin", "indicator": "hour_sin"},
        {"name": "hour_cos", "indicator": "hour_cos"},
    ]
    plain = {
        "data": _conf("data/eurusd_1h"),
        "features": {"kind": "indicators", "features": features},
        "target": _conf("target/next_range"),
        "model": {**TREES, "objective": "l1", "rounds": 60, "learning_rate": 0.1, "seed": 7},
        "validation": {**_conf("validation/hourly"), "walk_forward": {"windows": 6, "first_train_share": 0.5}},
        "monitoring": _conf("monitoring/default"),
    }
    config = convert(plain, PipelineConfig, "degrading")
    assert isinstance(config.data, CsvBars)
    assert isinstance(config.features, IndicatorFeatures)
    assert isinstance(config.target, NextRange)
    data = FeatureEngineer(load_bars(config.data)[:LEARNED]).build_dataset(FeatureSpec.of(config.features), config.target)
    shape, evidence = config.validation.walk_forward, config.validation
    plan = WalkForwardPlan(shape.windows, duration(evidence.embargo), shape.mode, shape.first_train_share)
    report = WalkForwardValidator(data, task_of(config.target), plan).validate(config.model, evidence, name=MODEL, workers=1)
    trained = train_model(data, config, Origin(MODEL, "eurusd", DIGEST, DIGEST))
    return Built(trained, encode_json(plain), {"walk_forward": encode_json(report)})


def broken(given: Sequence[Bar] = (), *, since: int = BREAK, factor: float = 4.0) -> tuple[Bar, ...]:
    """Return the real bars, every move of them from a bar on so many times as wide."""
    found = list((given or bars())[:since])
    for before, bar in zip((given or bars())[since - 1 :], (given or bars())[since:], strict=False):
        last = found[-1].close
        high, low, close = (last * (price / before.close) ** factor for price in (bar.high, bar.low, bar.close))
        found.append(Bar(bar.time, last * (bar.open / before.close) ** factor, high, low, close, bar.volume))
    return tuple(found)


@dataclasses.dataclass
class Watching:
    """A machine whose live performance is watched; `bars` are what comes."""

    machine: Machine
    bars: tuple[Bar, ...] = dataclasses.field(default_factory=bars)
    next: int = LEARNED

    def __post_init__(self) -> None:
        if not (self.machine.folder.active_path).exists():
            self.machine.put(self.record())
        self.write()

    def write(self) -> None:
        """Write the feed's file."""
        lines = [f"{spelled_moment(bar.time)},{','.join(map(repr, bar[1:]))}\n" for bar in self.bars]
        (self.machine.root / "feed.csv").write_text("time,open,high,low,close,volume\n" + "".join(lines))

    @property
    def feeds(self) -> dict[str, Feed]:
        """The euro's file."""
        return {"eurusd": Feed(replace(SOURCE, path="feed.csv"), self.machine.root)}

    def record(self, *, days: int = 1, **changes: object) -> Servable:
        """Keep all that the release needs."""
        keep, artifact = self.machine.folder.keep, stamped(learned(), NOW - dt.timedelta(days=days))
        found = Servable(
            model=MODEL,
            version=artifact.metadata.version,
            release=keep(artifact.metadata.version.encode()),
            artifact=keep(encode_json(artifact)),
            domain=self.machine.domain(models=[MODEL], name=DOMAIN.name),
            config=keep(learned().config),
            walk_forward=keep(learned().reports["walk_forward"]),
            rollout=100,
            commit="0" * 40,
        )
        return replace(found, **changes)

    def decide(self, until: int, *, every: int = 20) -> list[BotCoreError]:
        """Let a process decide on the bars up to one, and look after each so many; it begins where the last one ended."""
        failed: list[BotCoreError] = []
        with self.machine.station() as station:
            loop, watch = AIDecisionLoop("eurusd", station), PerformanceWatch(station, self.feeds, journal=self.machine.journal)
            loop.warm(self.bars[: self.next])
            for place in range(self.next, until, every):
                for bar in self.bars[place : min(place + every, until)]:
                    loop.on_bar(bar)
                failed += watch.look()
            watch.close()
            assert not loop.failures, loop.failures
        self.next = until
        return failed

    def read(self) -> PerformanceFollower:
        """Read what the files say, as a person would."""
        follower = PerformanceFollower(
            self.machine.plans(),
            self.machine.journal,
            self.feeds,
            environment="paper",
            enforce=self.machine.settings.enforce_monitoring,
        )
        with contextlib.closing(follower):
            follower.read()
        return follower

    def arms(self) -> list[str]:
        """Return who decided, bar by bar."""
        return [str(event["metadata"]["arm"]) for event in self.machine.events("decision")]  # type: ignore[index]  # plain JSON

    def reports(self) -> list[dict[str, object]]:
        """Return the metadata of the reports on record."""
        return [dict(event["metadata"]) for event in self.machine.events("ai_degradation_report")]  # type: ignore[call-overload]
