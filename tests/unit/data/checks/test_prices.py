from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import median_abs_deviation

from bot_core.data.checks.prices import NEIGHBOURHOOD, jump_scores


@pytest.mark.parametrize("count", [1, 2, 249, 250, 499, 500, 1234])
def test_scores_are_returns_over_the_robust_scale_of_their_run(count: int) -> None:
    returns = np.random.default_rng(count).standard_t(3, count)
    edges = [*range(0, max(1, count // NEIGHBOURHOOD) * NEIGHBOURHOOD, NEIGHBOURHOOD), count]
    runs = [returns[first:last] for first, last in itertools.pairwise(edges)]
    scale = [1.4826 * median_abs_deviation(run) or np.inf for run in runs]
    expected = np.concatenate([abs(run) / size for run, size in zip(runs, scale, strict=True)])
    assert jump_scores(returns) == pytest.approx(expected)


def test_where_most_returns_are_equal_the_mean_deviation_is_the_scale() -> None:
    returns = np.zeros(100)
    returns[:10] = 0.5
    assert jump_scores(returns)[0] == pytest.approx(0.5 / (1.2533 * 0.05))


@pytest.mark.parametrize("count", [0, 1, 100, 1000])
def test_nothing_jumps_where_all_returns_are_equal(count: int) -> None:
    assert jump_scores(np.full(count, 0.01)).tolist() == [0.0] * count
