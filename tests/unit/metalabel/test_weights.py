from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.ai.scoring import effective_rows
from bot_core.features.dataset import FeatureDataset
from bot_core.metalabel.weights import uniqueness

HOUR = np.timedelta64(3600, "s")
START = np.datetime64("2026-01-01T00:00:00", "us")


def plainly(starts: list[int], ends: list[int]) -> list[float]:
    """Compute uniqueness as it is defined: the mean of 1 / (labels alive) over the row times that a label spans."""
    points = sorted(starts)
    spans = [[t for t in points if first <= t < max(last, first + 1)] for first, last in zip(starts, ends, strict=True)]
    alive = {t: sum(first <= t < max(last, first + 1) for first, last in zip(starts, ends, strict=True)) for t in points}
    return [sum(1 / alive[t] for t in span) / len(span) for span in spans]


def test_labels_that_share_nothing_are_unique() -> None:
    starts = START + HOUR * np.arange(4)
    np.testing.assert_array_equal(uniqueness(starts, starts + HOUR), np.ones(4))


def test_a_label_over_two_others_shares_with_both() -> None:
    starts = START + HOUR * np.array([0, 0, 1])
    np.testing.assert_allclose(uniqueness(starts, START + HOUR * np.array([1, 2, 2])), [0.5, 0.5, 0.5])


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=25))
def test_it_is_what_the_definition_says_and_what_effective_rows_add_up(rows: list[tuple[int, int]]) -> None:
    rows = sorted(dict(rows).items())
    starts, ends = [start for start, _ in rows], [start + length for start, length in rows]
    times, known = START + HOUR * np.array(starts), START + HOUR * np.array(ends)
    found = uniqueness(times, known)
    np.testing.assert_allclose(found, plainly(starts, ends))
    zeros = np.zeros(len(rows))
    assert found.sum() == pytest.approx(effective_rows(FeatureDataset((), times, known, zeros, zeros[:, None])))
