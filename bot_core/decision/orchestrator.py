"""One candidate, one account, one model, one verdict with all its reasons. Accepted means: no reason and no stress failure.

1. A model must be attached, ready, and score the candidate's features with finite numbers. The candidate's own claim never stands in.
2. The cost is looked up (`costs`), the account measured (`candidate`), and every limit compared (`thresholds`).
3. Where the configuration says so, a meta-label model is asked about the score (`meta_label`); without an answer that condition fails.
4. Everything that fails is listed. What cannot be measured fails.

The only things that change are which models are attached and which costs are known; each change is one assignment, so that an
evaluation in another thread sees the old or the new. An evaluation has no side effect.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from bot_core.config.decision import finite, is_probability
from bot_core.decision.candidate import (
    DecisionCandidate,
    RiskSnapshot,
    candidate_findings,
    checked_features,
    features_of,
    measures_of,
    room,
    snapshot_findings,
    with_position,
)
from bot_core.decision.costs import CostReport, KnownCost, cost_of
from bot_core.decision.limits import limits_of, protected
from bot_core.decision.meta_label import PROBABILITY
from bot_core.decision.ports import SCORE_ERRORS, DecisionEvaluation, Inference, ModelScore, Scored, utc_now
from bot_core.decision.thresholds import (
    Check,
    Finding,
    Limits,
    Outcome,
    compared,
    compiled,
    ordered,
    outcome,
    stressed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot_core.config.decision import DecisionEngineConfig, DecisionOrchestratorThresholds, FeaturePolicy
    from bot_core.decision.meta_label import MetaLabelInference
    from bot_core.decision.ports import Clock, Selection

RISK_FLAGS = (
    "force_liquidation_active",
    "daily_loss_limit",
    "drawdown_limit",
    "gross_notional_limit",
    "open_positions_limit",
    "trade_notional_limit",
)

_NO_ANSWER = frozenset({"model_missing", "model_not_ready", "score_failed", "score_invalid"})


class _Attached(msgspec.Struct, frozen=True):
    """The models by name, and the one that decides when none is named."""

    models: dict[str, Inference] = {}
    default: str | None = None


class DecisionOrchestrator:
    """Evaluate candidates within limits.

    Args:
        config: limits and what to do with what is missing.
        inference: the model that decides when none is named; it can be attached later.
        costs: the known costs; none by default.
        clock: returns the present with its time zone; what a snapshot's age is counted from.
    """

    def __init__(
        self,
        config: DecisionEngineConfig,
        *,
        inference: Inference | None = None,
        costs: CostReport | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._config = config
        self._default = _ready(config.orchestrator, config)
        self._profiles = {name: _ready(own, config) for name, own in config.profile_overrides.items()}
        self._handed = _handed(config.features)
        self._attached = _Attached() if inference is None else _Attached({"default": inference}, "default")
        self._meta: MetaLabelInference | None = None
        self._costs = costs or CostReport()
        self._clock = clock

    def attach_named_inference(self, name: str, inference: Inference, *, set_default: bool = False) -> None:
        """Attach a model under a name, in the place of one that had it."""
        now = self._attached
        self._attached = _Attached({**now.models, name: inference}, name if set_default else now.default)

    def detach_named_inference(self, name: str) -> None:
        """Detach a model. If it was the default, nothing decides until another is made so: every candidate is refused."""
        now = self._attached
        left = {other: model for other, model in now.models.items() if other != name}
        self._attached = _Attached(left, None if now.default == name else now.default)

    def attach_meta_label(self, meta: MetaLabelInference | None) -> None:
        """Let a meta-label model answer the configuration's `meta_label`; with none every candidate fails that condition."""
        self._meta = meta

    def update_costs_from_report(self, report: CostReport) -> None:
        """Let a cost report take the place of the one before."""
        self._costs = report

    def evaluate_candidate(
        self,
        candidate: DecisionCandidate,
        context: RiskSnapshot | None,
        *,
        model_name: str | None = None,
        protective_factor: float = 1.0,
    ) -> DecisionEvaluation:
        """Let a model score a candidate, and judge it.

        Args:
            candidate: what is proposed.
            context: the account of its risk profile; none refuses.
            model_name: the model to ask; the default where it is not given.
            protective_factor: what remains of the risk limits, 0 to 1 (`limits.protected`).
        """
        scored = self.score_features(features_of(candidate), model_name=model_name)
        return self._judged(candidate, scored, context, protective_factor)

    def evaluate_scored(
        self, candidate: DecisionCandidate, score: ModelScore, context: RiskSnapshot | None, *, protective_factor: float = 1.0
    ) -> DecisionEvaluation:
        """Judge a candidate on a score that was made elsewhere: blended, from rules, from an override. The limits are the same."""
        return self._judged(candidate, _checked(score, None, "given"), context, protective_factor)

    def evaluate_candidates(
        self,
        candidates: Iterable[DecisionCandidate],
        contexts_by_profile: Mapping[str, RiskSnapshot],
        *,
        protective_factor: float = 1.0,
    ) -> list[DecisionEvaluation]:
        """Evaluate candidates in their order; each sees the account with the accepted ones before it."""
        contexts = dict(contexts_by_profile)
        evaluations = []
        for candidate in candidates:
            context = contexts.get(candidate.risk_profile)
            evaluation = self.evaluate_candidate(candidate, context, protective_factor=protective_factor)
            if evaluation.accepted and context is not None:
                contexts[candidate.risk_profile] = with_position(context, candidate)
            evaluations.append(evaluation)
        return evaluations

    def score_features(self, features: Mapping[str, object] | None, *, model_name: str | None = None) -> Scored:
        """Ask a model, with its features checked; whatever goes wrong becomes a finding."""
        now = self._attached
        name = now.default if model_name is None else model_name
        selection: Selection = "default" if model_name is None else "named"
        model = None if name is None else now.models.get(name)
        if model is None:
            return Scored(name, "none", None, (Finding("model_missing", name or "default"),))
        try:
            return self._asked(model, features, name, selection)
        except SCORE_ERRORS as error:
            return Scored(name, selection, None, (Finding("score_failed", type(error).__name__),))

    def _asked(self, model: Inference, features: Mapping[str, object] | None, name: str | None, selection: Selection) -> Scored:
        if model.is_ready is not True:
            return Scored(name, selection, None, (Finding("model_not_ready", "is_ready"),))
        if features is None:
            return Scored(name, selection, None, (Finding("features_missing", "features"),))
        vector, findings = checked_features(features, model.feature_names, self._config.features)
        if findings:
            return Scored(name, selection, None, tuple(findings))
        return _checked(model.score(vector), name, selection)

    def _judged(
        self, candidate: DecisionCandidate, scored: Scored, context: RiskSnapshot | None, factor: float
    ) -> DecisionEvaluation:
        limits, checks, guards = self._in_force(candidate.risk_profile, factor)
        cost, score, tests = cost_of(candidate, self._costs, self._config), scored.score, self._config.stress_tests
        measures = _measures(candidate, scored, cost, context)
        if self._config.meta_label is not None:
            measures[PROBABILITY] = self._meta_label(candidate, scored)
        failed, used = compared(checks, measures)
        account = snapshot_findings(context, self._clock(), self._config.max_snapshot_age_s, measures)
        found = [*candidate_findings(candidate, measures), *scored.findings, *guards, *account, *failed]
        findings = ordered(found) if found else ()
        reasons = tuple(dict.fromkeys([finding.code for finding in findings])) if found else ()
        stress = () if tests is None else stressed(checks, measures, tests)
        verdict, size = _verdict(reasons + stress, candidate, context, limits)
        return DecisionEvaluation(  # by place: eighteen keywords take as long as comparing half the limits
            candidate,
            verdict == "allow",
            verdict,
            _number(cost.bps),
            cost.source,
            _number(measures["net_edge_bps"]),
            reasons,
            tuple([code for code in RISK_FLAGS if code in reasons]) if found else (),
            stress,
            findings,
            scored.model_name,
            scored.selection,
            None if score is None else score.expected_return_bps,
            None if score is None else score.success_probability,
            dict(limits),
            self._modes(reasons, factor),
            size,
            used,
            None if self._config.meta_label is None else _number(measures[PROBABILITY]),
        )

    def _meta_label(self, candidate: DecisionCandidate, scored: Scored) -> float | Finding:
        if scored.score is None:
            return scored.findings[0]
        if (meta := self._meta) is None:
            return Finding("meta_label_missing", PROBABILITY)
        return meta.probability(features_of(candidate) or {}, scored.score)

    def _in_force(self, profile: str, factor: float) -> tuple[Limits, tuple[Check, ...], tuple[Finding, ...]]:
        limits, checks = self._profiles.get(profile, self._default)
        if not is_probability(factor):
            return limits, checks, (Finding("protective_factor_invalid", "protective_factor", factor if finite(factor) else None),)
        if factor != 1.0:
            limits = protected(limits, factor)
            checks = compiled(limits)
        return limits, checks, ()

    def _modes(self, reasons: tuple[str, ...], factor: float) -> tuple[str, ...]:
        """Say what the caller should turn to."""
        modes: tuple[str, ...] = () if factor == 1.0 else ("protective",)
        if not self._handed.isdisjoint(reasons):
            modes += ("rules",)
        if "force_liquidation_active" in reasons:
            modes += ("liquidate",)
        return modes


def _ready(thresholds: DecisionOrchestratorThresholds, config: DecisionEngineConfig) -> tuple[Limits, tuple[Check, ...]]:
    limits = limits_of(thresholds, config.min_probability, config.meta_label)
    return limits, compiled(limits)


def _handed(policy: FeaturePolicy) -> frozenset[str]:
    """List the codes with which the rules should decide instead."""
    told = {"feature_missing": policy.missing, "feature_not_finite": policy.non_finite}
    return _NO_ANSWER.union(code for code, to in told.items() if to == "rules")


def _checked(score: ModelScore, name: str | None, selection: Selection) -> Scored:
    if finite(score.expected_return_bps) and is_probability(score.success_probability):
        return Scored(name, selection, score)
    return Scored(name, selection, None, (Finding("score_invalid", "score"),))


def _measures(
    candidate: DecisionCandidate, scored: Scored, cost: KnownCost, context: RiskSnapshot | None
) -> dict[str, float | Finding]:
    measures = measures_of(candidate, context)
    measures["cost_bps"] = cost.bps
    if scored.score is None:
        measures["probability"] = measures["net_edge_bps"] = scored.findings[0]
    else:
        measures["probability"] = scored.score.success_probability
        measures["net_edge_bps"] = _net_edge(scored.score, cost.bps)
    return measures


def _net_edge(score: ModelScore, cost: float | Finding) -> float | Finding:
    """Return the expected return times its probability, less the cost: basis points."""
    return cost if isinstance(cost, Finding) else score.expected_return_bps * score.success_probability - cost


def _verdict(
    codes: tuple[str, ...], candidate: DecisionCandidate, context: RiskSnapshot | None, limits: Limits
) -> tuple[Outcome, float]:
    """Return the outcome and the notional that would pass. A clamp that leaves no room is a veto."""
    if not codes:
        return "allow", candidate.notional
    verdict = _gravest(codes)
    size = room(context, limits) if verdict == "clamp" and context is not None else 0.0
    return ("veto" if verdict == "clamp" and size == 0.0 else verdict), size


@lru_cache(maxsize=1024)  # the same few reasons come together again and again
def _gravest(codes: tuple[str, ...]) -> Outcome:
    return outcome(codes)


def _number(value: float | Finding) -> float | None:
    return None if isinstance(value, Finding) else value
