from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import encode_json
from bot_core.reporting.metrics import significant, summary_metrics

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence
    from tests.unit.reporting.conftest import Builder


def test_the_figures_are_out_of_sample_flat_and_rounded(evidence: Evidence) -> None:
    assert summary_metrics(evidence) == {
        "rows": 3660,
        "windows": 12,
        "mae": 11.044,
        "rmse": 14.3572,
        "directional_accuracy": 0.51,
        "expected_pnl_bps": -0.53211,
        "model_loss": 11.044,
        "best_baseline_loss": 11.0,
        "improvement": -0.004,
        "p_value": 0.62,
        "drifted_share": 0.25,
        "best_baseline": "zero",
        "beats_baseline": 0,
        "beats_baseline_bool": False,
        "data_quality": "warning",
        "drift": "warning",
    }


def test_probabilities_have_a_brier_score_and_an_auc(build: Builder) -> None:
    found = summary_metrics(build.evidence(task="classification", payoff=False, skill=0.1, p_value=0.01))
    assert found["auc"] == 0.512346
    assert "brier" in found
    assert "expected_pnl_bps" not in found
    assert (found["beats_baseline"], found["beats_baseline_bool"]) == (1, True)


def test_last_bits_do_not_move_the_figures(evidence: Evidence) -> None:
    pooled = evidence.walk_forward.pooled
    nudged = msgspec.structs.replace(pooled, mae=pooled.mae * (1 + 1e-12), rmse=pooled.rmse * (1 - 1e-12))
    moved = msgspec.structs.replace(evidence.walk_forward, pooled=nudged)
    assert summary_metrics(replace(evidence, walk_forward=moved)) == summary_metrics(evidence)


def test_zero_and_one_survive_json_as_numbers(evidence: Evidence) -> None:
    read = json.loads(encode_json(summary_metrics(evidence)))
    assert read["beats_baseline"] == 0
    assert read["beats_baseline"] is not False
    assert read["beats_baseline_bool"] is False


def test_six_significant_digits_at_any_size() -> None:
    assert [significant(x) for x in (123456789.0, 0.000012345678, -0.0)] == [123457000.0, 1.23457e-05, 0.0]
    assert str(significant(-0.0)) == "0.0"
