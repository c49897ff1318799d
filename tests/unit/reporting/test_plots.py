import csv
import io
from typing import TYPE_CHECKING

import pytest

from bot_core.reporting.evidence import Evidence
from bot_core.reporting.plots import drift_csv, reliability_csv, windows_csv

if TYPE_CHECKING:
    from bot_core.documents.drift import DriftReport


def _rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_windows_show_the_deciding_loss_of_model_and_baseline(evidence: Evidence) -> None:
    report = evidence.walk_forward
    rows = _rows(windows_csv(report))
    assert [row["test_first"] for row in rows] == [w.test_first for w in report.windows]
    best = report.comparison.baseline
    first = report.windows[0]
    assert report.comparison.loss == "absolute"
    assert float(rows[0]["model"]) == pytest.approx(first.model.mae, rel=1e-5)
    assert float(rows[0]["baseline"]) == pytest.approx(first.baselines[best].mae, rel=1e-5)


def test_reliability_and_drift_have_a_row_each(evidence: Evidence) -> None:
    assert len(_rows(reliability_csv(evidence.walk_forward))) == len(evidence.walk_forward.reliability)
    report: DriftReport = evidence.drift
    rows = _rows(drift_csv(report))
    assert [row["feature"] for row in rows] == [f.feature for f in report.features]
    assert float(rows[0]["psi"]) == pytest.approx(report.features[0].psi.value / report.features[0].psi.threshold, rel=1e-5)
