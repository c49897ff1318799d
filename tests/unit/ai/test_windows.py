from collections.abc import Callable

import numpy as np
import pytest

from bot_core.ai.windows import WalkForwardPlan, chronological_split, duration, purge, walk_forward_windows
from bot_core.errors import DatasetError
from bot_core.features.dataset import FeatureDataset

NONE = np.timedelta64(0, "s")


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("6h", 21600), ("5d", 432000), ("2w", 1209600), ("0d", 0), ("7s", 7)])
def test_durations_are_a_count_and_a_unit(text: str, seconds: int) -> None:
    assert duration(text) == np.timedelta64(seconds, "s")


def test_the_parts_are_in_order_and_purged_by_label_end(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000, horizon=10).labelled()
    embargo = duration("5h")
    parts = chronological_split(rows.times, rows.label_ends, (0.7, 0.15), embargo)
    assert rows.label_ends[parts.train].max() < rows.times[parts.validation[0]] - embargo
    assert rows.label_ends[parts.validation].max() < rows.times[parts.test[0]] - embargo
    assert len(parts.train) + len(parts.validation) + len(parts.test) + parts.purged == len(rows) == 990
    assert parts.purged == 2 * (10 + 5)


def test_exactly_the_windows_asked_are_given_and_cover_the_rest(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000, horizon=3).labelled()
    windows = walk_forward_windows(rows.times, rows.label_ends, WalkForwardPlan(7, NONE, "expanding", 0.4))
    assert len(windows) == 7
    assert np.array_equal(np.concatenate([w.test for w in windows]), np.arange(round(997 * 0.4), 997))
    assert all(w.train[0] == 0 for w in windows)


def test_a_rolling_window_keeps_its_length(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000, horizon=1).labelled()
    windows = walk_forward_windows(rows.times, rows.label_ends, WalkForwardPlan(5, NONE, "rolling", 0.4))
    assert {len(w.train) + w.purged for w in windows} == {round(999 * 0.4)}


def test_fewer_rows_than_the_windows_need_is_refused() -> None:
    times = np.arange(60).astype("datetime64[us]")
    with pytest.raises(DatasetError, match=r"expected at least 60 labelled rows after the first training share, got 36 of 60"):
        walk_forward_windows(times, times, WalkForwardPlan(12, NONE))


def test_an_embargo_longer_than_the_data_is_refused(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(200).labelled()
    with pytest.raises(DatasetError, match=r"training: expected at least 30 rows after purging, got 0"):
        chronological_split(rows.times, rows.label_ends, (0.7, 0.15), duration("30d"))


def test_one_row_is_refused() -> None:
    times = np.arange(1).astype("datetime64[us]")
    with pytest.raises(DatasetError, match=r"expected at least 30 rows each, got 1, 0, 0 of 1"):
        chronological_split(times, times, (0.7, 0.15), NONE)


def test_purging_asks_the_label_end_not_the_row() -> None:
    ends = np.array([5, 9, 3, 8]).astype("datetime64[us]")
    kept = purge(np.arange(4), ends, np.datetime64(9, "us"), np.timedelta64(1, "us"))
    assert kept.tolist() == [0, 2]
