"""Has the world moved away from what the model learned? The newest window of every feature against the training rows.

A feature has drifted when one of its three statistics lies above its bootstrapped threshold and is a discovery among all features'
statistics. `status` is ok while the share of drifted features is at most `warning_share`, critical from `critical_share` on, and
warning between. Labels are not looked at, so a change of what the features mean for the target cannot be seen here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.drift_bins import Bins, count, quantiles
from bot_core.ai.drift_statistics import Reference, distances, ordered
from bot_core.ai.drift_thresholds import Chance, discoveries
from bot_core.ai.windows import utc
from bot_core.documents.artifact import FeatureBaseline
from bot_core.documents.drift import DriftReport, FeatureDrift, Span, Statistic
from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.config.models import DriftConfig
    from bot_core.documents.status import Status
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]

QUANTILES = 21
ROWS_AT_LEAST = 30
MORE = "shorten monitoring.drift.window or use more data"


def assess_drift(reference: FeatureDataset, window: FeatureDataset, config: DriftConfig, *, model: str) -> DriftReport:
    """Compare a window with the rows a model learned from.

    Raises:
        DatasetError: other features, a window of fewer rows than declared or than 30, a reference shorter than the window, or a value
            that is not finite.
    """
    _check(reference, window, config, model)
    prepared = Reference.prepare(reference.values, config.bins)
    observed = distances(prepared, prepared.slabs(len(window)), window.values)
    chance = Chance.of(prepared, reference.values, len(window), config)
    limits, p = chance.thresholds(config.false_alarm_rate), chance.p_values(observed)
    drifted = np.any(discoveries(p, config.false_discovery_rate) & (observed > limits), axis=0)
    share = float(drifted.mean())
    current = count(ordered(window.values), prepared.bins.edges)
    return DriftReport(
        model=model,
        status=_status(share, config),
        reference=_span(reference),
        window=_span(window),
        replicates=len(chance.replicates),
        block=int(chance.blocks.max()),
        false_alarm_rate=config.false_alarm_rate,
        false_discovery_rate=config.false_discovery_rate,
        drifted_share=share,
        features=[
            _feature(name, i, bool(drifted[i]), np.stack([observed[:, i], limits[:, i], p[:, i]]), prepared.bins, current)
            for i, name in enumerate(reference.feature_names)
        ],
    )


def drift_baseline(dataset: FeatureDataset, bins: int) -> dict[str, FeatureBaseline]:
    """Describe each feature's training distribution: bin edges with shares, and 21 quantiles from 0 to 1."""
    columns = ordered(dataset.values)
    cut = Bins.of(columns, bins)
    shape = quantiles(columns, QUANTILES - 1)
    return {
        name: FeatureBaseline(edges=cut.edges_of(i), shares=cut.shares_of(i, cut.counts), quantiles=[float(q) for q in shape[i]])
        for i, name in enumerate(dataset.feature_names)
    }


def _feature(name: str, i: int, drifted: bool, figures: Floats, bins: Bins, current: NDArray[np.intp]) -> FeatureDrift:  # noqa: FBT001
    psi, ks, wasserstein = (Statistic(value=float(v), threshold=float(t), p_value=float(p)) for v, t, p in figures.T)
    return FeatureDrift(
        feature=name,
        drifted=drifted,
        psi=psi,
        ks=ks,
        wasserstein=wasserstein,
        edges=bins.edges_of(i),
        reference=bins.shares_of(i, bins.counts),
        current=bins.shares_of(i, current),
    )


def _status(share: float, config: DriftConfig) -> Status:
    if share <= config.warning_share:
        return "ok"
    return "critical" if share >= config.critical_share else "warning"


def _span(rows: FeatureDataset) -> Span:
    return Span(first=utc(rows.times[0]), last=utc(rows.times[-1]), rows=len(rows))


def _check(reference: FeatureDataset, window: FeatureDataset, config: DriftConfig, model: str) -> None:
    if reference.feature_names != window.feature_names:
        msg = f"{model}: drift: expected the features {', '.join(reference.feature_names)}; got {', '.join(window.feature_names)}"
        raise DatasetError(msg, hint="dvc repro")
    least = max(config.window, ROWS_AT_LEAST)
    if len(window) < least:
        msg = f"{model}: drift: expected a window of at least {least} rows, got {len(window)}"
        raise DatasetError(msg, hint=MORE)
    if len(reference) < len(window):
        msg = f"{model}: drift: expected at least {len(window)} reference rows, as many as the window has; got {len(reference)}"
        raise DatasetError(msg, hint=MORE)
    for what, rows_of in (("reference", reference), ("window", window)):
        _check_finite(rows_of, f"{model}: drift: {what}")


def _check_finite(rows: FeatureDataset, where: str) -> None:
    bad = np.argwhere(~np.isfinite(rows.values))
    if len(bad):
        row, column = bad[0]
        got = f"{rows.values[row, column]} at {utc(rows.times[row])}"
        msg = f"{where}: {rows.feature_names[column]}: expected finite values, got {got}"
        raise DatasetError(msg, hint="repair the data or the feature")
