"""A release's decisions as `ModelRouter` would watch them: inputs, outputs, and losses once labels are known, by the same detectors.

From the journal's tail, beside the decisions. A process that is started again learns from what is on record and says nothing of it: who was
there then has said it.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot_core.errors import AuditError
from bot_core.routing.attention import Occasion
from bot_core.routing.engaged import engage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot_core.ai.plan import Plan
    from bot_core.config.routing import RoutingConfig
    from bot_core.config.runtime import RuntimeSettings
    from bot_core.errors import BotCoreError
    from bot_core.journal.event import TradingDecisionEvent


def watched_as(config: RoutingConfig, settings: RuntimeSettings) -> RoutingConfig:
    """Return what `conf/routing/` says of signals, for what runs on a machine: its environment, state and journal."""
    drift = replace(config.drift, sentiment=None, regime=None)
    return replace(config, drift=drift, environment=settings.environment, state=settings.state, journal=settings.journal)


class DriftWatch:
    """Watches one release.

    Args:
        plan: the release.
        config: what is watched, and by what; see `watched_as`.
        root: the repository's, under which reports, state and journal lie.
        clock: the present; what was decided before is learned from alone.

    Raises:
        ConfigError: a detector whose package is missing.
    """

    def __init__(self, plan: Plan, config: RoutingConfig, root: Path, clock: Callable[[], dt.datetime]) -> None:
        self._model, self._version = plan.record.model, plan.record.version
        routed = replace(config, signal=f"signal:{self._model}")
        self._engaged = engage(routed, {self._model: plan.inference}, None, None, root, clock)
        self._since = clock()

    def decided(self, each: TradingDecisionEvent, time: float, features: Mapping[str, float | None]) -> None:
        """Take a decision on record; one without a probability was not the model's.

        Args:
            each: the decision.
            time: of its bar, in seconds since 1970 UTC.
            features: as the journal has them; nothing stands for a missing value.
        """
        if each.confidence is None:
            return
        row = {name: math.nan if value is None else value for name, value in features.items()}
        occasion = self._occasion()._replace(
            confidence=each.confidence,
            features=row,
            output=2.0 * each.confidence - 1.0,
            data=dt.datetime.fromtimestamp(time, dt.UTC),
        )
        self._take(occasion, each.timestamp)

    def known(self, loss: float, at: dt.datetime) -> None:
        """Take the loss of an earlier prediction, known since `at`."""
        self._take(self._occasion()._replace(error=loss), at)

    def settle(self) -> list[BotCoreError]:
        """Write, journal and act on what is owed; return what could not be done, and which series are not watched any more."""
        broken = [f"{self._model} {self._version}: {what}" for what in self._engaged.broken()]
        lost = [AuditError(f"drift: expected every series watched, got {what}", hint="start bot-core run again") for what in broken]
        return [*self._engaged.reporter.settle(), *lost]

    def _occasion(self) -> Occasion:
        return Occasion("signal", f"signal:{self._model}", self._model, self._version)

    def _take(self, occasion: Occasion, at: dt.datetime) -> None:
        panel = self._engaged.panels.get("signal")
        if panel is None:
            return
        if at >= self._since:
            list(self._engaged.watch(occasion))
        elif occasion.error is None:
            list(panel.answered(occasion.features or {}, occasion.output or 0.0))
        else:
            list(panel.erred(occasion.error))
