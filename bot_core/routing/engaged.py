"""A configuration that is followed: its routes, what watches them, and what follows from an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, cast

from bot_core.errors import ConfigError, DocumentError
from bot_core.governance.state import StateFolder
from bot_core.routing.attention import Attention
from bot_core.routing.panel import Failed, Panel
from bot_core.routing.regimes import RULES, VolatilityRegime
from bot_core.routing.reporter import FileRecorder, Reporter
from bot_core.routing.signals import FOREST, ForestRule, ModelSignal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot_core.ai.inference import DecisionModelInference
    from bot_core.config.routing import RoutingConfig
    from bot_core.decision.ports import Clock
    from bot_core.documents.online_drift import Target
    from bot_core.routing.answers import Analyser, Analysis, RegimeRoute, SignalRoute
    from bot_core.routing.attention import Occasion
    from bot_core.routing.reporter import Recorder

FINBERT = "finbert"


class Finbert:
    """`FinBERTLite` as `conf/sentiment/default.yaml` says, loaded with its first text."""

    def __init__(self) -> None:
        self._loaded: Analyser | None = None

    def analyze(self, text: str, /) -> Analysis:
        """Say how good a text is for a price; what `FinBERTLite` raises is raised."""
        if self._loaded is None:
            settings = import_module("bot_core.sentiment.finbert_settings").settings_here()
            self._loaded = cast("Analyser", import_module("bot_core.sentiment").FinBERTLite.of(settings))
        return self._loaded.analyze(text)


@dataclass
class Engaged:
    """What a router follows. Who calls `watch` holds the router's lock."""

    config: RoutingConfig
    root: Path
    clock: Clock
    signal: SignalRoute
    analyser: Analyser
    regime: RegimeRoute
    panels: Mapping[Target, Panel]
    attention: Attention
    reporter: Reporter
    protective: bool = False

    def watch(self, occasion: Occasion) -> Iterator[Failed]:
        """Take what an answer, or an outcome, says; report alarms, and yield which detectors failed."""
        panel = self.panels.get(occasion.target)
        if panel is None:
            return
        values = (
            panel.answered(occasion.features or {}, occasion.output or 0.0)
            if occasion.error is None
            else panel.erred(occasion.error)
        )
        for heard in values:
            if isinstance(heard, Failed):
                yield heard
                continue
            for report in self.attention.reports(heard, panel, occasion, self.clock()):
                self.protective = self.protective or report.level == "mass"
                self.reporter.submit(report)

    def protection(self) -> tuple[float, bool]:
        """Return what remains of the limits, and whether that is protective mode."""
        try:
            kept = StateFolder(self.root / self.config.state).control().protected
        except DocumentError:  # who cannot read whether limits are shrunk shrinks them
            return self.config.drift.mass.factor, True
        self.protective = self.protective and self.reporter.owed > 0
        protective = self.protective or any(one.model == self.signal.model for one in kept)
        return (self.config.drift.mass.factor if protective else 1.0), protective

    def broken(self) -> list[str]:
        """Say which series are not watched any more, and why."""
        return [
            f"{target} {name}: {series.broken}"
            for target, panel in self.panels.items()
            for name, series in panel.series.items()
            if series.broken is not None
        ]

    def status(self) -> dict[str, object]:
        """Return what is watched."""
        watched = {
            target: {
                name: {
                    "observations": series.observations,
                    "missing": series.missing,
                    "warm": series.is_warm,
                    "broken": series.broken,
                }
                for name, series in panel.series.items()
            }
            for target, panel in self.panels.items()
        }
        return {
            "routes": {"signal": self.config.signal, "sentiment": self.config.sentiment, "regime": self.config.regime},
            "watched": watched,
            "owed": self.reporter.owed,
            "failures": self.reporter.failures + len(self.broken()),
            "protective": self.protection()[1],
        }


def engage(
    config: RoutingConfig,
    models: Mapping[str, DecisionModelInference],
    analyser: Analyser | None,
    journal: Recorder | None,
    root: Path,
    clock: Clock,
) -> Engaged:
    """Make everything that a configuration asks for.

    Raises:
        ConfigError: a route that leads nowhere, or a detector whose package is missing.
    """
    watches = {"signal": config.drift.signal, "sentiment": config.drift.sentiment, "regime": config.drift.regime}
    since = clock()
    panels = {cast("Target", target): Panel(cast("Target", target), watch, since) for target, watch in watches.items() if watch}
    file = FileRecorder(root / config.journal, clock) if journal is None and config.journal is not None else None
    signal = _signal(config, models)
    return Engaged(
        config=config,
        root=root,
        clock=clock,
        signal=signal,
        analyser=_analyser(config, analyser),
        regime=_regime(config),
        panels=panels,
        attention=Attention(config.drift, config.environment, partial(_watched, panels), (signal.model, signal.version)),
        reporter=Reporter(root, config, journal or file, clock),
    )


def _watched(panels: Mapping[Target, Panel]) -> int:
    return sum(series.observations > 0 for panel in panels.values() for series in panel.series.values())


def _signal(config: RoutingConfig, models: Mapping[str, DecisionModelInference]) -> SignalRoute:
    name = config.signal.partition(":")[2]
    if name in models:
        return ModelSignal(name, models[name])
    if name == FOREST:
        return ForestRule(config.forest)
    msg = f"signal: expected one of {', '.join([FOREST, *models])}; got {name}"
    raise ConfigError(msg, hint="ModelRouter(models={name: DecisionModelInference(…)})")


def _analyser(config: RoutingConfig, given: Analyser | None) -> Analyser:
    name = config.sentiment.partition(":")[2]
    if given is None and name != FINBERT:
        msg = f"sentiment: expected {FINBERT}, or an analyser that was given, got {name} and none"
        raise ConfigError(msg, hint="ModelRouter(analyser=…)")
    return given or Finbert()


def _regime(config: RoutingConfig) -> RegimeRoute:
    name = config.regime.partition(":")[2]
    if name not in RULES:
        msg = f"regime: expected one of {', '.join(RULES)}; got {name}"
        raise ConfigError(msg, hint="conf/routing/")
    return VolatilityRegime(name, config.regimes)
