"""The tables behind `dvc plots`: CSV text from reports, the same report giving the same bytes."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from bot_core.reporting.data_tables import ratio
from bot_core.reporting.loss import loss_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot_core.documents.drift import DriftReport
    from bot_core.documents.walk_forward import WalkForwardReport


def windows_csv(report: WalkForwardReport) -> bytes:
    """One row per walk-forward window: the model's error and the best baseline's, by the loss they were compared by."""
    best = report.comparison.baseline
    rows = [(w.test_first, loss_of(w.model, report), loss_of(w.baselines[best], report)) for w in report.windows]
    return _csv(("test_first", "model", "baseline"), rows)


def reliability_csv(report: WalkForwardReport) -> bytes:
    """One row per bin of predicted probability."""
    return _csv(("predicted", "observed", "rows"), [(b.predicted, b.observed, b.rows) for b in report.reliability])


def drift_csv(report: DriftReport) -> bytes:
    """One row per feature: each statistic over its threshold."""
    rows = [(f.feature, ratio(f.psi), ratio(f.ks), ratio(f.wasserstein)) for f in report.features]
    return _csv(("feature", "psi", "ks", "wasserstein"), rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([f"{v:.6g}" if isinstance(v, float) else v for v in row] for row in rows)
    return text.getvalue().encode()
