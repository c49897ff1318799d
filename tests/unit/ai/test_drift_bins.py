from __future__ import annotations

import numpy as np
import pytest

from bot_core.ai.drift_bins import Bins, count, quantiles
from bot_core.ai.drift_statistics import ordered


def test_bins_reach_from_below_the_minimum_to_above_the_maximum() -> None:
    columns = ordered(np.arange(101.0)[:, None])
    bins = Bins.of(columns, 4)
    assert bins.edges_of(0) == [0.0, 25.0, 50.0, 75.0, np.nextafter(100.0, np.inf)]
    assert bins.shares_of(0, bins.counts) == [0.0, 25 / 101, 25 / 101, 25 / 101, 26 / 101, 0.0]
    assert count(np.array([[-1.0, 0.0, 25.0, 100.0, 100.1]]), bins.edges).tolist() == [[1, 1, 1, 0, 1, 1]]


def test_a_value_that_holds_many_rows_has_a_bin_of_its_own() -> None:
    zeros_and_more = np.concatenate([np.zeros(90), np.arange(1.0, 11.0)])
    bins = Bins.of(ordered(zeros_and_more[:, None]), 4)
    assert bins.edges_of(0) == [0.0, np.nextafter(0.0, 1.0), np.nextafter(10.0, 11.0)]
    assert bins.shares_of(0, bins.counts) == [0.0, 0.9, 0.1, 0.0]


def test_a_constant_has_three_bins_below_at_and_above() -> None:
    bins = Bins.of(np.full((1, 50), 3.0), 10)
    assert bins.edges_of(0) == [3.0, np.nextafter(3.0, 4.0)]
    assert bins.shares_of(0, bins.counts) == [0.0, 1.0, 0.0]


def test_features_with_different_numbers_of_bins_stand_side_by_side() -> None:
    values = np.column_stack([np.arange(101.0), np.arange(101) % 2])
    bins = Bins.of(ordered(values), 10)
    assert bins.used.tolist() == [11, 4]
    assert bins.shares_of(1, bins.counts) == [0.0, 51 / 101, 0.0, 50 / 101, 0.0]
    assert bins.counts.sum(axis=1).tolist() == [101, 101]


def test_a_single_extreme_row_can_be_counted_as_outside_but_a_tied_one_cannot() -> None:
    columns = ordered(np.column_stack([np.arange(100.0), np.minimum(np.arange(100.0), 50.0)]))
    moved = Bins.of(columns, 5).ends_outside(columns)
    outside = count(columns, moved.edges)[[0, 1, 0, 1], [0, 0, moved.used[0], moved.used[1]]]
    assert outside.tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("rows", [2, 37, 1000])
def test_quantiles_are_those_of_numpy(rows: int) -> None:
    columns = ordered(np.random.default_rng(1).normal(size=(rows, 3)))
    expected = np.quantile(columns, np.linspace(0.0, 1.0, 8), axis=1).T
    np.testing.assert_allclose(quantiles(columns, 7), expected, rtol=0, atol=1e-14)
