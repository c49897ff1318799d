"""What a served model is fed, decision by decision: is it whole, within what training saw, and still from the same world?

1. A monitor takes the features of every decision. When a window of them is full it reports twice: on quality (what was missing, what lay
   out of training's bounds) and on drift (each feature's stability index against the reference of the release's drift report).
2. The window's length, bins and thresholds are those of that report, so a single feature raises a false alarm as seldom online as was
   declared offline: for one decision per row of the kind that the reference was made of. A feature with missing values is measured over
   the rest, against a threshold for so few rows. A feature that the drift report does not watch has bounds and may be missing like any
   other; its drift is not asked.
3. Where the policy enforces, a critical newest window, or a decision without a feature that it needs, gives no score. Decisions are
   watched all the while, so the next window that is well lets the model answer again here; what governance makes of the critical report
   is not undone by that (`bot_core.governance.alerts`).

Reports are written and journalled by `monitoring_record`, before anything acts on them.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

from bot_core.ai.feature_windows import MOST_CELLS, FeatureWindow, Watched, cuts, stability_index
from bot_core.ai.monitoring_record import newest_status, report_event, write_report
from bot_core.documents.drift import Span
from bot_core.documents.monitoring import FeatureMovement, FeatureQuality, InferenceDrift, InferenceQuality, Policy
from bot_core.documents.status import worst
from bot_core.errors import InputError, QualityError, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot_core.ai.feature_windows import Tally
    from bot_core.decision.ports import Clock, Inference, ModelScore
    from bot_core.documents.artifact import Bounds, ModelArtifact
    from bot_core.documents.drift import DriftReport, FeatureDrift
    from bot_core.documents.monitoring import MonitoringRules, ShareLimit
    from bot_core.documents.status import Status

    Report = InferenceQuality | InferenceDrift

__all__ = [
    "DataQualityException",
    "FeatureMonitor",
    "newest_status",
    "report_event",
    "score_with_data_monitoring",
    "write_report",
]

RUNBOOK = "docs/runbooks/ai_data_monitoring.md"


class DataQualityException(QualityError):  # noqa: N818  # the founding documents' word
    """The input of a model is not what it may decide on, and the policy says that then it does not."""


class FeatureMonitor:
    """Watch what one release is fed in one environment. One thread at a time.

    Args:
        model: its name.
        version: the release.
        environment: where it decides.
        features: what is watched, in the model's order; without edges for its bounds only.
        rows: decisions per window.
        rules: what counts as a warning, as critical, and whether that stops decisions.
    """

    def __init__(
        self, *, model: str, version: str, environment: str, features: Sequence[Watched], rows: int, rules: MonitoringRules
    ) -> None:
        self.model = model
        self.version = version
        self.environment = environment
        self.rules = rules
        self.rows = rows
        self.status: Status = "ok"
        """The newest whole window's; before there is one ok, or what `newest_status` found."""
        self._features = tuple(features)
        self._window = FeatureWindow(self._features, rules.may_be_missing)

    @classmethod
    def of(cls, artifact: ModelArtifact, drift: DriftReport, rules: MonitoringRules, *, environment: str) -> FeatureMonitor:
        """Watch a release with the bounds of its artifact, and the window, bins and thresholds of its own drift report.

        Raises:
            ReleaseError: the report is of another model or of other features (each must be in it, or named as not watched), it watches
                none, or its bins cannot be counted in.
        """
        training = artifact.metadata.training
        where = f"{training.model} {artifact.metadata.version}: drift report"
        found = {one.feature: one for one in drift.features}
        named = [*found, *drift.not_watched]
        if drift.model != training.model or not found or sorted(named) != sorted(artifact.feature_names):
            expected = f"{training.model} with {', '.join(artifact.feature_names)}"
            raise _unfit(where, expected=expected, got=f"{drift.model} with {', '.join(named) if found else 'no features'}")
        bounds, rows = artifact.feature_bounds, drift.reference.rows
        watched = [_watched(name, found.get(name), bounds[name], rows, where) for name in artifact.feature_names]
        if len(cuts(watched)[0]) >= MOST_CELLS:
            raise _unfit(where, expected=f"fewer than {MOST_CELLS} cells per feature", got=f"{len(cuts(watched)[0])} cells")
        return cls(
            model=training.model,
            version=artifact.metadata.version,
            environment=environment,
            features=watched,
            rows=drift.window.rows,
            rules=rules,
        )

    @property
    def lacking(self) -> list[str]:
        """The features that the newest decision needs and had no finite number for."""
        return self._window.lacking

    def observe(self, features: Mapping[str, float], at: dt.datetime) -> tuple[Report, ...]:
        """Take a decision's features; return the reports on quality and on drift where it fills a window, else nothing.

        What is not a feature of the model is not looked at.

        Raises:
            InputError: a time without a zone; the decision is not taken.
        """
        if at.tzinfo is None:
            msg = f"{self.model}: observe: expected a time with its zone, got {at.isoformat()}"
            raise InputError(msg, hint="datetime.now(UTC)")
        if self._window.add(features, at) < self.rows:
            return ()
        tallies = self._window.tallies()
        reports = (self._quality(tallies), self._drift(tallies))
        self.status = worst(report.status for report in reports)
        self._window.clear()
        return reports

    def flush(self) -> InferenceQuality | None:
        """Report on the quality of a window that will not be filled, and forget it; nothing where it is empty. For the shutdown.

        Too few rows say nothing about drift.
        """
        report = self._quality(self._window.tallies()) if len(self._window) else None
        self._window.clear()
        return report

    def _quality(self, tallies: Sequence[Tally]) -> InferenceQuality:
        window, rows, limits = self._window, len(self._window), self.rules.limits
        missing, outside = window.incomplete / rows, max(tally.below + tally.above for tally in tallies) / rows
        return InferenceQuality(
            model=self.model,
            version=self.version,
            environment=self.environment,
            status=worst((_judged(missing, limits.missing), _judged(outside, limits.outside))),
            window=self._span(),
            policy=Policy(enforce=self.rules.enforce),
            limits=limits,
            incomplete=window.incomplete,
            incomplete_share=missing,
            outside_share=outside,
            features=[_feature_quality(feature.name, tally) for feature, tally in zip(self._features, tallies, strict=True)],
        )

    def _drift(self, tallies: Sequence[Tally]) -> InferenceDrift:
        pairs = zip(self._features, tallies, strict=True)
        moved = [_movement(feature, tally.bins, self.rows) for feature, tally in pairs if feature.edges]
        share, rules = sum(one.drifted for one in moved) / len(moved), self.rules
        return InferenceDrift(
            model=self.model,
            version=self.version,
            environment=self.environment,
            status="ok" if share <= rules.warning_share else "critical" if share >= rules.critical_share else "warning",
            window=self._span(),
            policy=Policy(enforce=rules.enforce),
            warning_share=rules.warning_share,
            critical_share=rules.critical_share,
            drifted_share=share,
            features=moved,
        )

    def _span(self) -> Span:
        first, last = self._window.span
        return Span(first=_utc(first), last=_utc(last), rows=len(self._window))


def score_with_data_monitoring(
    inference: Inference,
    features: Mapping[str, float],
    *,
    monitor: FeatureMonitor,
    clock: Clock,
    record: Callable[[Report], object],
) -> ModelScore:
    """Score one vector and watch it.

    Args:
        inference: the model.
        features: its input; NaN stands for a missing value.
        monitor: watches this model.
        clock: the time of the decision.
        record: writes and journals a report of a window that this decision fills, before the policy acts on it; what it raises ends
            the decision.

    Raises:
        DataQualityException: the policy enforces, and the newest window is critical or the decision lacks a feature that it needs.
        BotCoreError: the report was not recorded, or the model gave no answer.
    """
    for report in monitor.observe(features, clock()):
        record(report)
    if monitor.rules.enforce:
        _require_sound(monitor)
    return inference.score(features)


def _require_sound(monitor: FeatureMonitor) -> None:
    if lacking := monitor.lacking:
        msg = f"{monitor.model} {monitor.version}: expected a finite number for every feature, got none for {', '.join(lacking)}"
        raise DataQualityException(msg, hint="the rules decide; see what the source of the feature gives")
    if monitor.status == "critical":
        msg = (
            f"{monitor.model} {monitor.version}: expected sound input, got a critical report on the newest {monitor.rows} decisions"
        )
        raise DataQualityException(msg, hint=RUNBOOK)


def _watched(name: str, drift: FeatureDrift | None, bounds: Bounds, rows: int, where: str) -> Watched:
    """Say what is watched of a feature; without drift one bin holds everything."""
    if drift is None:
        return Watched(name, bounds.low, bounds.high, (), (rows,), 0.0)
    edges, shares = drift.edges, drift.reference
    rising = all(left < right for left, right in pairwise(edges))
    if not edges or not rising or len(shares) != len(edges) + 1:
        got = f"{name}: {len(edges)} edges and {len(shares)} shares"
        raise _unfit(where, expected="rising edges and one share more than edges", got=got)
    reference = tuple(round(share * rows) for share in shares)
    return Watched(name, bounds.low, bounds.high, tuple(edges), reference, drift.psi.threshold)


def _movement(feature: Watched, bins: Sequence[int], rows: int) -> FeatureMovement:
    """Measure one feature; by chance alone the index of r rows grows as 1 / r, so the threshold of `rows` rows is scaled by that."""
    held = sum(bins)
    index = stability_index(feature.reference, bins) if held else 0.0
    threshold = feature.threshold * rows / max(held, 1)
    return FeatureMovement(feature=feature.name, drifted=index > threshold, psi=index, threshold=threshold, current=list(bins))


def _feature_quality(name: str, tally: Tally) -> FeatureQuality:
    first, last = (None if at is None else _utc(at) for at in (tally.first, tally.last))
    return FeatureQuality(feature=name, missing=tally.missing, below=tally.below, above=tally.above, first=first, last=last)


def _judged(share: float, limit: ShareLimit) -> Status:
    return "critical" if share > limit.critical else "warning" if share > limit.warning else "ok"


def _utc(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _unfit(where: str, *, expected: str, got: str) -> ReleaseError:
    return ReleaseError(f"{where}: expected {expected}; got {got}", hint="the report that the release's manifest names")
