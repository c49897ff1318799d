"""One plan, ready to judge candidates: its limits, its model behind a breaker and a monitor, its meta-label model, and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.decision.costs import Cost, CostReport
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.errors import BotCoreError, ConfigError
from bot_core.runtime.meta_gate import MetaGate
from bot_core.runtime.monitored import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.ai.data_monitoring import FeatureMonitor
    from bot_core.ai.plan import Plan
    from bot_core.decision.candidate import DecisionCandidate, RiskSnapshot
    from bot_core.decision.ports import DecisionEvaluation, ModelScore
    from bot_core.runtime.active import InForce
    from bot_core.runtime.station import Station


class Engine:
    """A plan that judges candidates. `meta`: finds its meta-label model, where its domain asks for one.

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
        self.breaker, self.monitor, inference = served(plan, station, environment)
        condition, artifact = plan.engine.meta_label, plan.inference.artifact
        self.meta = MetaGate(condition.model, artifact, station, environment) if condition and artifact else None
        self._orchestrator = DecisionOrchestrator(plan.engine, inference=inference, costs=_costs(plan), clock=station.clock)

    @property
    def hold_bars(self) -> int | None:
        """For how many bars the model's forecast holds."""
        artifact = self.plan.inference.artifact
        payoff = artifact.metadata.training.payoff if artifact else None
        return payoff.horizon if payoff else None

    @property
    def monitors(self) -> Iterator[FeatureMonitor]:
        """What watches the models asked here."""
        return (found for found in (self.monitor, self.meta and self.meta.monitor) if found)

    def follow(self, state: InForce, unit: str) -> list[BotCoreError]:
        """Let the meta-label model in force answer for a unit, where the plan's domain asks for one; return why none can."""
        meta, failed = None, list[BotCoreError]()
        try:
            meta = self.meta.inference(state, unit) if self.meta else None
        except BotCoreError as error:  # its archived drift report is not its own
            failed.append(error)
        self._orchestrator.attach_meta_label(meta)
        return failed

    def evaluate(self, candidate: DecisionCandidate, context: RiskSnapshot | None, protective_factor: float) -> DecisionEvaluation:
        """Let the model score a candidate, and judge it."""
        return self._orchestrator.evaluate_candidate(candidate, context, protective_factor=protective_factor)

    def evaluate_unscored(
        self, candidate: DecisionCandidate, score: ModelScore, context: RiskSnapshot | None, protective_factor: float
    ) -> DecisionEvaluation:
        """Judge a candidate that something else than the model proposes; the limits are the same."""
        return self._orchestrator.evaluate_scored(candidate, score, context, protective_factor=protective_factor)


def _costs(plan: Plan) -> CostReport:
    """Return the cost of a round trip that the release was validated with; unknown where it is not archived."""
    if plan.config is None:
        return CostReport()
    return CostReport(total=Cost(cost_bps=plan.config.validation.round_trip_cost_bps))
