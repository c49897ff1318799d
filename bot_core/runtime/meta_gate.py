"""The meta-label model in force beside a primary: found anew for each decision in the state that the decision uses.

It is a release like any other, promoted, halted, revoked and rolled out by itself. Where none is in force, or the rollout does not draw the
unit, there is no answer, and the primary's decision fails the condition: a gate that is away is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.decision.meta_label import SIDE, MetaLabelInference
from bot_core.decision.rollout import arm
from bot_core.runtime.monitored import served
from bot_core.runtime.records import MetaLabelFacts

if TYPE_CHECKING:
    from bot_core.ai.data_monitoring import FeatureMonitor
    from bot_core.ai.plan import Plan
    from bot_core.decision.ports import DecisionEvaluation, Inference
    from bot_core.documents.artifact import ModelArtifact
    from bot_core.runtime.active import InForce
    from bot_core.runtime.station import Station


class MetaGate:
    """Finds the meta-label model of one primary.

    Args:
        model: its name.
        primary: the primary's artifact.
        station: budgets, the time, and where reports go.
        environment: where it decides.
    """

    def __init__(self, model: str, primary: ModelArtifact, station: Station, environment: str) -> None:
        self.model = model
        self.monitor: FeatureMonitor | None = None
        self._primary = primary
        self._station = station
        self._environment = environment
        self._plan: Plan | None = None
        self._inference: MetaLabelInference | None = None
        self._asked: Plan | None = None

    def inference(self, state: InForce, unit: str) -> MetaLabelInference | None:
        """Return the model that answers for a unit, bound to the primary; nothing where none may.

        Raises:
            ReleaseError: the archived drift report of the release in force is not its own.
        """
        plan, self._asked = state.plans.get(self.model), None
        if plan is not self._plan:
            self._follow(plan)
        if plan is None or arm(unit, plan.record.rollout, plan.record.version) != "learned":
            return None
        self._asked = plan
        return self._inference

    def facts(self, evaluation: DecisionEvaluation | None) -> MetaLabelFacts:
        """Return what the record of the unit asked last holds of it."""
        version = self._asked.record.version if self._asked else None
        return MetaLabelFacts(self.model, version, evaluation.meta_label_probability if evaluation else None)

    def _follow(self, plan: Plan | None) -> None:
        self._plan, self._inference, self.monitor = None, None, None  # while the next one is made, and if it fails
        if plan is None:
            return
        _, monitor, inference = served(plan, self._station, self._environment)
        self._inference = bound(inference, plan, self._primary)
        self._plan, self.monitor = plan, monitor


def bound(inference: Inference, meta: Plan, primary: ModelArtifact) -> MetaLabelInference:
    """Bind a meta-label model to a primary: where the primary's prediction points up (as `bot_core.ai.task` has it), and its scale.

    Args:
        inference: what is asked: the plan's model, or what stands before it.
        meta: the meta-label model's plan.
        primary: the artifact of the model whose trades it judges.
    """
    pivot = 0.5 if primary.metadata.training.task == "classification" else primary.calibration.pivot
    sides = meta.inference.artifact.feature_bounds.get(SIDE) if meta.inference.artifact else None
    return MetaLabelInference(inference, pivot=pivot, scale=primary.target_scale, knows_short=sides is None or sides.low < 0.0)
