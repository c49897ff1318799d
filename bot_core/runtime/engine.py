"""One plan, ready to judge candidates: its limits, its model behind a breaker and a monitor, and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core.ai.data_monitoring import FeatureMonitor, newest_status, score_with_data_monitoring
from bot_core.decision.costs import Cost, CostReport
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.documents.monitoring import InferenceDrift, MonitoringRules
from bot_core.errors import ConfigError
from bot_core.runtime.breaker import Breaker

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from bot_core.ai.plan import Plan
    from bot_core.decision.candidate import DecisionCandidate, RiskSnapshot
    from bot_core.decision.ports import DecisionEvaluation, Inference, ModelScore
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


class Engine:
    """A plan that judges candidates.

    Args:
        plan: what was proven.
        station: budgets, the time, and where reports go.
        environment: where it decides.

    Raises:
        ConfigError: its domain leaves out a limit that every trade is measured by.
        ReleaseError: its archived drift report is not its own.
    """

    def __init__(self, plan: Plan, station: Station, *, environment: str) -> None:
        if plan.engine is None:
            msg = f"{plan.record.model}: domain {plan.book.domain.name}: expected all limits that a trade is measured by, got some"
            raise ConfigError(msg, hint="declare them in conf/decision/, then bot-core promote")
        self.plan = plan
        self.breaker = Breaker(plan.inference, budget_s=station.settings.score_budget_ms / 1e3)
        self.monitor = _monitor(plan, station, environment)
        inference = Monitored(self.breaker, self.monitor, station.clock, station.record) if self.monitor else self.breaker
        self._orchestrator = DecisionOrchestrator(plan.engine, inference=inference, costs=_costs(plan), clock=station.clock)

    @property
    def hold_bars(self) -> int | None:
        """For how many bars the model's forecast holds."""
        artifact = self.plan.inference.artifact
        payoff = artifact.metadata.training.payoff if artifact else None
        return payoff.horizon if payoff else None

    def evaluate(self, candidate: DecisionCandidate, context: RiskSnapshot | None, protective_factor: float) -> DecisionEvaluation:
        """Let the model score a candidate, and judge it."""
        return self._orchestrator.evaluate_candidate(candidate, context, protective_factor=protective_factor)

    def evaluate_unscored(
        self, candidate: DecisionCandidate, score: ModelScore, context: RiskSnapshot | None, protective_factor: float
    ) -> DecisionEvaluation:
        """Judge a candidate that something else than the model proposes; the limits are the same."""
        return self._orchestrator.evaluate_scored(candidate, score, context, protective_factor=protective_factor)


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


def _costs(plan: Plan) -> CostReport:
    """Return the cost of a round trip that the release was validated with; unknown where it is not archived."""
    if plan.config is None:
        return CostReport()
    return CostReport(total=Cost(cost_bps=plan.config.validation.round_trip_cost_bps))
