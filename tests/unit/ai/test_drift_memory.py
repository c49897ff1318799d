from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd
import pytest

from bot_core.ai.drift_memory import automatic_length, block_lengths
from bot_core.ai.drift_statistics import Reference

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def autoregressive(phi: float, rows: int, columns: int, seed: int) -> Floats:
    """Return stationary AR(1) columns (rows, columns)."""
    noise = np.random.default_rng(seed).normal(size=(rows, columns))
    noise[0] /= np.sqrt(1.0 - phi * phi)
    for row in range(1, rows):
        noise[row] += phi * noise[row - 1]
    return noise


@pytest.mark.parametrize("phi", [0.5, 0.8, 0.9])
def test_the_length_is_the_one_theory_gives_for_an_autoregression(phi: float) -> None:
    rows = 8000
    slope = 2.0 * phi / (1.0 - phi * phi)  # sum of |k| rho(k) over the sum of rho(k)
    theory = (1.5 * rows * slope * slope) ** (1.0 / 3.0)
    found = np.median([automatic_length(column) for column in autoregressive(phi, rows, 25, seed=1).T])
    assert found == pytest.approx(theory, rel=0.15)


def test_noise_has_no_memory_and_a_constant_none_either() -> None:
    noise = np.random.default_rng(0).normal(size=(3000, 20))
    assert np.median([automatic_length(column) for column in noise.T]) < 5.0
    assert automatic_length(np.full(100, 0.1)) == 1.0


@pytest.mark.parametrize("series", [np.arange(900.0), np.resize([1.0, -1.0], 900), np.arange(30.0), np.array([1.0, 2.0, 1.0])])
def test_the_length_is_bounded_for_any_series(series: Floats) -> None:
    assert 1.0 <= automatic_length(series) <= ceil(min(3.0 * np.sqrt(len(series)), len(series) / 3.0))


def test_returns_that_forget_their_sign_but_not_their_volatility_get_long_blocks() -> None:
    returns = np.diff(np.log(pd.read_csv("data/aapl_1d.csv")["adjusted_close"].to_numpy(np.float64)))[:, None]
    shuffled = np.random.default_rng(0).permutation(returns)
    assert automatic_length(returns[:, 0]) < 20
    assert block_lengths(Reference.prepare(returns), returns)[0] > 100
    assert block_lengths(Reference.prepare(shuffled), shuffled)[0] < 20


def test_ties_are_no_memory() -> None:
    draw = np.random.default_rng(0)
    zeros = np.where(draw.random((2000, 1)) < 0.9, 0.0, draw.random((2000, 1)))
    assert block_lengths(Reference.prepare(zeros), zeros)[0] < 30
