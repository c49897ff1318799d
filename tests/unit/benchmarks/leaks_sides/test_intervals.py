from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.leaks_sides.intervals import MINUTE, START, Intervals, Splitter, draw, load, save, tally
from bot_core.ai.windows import WalkForwardPlan, walk_forward_windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Splits = Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]


def _set(*labels: tuple[int, int]) -> Intervals:
    """One test window of a single row, the last; labels as (first minute, last minute)."""
    minutes = np.array(labels)
    return Intervals(START + minutes[:, 0] * MINUTE, START + minutes[:, 1] * MINUTE, folds=1, test_size=1)


def _last_row_tested(s: Intervals) -> Splits:
    last = len(s.times) - 1
    yield np.arange(last), np.array([last])


@pytest.mark.parametrize(("end", "leaked"), [(99, 0), (100, 0), (101, 1), (500, 1)])
def test_a_label_that_reaches_into_the_test_window_leaks_and_one_that_touches_it_does_not(end: int, leaked: int) -> None:
    found = tally([_set((0, 10), (50, end), (100, 110))], Splitter("all before", past_only=True, split=_last_row_tested))
    assert (found.leaked, found.honest, found.largest) == (leaked, 2 - leaked, 2 - leaked)


def test_rows_after_the_test_window_count_only_for_splitters_that_may_use_them() -> None:
    def first_row_tested(_: Intervals) -> Splits:
        yield np.array([1, 2]), np.array([0])

    sets = [_set((0, 60), (50, 70), (100, 110))]
    both_sides = tally(sets, Splitter("k-fold", past_only=False, split=first_row_tested))
    assert (both_sides.leaked, both_sides.honest, both_sides.largest) == (1, 1, 1)
    assert tally(sets, Splitter("past", past_only=True, split=first_row_tested)).largest == 0


def test_a_splitter_that_forgets_the_labels_is_caught_and_ours_is_not() -> None:
    def forgetful(s: Intervals) -> Splits:
        half = len(s.times) // 2
        yield np.arange(half), np.arange(half, half + s.test_size)

    def ours(s: Intervals) -> Splits:
        plan = WalkForwardPlan(s.folds, np.timedelta64(0, "s"), "expanding", 0.5)
        return ((step.train, step.test) for step in walk_forward_windows(s.times, s.ends, plan))

    sets = list(draw(50))
    assert tally(sets, Splitter("forgetful", past_only=True, split=forgetful)).leaked > 50
    found = tally(sets, Splitter("ours", past_only=True, split=ours))
    assert found.leaked == 0
    assert found.honest > 0.999 * found.largest


def test_sets_are_the_same_every_time_and_survive_a_file(tmp_path: Path) -> None:
    sets = list(draw(5))
    save(sets, tmp_path / "sets.npz")
    for once, again, stored in zip(sets, draw(5), load(tmp_path / "sets.npz"), strict=True):
        for other in (again, stored):
            np.testing.assert_array_equal(once.times, other.times)
            np.testing.assert_array_equal(once.ends, other.ends)
            assert (once.folds, once.test_size) == (other.folds, other.test_size)


def test_test_windows_fill_the_second_half_and_no_two_rows_share_a_time() -> None:
    for intervals in draw(20):
        assert len(intervals.times) == 2 * intervals.folds * intervals.test_size
        assert (np.diff(intervals.times) > np.timedelta64(0, "s")).all()
        assert (intervals.ends > intervals.times).all()


def test_a_reach_counts_the_later_rows_that_a_label_overlaps() -> None:
    assert _set((0, 25), (10, 20), (20, 30)).reaches.tolist() == [2, 0, 0]
