"""A plan's model as the runtime asks it: behind a breaker and, where its release has a drift report, behind a monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot_core.ai.data_monitoring import FeatureMonitor, newest_status, score_with_data_monitoring
from bot_core.documents.monitoring import InferenceDrift, MonitoringRules
from bot_core.runtime.breaker import Breaker

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from bot_core.ai.plan import Plan
    from bot_core.decision.ports import Inference, ModelScore
    from bot_core.documents.monitoring import InferenceQuality
    from bot_core.runtime.station import Station

    Report = InferenceQuality | InferenceDrift
    Record = Callable[[Report], object]
    Clock = Callable[[], dt.datetime]


class Monitored:
    """An `Inference` whose input is watched."""

    def __init__(self, inner: Inference, monitor: FeatureMonitor, clock: Clock, record: Record) -> None:
        self._inner = inner
        self._monitor = monitor
        self._clock = clock
        self._record = record
        self._names = [*inner.feature_names]  # of a plan, in which nothing changes

    @property
    def is_ready(self) -> bool:
        """Whether the model may be asked now."""
        return self._inner.is_ready

    @property
    def feature_names(self) -> Sequence[str]:
        """What the model reads."""
        return self._names

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Score one vector and watch it; see `score_with_data_monitoring` for what is raised."""
        return score_with_data_monitoring(self._inner, features, monitor=self._monitor, clock=self._clock, record=self._record)


class Served(NamedTuple):
    """What stands before a model, and what is to be asked: the outermost of them."""

    breaker: Breaker
    monitor: FeatureMonitor | None
    inference: Inference


def served(plan: Plan, station: Station, environment: str) -> Served:
    """Put a breaker and a monitor before a plan's model.

    Raises:
        ReleaseError: its archived drift report is not its own.
    """
    breaker = Breaker(plan.inference, budget_s=station.settings.score_budget_ms / 1e3)
    monitor = _monitor(plan, station, environment)
    return Served(breaker, monitor, Monitored(breaker, monitor, station.clock, station.record) if monitor else breaker)


def _monitor(plan: Plan, station: Station, environment: str) -> FeatureMonitor | None:
    """Watch a plan's features where its release has a drift report to compare with; a critical state survives a restart."""
    artifact = plan.inference.artifact
    if artifact is None or plan.drift is None or not plan.drift.features:
        return None
    shares = {}
    if plan.config is not None:
        drift = plan.config.monitoring.drift
        shares = {"warning_share": drift.warning_share, "critical_share": drift.critical_share}
    rules = msgspec.structs.replace(MonitoringRules(enforce=station.settings.enforce_monitoring), **shares)
    monitor = FeatureMonitor.of(artifact, plan.drift, rules, environment=environment)
    monitor.status = newest_status(station.root, version=plan.record.version, environment=environment, rows=monitor.rows)
    return monitor
