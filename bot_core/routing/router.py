"""`ModelRouter`: a signal, a sentiment and a regime by name, each watched for drift as it runs.

Answering comes first. What an answer is watched by may fail, and what follows from an alarm may not be possible: neither takes the answer
away. Both are logged and counted, `status` shows them, and `check` raises until they are settled, so that a service which calls it now and
then cannot overlook them: an alarm that nobody recorded is a failed operation of the router, and not of the answer that it came with. A
model that cannot answer is another matter: it raises, and nothing is made up in its place.

Configuration is no answer: a route that leads nowhere or a detector whose package is missing is an error where the router is configured,
before it has answered anything. A router that was told nothing follows the defaults of `RoutingConfig`, from its first use on.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core.config.routing import SETTINGS, RoutingConfig, load_routing, routing_of
from bot_core.decision.ports import utc_now
from bot_core.errors import AuditError, ConfigError
from bot_core.routing.attention import Occasion
from bot_core.routing.engaged import Engaged, engage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from bot_core.ai.inference import DecisionModelInference
    from bot_core.decision.ports import Clock
    from bot_core.documents.online_drift import Target
    from bot_core.routing.answers import Analyser, Analysis, Regime, Signal
    from bot_core.routing.reporter import Recorder

LOGGER = logging.getLogger(__name__)


class ModelRouter:
    """Answers and watches; several threads may ask. See the module for what happens when something fails.

    Args:
        config: what is routed where; without it the defaults.
        models: models by name, for routes such as `signal:decision_engine`.
        analyser: what `sentiment:…` stands for; without it `FinBERTLite`, loaded at its first text.
        journal: where alarms are recorded; without it the file that the configuration names.
        root: the repository's, under which reports, state and journal lie.
        clock: the present, with its zone.
    """

    def __init__(
        self,
        config: RoutingConfig | None = None,
        *,
        models: Mapping[str, DecisionModelInference] | None = None,
        analyser: Analyser | None = None,
        journal: Recorder | None = None,
        root: Path | str = ".",
        clock: Clock = utc_now,
    ) -> None:
        self.config = config or RoutingConfig()
        self.root = Path(root)
        self.clock = clock
        self._models = dict(models or {})
        self._analyser = analyser
        self._journal = journal
        self._mutex = threading.RLock()
        self._engaged: Engaged | None = None

    # --- what is routed where ---

    def configure(self, config: RoutingConfig | Mapping[str, object] | None = None) -> None:
        """Follow a configuration, the present one if none is given: every series is watched anew.

        Args:
            config: the whole of it, typed or as `conf/routing/` spells it.

        Raises:
            ConfigError: not what the group allows, a route that leads nowhere, a detector whose package is missing.
        """
        given = routing_of(config, "configure") if config is not None and not isinstance(config, RoutingConfig) else config
        with self._mutex:
            self._engage(given or self.config)

    def load_from_file(self, path: Path | str = SETTINGS) -> None:
        """Follow a file of `conf/routing/`; see `configure` for what is raised."""
        self.configure(load_routing(Path(path)))

    def export_config(self) -> dict[str, object]:
        """Return the configuration as plain values, as `configure` takes them."""
        found: dict[str, object] = msgspec.to_builtins(self.config)
        return found

    def risk_config(self) -> dict[str, float | bool]:
        """Return the limits that hold now, as shares of equity; in protective mode they are shrunk.

        Protective mode holds from mass drift on until somebody in an approving role has answered the report in a signed review. Where
        what was said on this machine cannot be read, it holds too.
        """
        factor, is_protective = self._following().protection()
        limits = {name: value * factor for name, value in msgspec.structs.asdict(self.config.risk).items()}
        return {**limits, "protective": is_protective}

    # --- answers ---

    def signal(self, features: Mapping[str, float], *, at: dt.datetime | None = None) -> Signal:
        """Say which way, by the configured model or rule.

        Args:
            features: by name; what the route does not know is left alone.
            at: when the features are from, for the report of an alarm.

        Raises:
            BotCoreError: the model is not ready, or misses a feature.
            ConfigError: the router was never configured, and its defaults do not work here.
        """
        here = self._following()
        found = here.signal(features)
        occasion = Occasion("signal", found.source, here.signal.model, here.signal.version, found.confidence, features)
        self._watch(here, occasion._replace(output=found.value, data=at))
        return found

    def sentiment(self, text: str, *, at: dt.datetime | None = None) -> Analysis:
        """Say how good a text is for a price: what the analyser says of it. See `signal` for `at` and what is raised."""
        here = self._following()
        found = here.analyser.analyze(text)
        name = self.config.sentiment.partition(":")[2]
        occasion = Occasion("sentiment", self.config.sentiment, name, None, found.confidence, text=text)
        self._watch(here, occasion._replace(output=found.score, data=at))
        return found

    def regime(self, features: Mapping[str, float], *, at: dt.datetime | None = None) -> Regime:
        """Say how volatile it is against its own past. See `signal` for `at` and what is raised."""
        here = self._following()
        with self._mutex:
            found = here.regime(features)
        name = self.config.regime.partition(":")[2]
        occasion = Occasion("regime", found.source, name, None, found.confidence, features)
        self._watch(here, occasion._replace(output=found.score, data=at))
        return found

    def observe_outcome(self, target: Target, *, predicted: float, actual: float) -> None:
        """Tell what came of an answer: their distance is watched as the route's error.

        Args:
            target: which route answered.
            predicted: what it said, in the unit of `actual`: a signal's `probability` beside 0 or 1, a sentiment's or regime's `score`.
            actual: what came.

        Raises:
            ConfigError: one of them is no finite number.
        """
        error = abs(predicted - actual)
        if error - error != 0.0:
            msg = f"observe_outcome: expected two finite numbers, got predicted {predicted} and actual {actual}"
            raise ConfigError(msg, hint="leave out what has no outcome")
        here = self._following()
        source = {"signal": self.config.signal, "sentiment": self.config.sentiment, "regime": self.config.regime}[target]
        version = here.signal.version if target == "signal" else None
        self._watch(here, Occasion(target, source, source.partition(":")[2], version, output=predicted, error=error))

    # --- how it is ---

    def status(self) -> dict[str, object]:
        """Return what is watched, since when, what is not any more and why, and how many reports are owed."""
        return self._following().status()

    def check(self) -> None:
        """Wait for what is owed, and try it again.

        Raises:
            AuditError: an alarm could not be reported, journalled or acted on, or a detector failed and its series is not watched.
        """
        failed = [str(error) for error in self._following().reporter.settle()] + self._following().broken()
        if failed:
            msg = f"drift: expected every alarm recorded and every series watched, got {len(failed)} failures: {failed[0]}"
            raise AuditError(msg, hint="free space or fix permissions, then check() again; configure() watches every series anew")

    def _following(self) -> Engaged:
        """Return what is followed; on first use the configuration that was given, or the defaults."""
        with self._mutex:
            return self._engage(self.config) if self._engaged is None else self._engaged

    def _engage(self, config: RoutingConfig) -> Engaged:
        engaged = engage(config, self._models, self._analyser, self._journal, self.root, self.clock)
        self.config, self._engaged = config, engaged
        return engaged

    def _watch(self, here: Engaged, occasion: Occasion) -> None:
        with self._mutex:
            for failed in here.watch(occasion):
                LOGGER.error("%s %s is not watched any more: %s", occasion.target, failed.signal, failed.message)


router_singleton = ModelRouter()
"""One router for a process that wants one; it does nothing before its first use."""
