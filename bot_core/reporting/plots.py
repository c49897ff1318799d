"""The tables behind `dvc plots`: CSV text from reports, the same report giving the same bytes."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot_core.documents.drift import DriftReport, Statistic
    from bot_core.documents.scores import Scores
    from bot_core.documents.walk_forward import WalkForwardReport


def windows_csv(report: WalkForwardReport) -> bytes:
    """One row per walk-forward window: the model's error and the best baseline's, by the loss they were compared by."""
    absolute = report.comparison.loss == "absolute"

    def loss(scores: Scores) -> float:
        return scores.mae if absolute else scores.rmse**2

    best = report.comparison.baseline
    rows = [(w.test_first, loss(w.model), loss(w.baselines[best])) for w in report.windows]
    return _csv(("test_first", "model", "baseline"), rows)


def reliability_csv(report: WalkForwardReport) -> bytes:
    """One row per bin of predicted probability."""
    return _csv(("predicted", "observed", "rows"), [(b.predicted, b.observed, b.rows) for b in report.reliability])


def drift_csv(report: DriftReport) -> bytes:
    """One row per feature: each statistic over its threshold."""

    def over(statistic: Statistic) -> float:
        return statistic.value / statistic.threshold if statistic.threshold > 0 else 0.0

    rows = [(f.feature, over(f.psi), over(f.ks), over(f.wasserstein)) for f in report.features]
    return _csv(("feature", "psi", "ks", "wasserstein"), rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([f"{v:.6g}" if isinstance(v, float) else v for v in row] for row in rows)
    return text.getvalue().encode()
