from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.reporting.score_tables import importance_shares, importance_table, reliability_table, scores_table, windows_table

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence
    from bot_core.reporting.table import Table
    from tests.unit.reporting.conftest import Builder


def names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def test_baselines_follow_the_model_best_first(evidence: Evidence) -> None:
    table = scores_table(evidence)
    assert [row.cells[0] for row in table.rows] == [
        "Model, unseen windows",
        "Baseline zero (best)",
        "Baseline training_mean",
        "Baseline last_sign",
        "Baseline mean_20",
        "Baseline last_value",
        "Model, test part",
        "Model, validation",
        "Model, training",
    ]
    assert [row.mark for row in table.rows[:2]] == ["model", "best"]


def test_columns_follow_the_task(build: Builder, evidence: Evidence) -> None:
    plain, rows = ["Scored", "MAE, bps", "RMSE, bps", "Direction", "95 % interval"], ["Rows", "Effective"]
    assert names(scores_table(evidence)) == [*plain, "PnL, bps", "Trades", *rows]
    assert names(scores_table(build.evidence(payoff=False))) == [*plain, *rows]
    chance = ["Scored", "Brier", "Log loss", "AUC", "MAE", "RMSE", "Direction", "95 % interval"]
    assert names(scores_table(build.evidence(task="classification", payoff=False))) == [*chance, *rows]


def test_each_window_has_a_row_beside_its_baseline(evidence: Evidence) -> None:
    table = windows_table(evidence)
    assert names(table)[5:8] == ["Model, bps", "zero, bps", "Lower by"]
    assert [row.cells[0] for row in table.rows] == [str(i) for i in range(12)]
    assert table.rows[0].cells[1:5] == ("2017-05-28", "2017-06-14 23:00", "2,400", "305")


def test_reliability_and_importance_are_complete(evidence: Evidence) -> None:
    assert [row.cells[0] for row in reliability_table(evidence).rows][:2] == ["0.300\u20130.400", "0.400\u20130.500"]
    assert len(importance_table(evidence).rows) == 8
    assert sum(share for _, share in importance_shares(evidence)) == pytest.approx(1.0)
