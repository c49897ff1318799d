from collections.abc import Callable

import numpy as np
import pytest

from bot_core.ai.scoring import effective_rows, reliability, score, wilson
from bot_core.ai.task import Task
from bot_core.features.dataset import FeatureDataset

RETURNS = Task("regression", "bps", "zero", "long_short", "return")
LONG_ONLY = Task("classification", "probability", "half", "long_only", "barrier")


def _rows(targets: list[float], payoffs: list[float] | None = None) -> FeatureDataset:
    n = len(targets)
    times, ends = np.arange(n).astype("datetime64[us]"), np.arange(1, n + 1).astype("datetime64[us]")
    paid = None if payoffs is None else np.array(payoffs)
    return FeatureDataset(("a",), times, ends, np.array(targets), np.zeros((n, 1)), paid)


def test_errors_direction_and_pnl_by_hand() -> None:
    found = score(RETURNS, _rows([10.0, -10.0, 4.0], [10.0, -10.0, 4.0]), np.array([5.0, 5.0, -1.0]), 0.0, 2.0)
    assert found.mae == pytest.approx((5 + 15 + 5) / 3)
    assert found.rmse == pytest.approx(np.sqrt((25 + 225 + 25) / 3))
    assert found.directional_accuracy == pytest.approx(1 / 3)
    assert found.expected_pnl_bps == pytest.approx((10 - 10 - 4) / 3 - 2)
    assert found.trades == 3
    assert found.brier is None


def test_long_only_takes_no_side_below_the_pivot_and_pays_no_cost_there() -> None:
    found = score(LONG_ONLY, _rows([1.0, 0.0], [8.0, -8.0]), np.array([0.6, 0.4]), 0.5, 2.0)
    assert found.trades == 1
    assert found.expected_pnl_bps == pytest.approx((8 - 2) / 2)
    assert found.brier == pytest.approx(0.16)
    assert found.auc == 1.0


def test_one_class_has_no_auc() -> None:
    found = score(LONG_ONLY, _rows([1.0, 1.0]), np.array([0.6, 0.4]), 0.5, 0.0)
    assert found.auc is None
    assert found.expected_pnl_bps is None


def test_rows_whose_labels_do_not_overlap_count_fully(dataset: Callable[..., FeatureDataset]) -> None:
    assert effective_rows(dataset(500, horizon=1).labelled()) == pytest.approx(499)


def test_labels_that_overlap_tenfold_count_a_tenth(dataset: Callable[..., FeatureDataset]) -> None:
    assert effective_rows(dataset(2010, horizon=10).labelled()) == pytest.approx(200, rel=0.02)


def test_wilson_against_the_published_example() -> None:
    low, high = wilson(0.5, 100)
    assert low == pytest.approx(0.4038, abs=1e-4)
    assert high == pytest.approx(0.5962, abs=1e-4)
    assert wilson(1.0, 5)[1] == 1.0


def test_reliability_leaves_out_empty_bins_and_counts_every_row() -> None:
    bins = reliability(np.array([0.05, 0.06, 0.95, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert [(b.low, b.rows, b.observed) for b in bins] == [(0.0, 2, 0.5), (0.9, 2, 1.0)]
