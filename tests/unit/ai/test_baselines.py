from collections.abc import Callable

import numpy as np
import pytest

from bot_core.ai.baselines import known_labels, naive_predictions
from bot_core.ai.task import Task
from bot_core.features.dataset import FeatureDataset

RETURNS = Task("regression", "bps", "zero", "long_short", "return")


def _slow_last(rows: FeatureDataset, at: int) -> float:
    known = [j for j in range(len(rows)) if rows.label_ends[j] <= rows.times[at]]
    return rows.targets[max(known, key=lambda j: (rows.label_ends[j], rows.times[j]))] if known else np.nan


def test_what_is_known_is_what_had_ended(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(120, horizon=7).labelled()
    known = known_labels(rows)
    expected = [_slow_last(rows, i) for i in range(len(rows))]
    np.testing.assert_array_equal(known.last, expected)
    assert np.isnan(known.last[:7]).all()
    assert known.recent_mean[60] == pytest.approx(rows.targets[60 - 7 - 19 : 60 - 7 + 1].mean())


def test_labels_that_end_out_of_order_are_taken_in_the_order_they_ended() -> None:
    times = np.array([0, 1, 2, 3, 4]).astype("datetime64[us]")
    ends = np.array([4, 2, 3, 9, 9]).astype("datetime64[us]")
    rows = FeatureDataset(("a",), times, ends, np.array([10.0, 20.0, 30.0, 40.0, 50.0]), np.zeros((5, 1)))
    np.testing.assert_array_equal(known_labels(rows).last, [np.nan, np.nan, 20.0, 30.0, 10.0])


def test_the_future_does_not_matter(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(300, horizon=5).labelled()
    changed = rows.targets.copy()
    changed[200:] = 1e6
    other = FeatureDataset(rows.feature_names, rows.times, rows.label_ends, changed, rows.values)
    np.testing.assert_array_equal(known_labels(rows).last[:205], known_labels(other).last[:205])


def test_five_naive_predictions_by_hand(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(200).labelled()
    known = known_labels(rows)
    train, test = np.arange(100), np.arange(100, 199)
    found = naive_predictions(RETURNS, rows.rows(train), known.rows(train), known.rows(test), 0.0)
    assert sorted(found) == ["last_sign", "last_value", "mean_20", "training_mean", "zero"]
    assert set(found["zero"]) == {0.0}
    assert set(found["training_mean"]) == {rows.targets[:100].mean()}
    np.testing.assert_array_equal(found["last_value"], rows.targets[99:198])
    after_up = rows.targets[:100][np.nan_to_num(known.last[:100], nan=-1.0) > 0].mean()
    assert found["last_sign"][rows.targets[99:198] > 0][0] == pytest.approx(after_up)
