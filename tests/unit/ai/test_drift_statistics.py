from __future__ import annotations

import subprocess
import sys
from math import log

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from bot_core.ai.drift_statistics import Reference, distances, ks, ordered, psi, wasserstein

PRICES = ("open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def bars() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return real hourly bars as they stand: prices with many ties, volumes without."""
    return np.ascontiguousarray(pd.read_csv("data/eurusd_1h.csv")[list(PRICES)].to_numpy(np.float64))


@pytest.mark.parametrize("rows", [30, 250, 1999])
def test_statistics_are_those_of_scipy_on_real_bars(bars: np.ndarray[tuple[int, int], np.dtype[np.float64]], rows: int) -> None:
    past, newest = bars[:4000], bars[-rows:]
    reference = Reference.prepare(past)
    found = distances(reference, reference.slabs(rows), newest)
    for i in range(len(PRICES)):
        assert found[1, i] == ks_2samp(past[:, i], newest[:, i], method="asymp").statistic
        expected = wasserstein_distance(past[:, i], newest[:, i])
        assert found[2, i] * past[:, i].std() == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_the_stability_index_is_what_its_formula_says() -> None:
    reference = Reference.prepare(np.arange(8.0)[:, None], bins=2)
    columns = ordered(np.array([[-1.0], [0.0], [1.0], [9.0]]))
    p = [1.5 / 6, 2.5 / 6, 0.5 / 6, 1.5 / 6]  # half a row on each of four bins
    q = [0.5 / 10, 4.5 / 10, 4.5 / 10, 0.5 / 10]
    assert psi(reference, columns)[0] == pytest.approx(sum((a - b) * log(a / b) for a, b in zip(p, q, strict=True)), rel=1e-14)


def test_values_that_left_the_range_of_the_reference_are_seen() -> None:
    draw = np.random.default_rng(0)
    past, newest = draw.normal(size=50_000), draw.normal(size=500)
    newest[:250] += 20.0
    edges = np.quantile(past, np.linspace(0.0, 1.0, 11))
    p, q = (np.histogram(x, edges)[0] for x in (newest, past))
    p, q = p / p.sum(), q / q.sum()
    without_outer_bins = float(((p - q) * np.log(p / q)).sum())
    found = psi(Reference.prepare(past[:, None]), ordered(newest[:, None]))[0]
    assert without_outer_bins < 0.05
    assert found > 3.0


def test_a_changed_share_of_zeros_is_seen() -> None:
    draw = np.random.default_rng(0)
    past, newest = (np.where(draw.random(n) < zeros, 0.0, draw.random(n)) for n, zeros in ((5000, 0.95), (500, 0.7)))
    assert psi(Reference.prepare(past[:, None]), ordered(newest[:, None]))[0] > 0.25


def test_a_constant_reference_knows_only_itself() -> None:
    reference = Reference.prepare(np.full((100, 1), 0.1))
    same, other = np.full((1, 30), 0.1), np.full((1, 30), 0.6)
    slabs = reference.slabs(30)
    assert psi(reference, same)[0] < 0.05
    assert [ks(reference, same)[0], wasserstein(reference, slabs, same)[0]] == [0.0, 0.0]
    assert psi(reference, other)[0] > 5.0
    assert [ks(reference, other)[0], wasserstein(reference, slabs, other)[0]] == [1.0, pytest.approx(0.5)]


def test_a_reference_equals_itself() -> None:
    values = np.random.default_rng(0).normal(size=(1000, 3))
    reference = Reference.prepare(values)
    np.testing.assert_allclose(distances(reference, reference.slabs(1000), values), 0.0, rtol=0.0, atol=1e-12)


def test_the_order_of_rows_does_not_matter() -> None:
    draw = np.random.default_rng(0)
    past, newest = draw.normal(size=(400, 2)), draw.normal(size=(50, 2))
    one, other = Reference.prepare(past), Reference.prepare(past[::-1])
    np.testing.assert_array_equal(distances(one, one.slabs(50), newest), distances(other, other.slabs(50), newest[::-1]))


def test_scipy_is_not_imported() -> None:
    code = "import sys, bot_core.ai.drift_statistics; sys.exit('scipy' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
