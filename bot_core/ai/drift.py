"""Has the world moved away from what the model learned? The newest window of every watched feature against the training rows.

What `monitoring.drift.not_watched` names is left out, and the report says so: a function of the clock cannot drift, but a window that
holds no whole number of days differs from the training rows in it.

A feature has drifted when one of its three statistics lies above its bootstrapped threshold and is a discovery among all features'
statistics. `status` is ok while the share of drifted features is at most `warning_share`, critical from `critical_share` on, and
warning between. Labels are not looked at, so a change of what the features mean for the target cannot be seen here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.drift_alarm import Alarm, watched_part
from bot_core.ai.drift_bins import Bins, count, quantiles
from bot_core.ai.drift_statistics import ordered
from bot_core.ai.windows import utc
from bot_core.documents.artifact import FeatureBaseline
from bot_core.documents.drift import DriftReport, FeatureDrift, Span, Statistic
from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.config.models import DriftConfig
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]

QUANTILES = 21
ROWS_AT_LEAST = 30
MORE = "shorten monitoring.drift.window or use more data"


def prepare_alarm(reference: FeatureDataset, rows: int, config: DriftConfig, *, model: str) -> Alarm:
    """Bootstrap the limits for windows of `rows` rows, once for everything that is asked of one reference.

    Raises:
        DatasetError: a reference shorter than the window, or a value that is not finite.
        ConfigError: no feature is watched.
    """
    if len(reference) < rows:
        msg = f"{model}: drift: expected at least {rows} reference rows, as many as the window has; got {len(reference)}"
        raise DatasetError(msg, hint=MORE)
    _check_finite(reference, f"{model}: drift: reference")
    return Alarm.of(watched_part(reference, config).values, rows, config)


def assess_drift(
    reference: FeatureDataset, window: FeatureDataset, config: DriftConfig, *, model: str, alarm: Alarm | None = None
) -> DriftReport:
    """Compare a window with the rows a model learned from.

    Args:
        reference: those rows.
        window: the newest rows.
        config: the alert's.
        model: whose rows they are.
        alarm: `prepare_alarm`'s for this reference and the window's length; prepared here where it is not given.

    Raises:
        DatasetError: other features, a window of fewer rows than declared or than 30, a reference shorter than the window, or a value
            that is not finite.
        ConfigError: no feature is watched.
    """
    _check(reference, window, config, model)
    alarm = alarm or prepare_alarm(reference, len(window), config, model=model)
    newest = watched_part(window, config)
    reading = alarm.read(newest.values)
    drifted, bins = alarm.named(reading), alarm.reference.bins
    current = count(ordered(newest.values), bins.edges)
    return DriftReport(
        model=model,
        status=alarm.status(drifted),
        reference=_span(reference),
        window=_span(window),
        replicates=len(alarm.chance.replicates),
        block=int(alarm.chance.blocks.max()),
        false_alarm_rate=config.false_alarm_rate,
        false_discovery_rate=config.false_discovery_rate,
        drifted_share=float(drifted.mean()),
        features=[
            _feature(
                name, i, bool(drifted[i]), np.stack([reading.observed[:, i], alarm.limits[:, i], reading.p[:, i]]), bins, current
            )
            for i, name in enumerate(newest.feature_names)
        ],
        not_watched=[name for name in reference.feature_names if name not in newest.feature_names],
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
    _check_finite(window, f"{model}: drift: window")


def _check_finite(rows: FeatureDataset, where: str) -> None:
    bad = np.argwhere(~np.isfinite(rows.values))
    if len(bad):
        row, column = bad[0]
        got = f"{rows.values[row, column]} at {utc(rows.times[row])}"
        msg = f"{where}: {rows.feature_names[column]}: expected finite values, got {got}"
        raise DatasetError(msg, hint="repair the data or the feature")
