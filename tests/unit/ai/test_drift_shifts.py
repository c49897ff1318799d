from __future__ import annotations

import numpy as np
import pytest

from bot_core.ai.drift_shifts import FAULTS, MEANS, Shift, shifts
from bot_core.ai.drift_statistics import Reference

ROWS = np.column_stack([np.random.default_rng(0).normal(5.0, 2.0, 300), np.full(300, 7.0)])
REFERENCE = Reference.prepare(ROWS[:200])
MEAN, DEVIATION = ROWS[:200, 0].mean(), ROWS[:200, 0].std()


@pytest.mark.parametrize("shift", shifts(), ids=str)
def test_rows_before_it_and_the_rows_given_stay_as_they_are(shift: Shift) -> None:
    given = ROWS.copy()
    changed = shift.plant(given, 250, REFERENCE)
    np.testing.assert_array_equal(given, ROWS)
    np.testing.assert_array_equal(changed[:250], ROWS[:250])
    assert not np.array_equal(changed[250:], ROWS[250:])
    assert np.isfinite(changed).all()


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (Shift("mean", 0.5), ROWS[250:, 0] + 0.5 * DEVIATION),
        (Shift("mean", -2.0), ROWS[250:, 0] - 2.0 * DEVIATION),
        (Shift("scale", 2.0), MEAN + 2.0 * (ROWS[250:, 0] - MEAN)),
        (Shift("unit", 100.0), 100.0 * ROWS[250:, 0]),
        (Shift("frozen"), np.full(50, ROWS[249, 0])),
        (Shift("zero"), np.zeros(50)),
    ],
    ids=str,
)
def test_each_kind_changes_what_it_says(shift: Shift, expected: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    np.testing.assert_allclose(shift.plant(ROWS, 250, REFERENCE)[250:, 0], expected, rtol=1e-12)


def test_a_constant_moves_by_its_own_unit() -> None:
    assert set(Shift("mean", 2.0).plant(ROWS, 250, REFERENCE)[250:, 1]) == {9.0}


def test_no_size_is_no_change() -> None:
    np.testing.assert_array_equal(Shift("mean", 0.0).plant(ROWS, 250, REFERENCE), ROWS)


def test_the_sizes_of_moved_means_can_be_chosen() -> None:
    assert [shift.size for shift in shifts()[: len(MEANS)]] == list(MEANS)
    assert shifts((0.25,)) == (Shift("mean", 0.25), *FAULTS)
