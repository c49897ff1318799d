"""Rolling windows against a plain deque, and what running sums usually get wrong."""

from __future__ import annotations

import math
import statistics
from collections import deque

import numpy as np
import pytest

from bot_core.features.indicators.windows import (
    age_of_highest,
    extremes,
    highest,
    lagged,
    layout,
    moments,
    peaks,
    sums,
    total,
    totals,
)

SIZES = [1, 2, 3, 7, 50]


def noise(count: int = 400) -> list[float]:
    source = np.random.default_rng(5)
    return [float(x) for x in source.choice([-1.0, 1.0], count) * source.lognormal(0.0, 2.0, count)]


@pytest.mark.parametrize("size", SIZES)
def test_all_aggregates_equal_those_of_a_plain_deque(size: int) -> None:
    state = layout([0.0], sums(size), sums(size, 2), peaks(size), peaks(size, 2), sums(size, 2), sums(size))
    window: deque[float] = deque(maxlen=size)
    for step, x in enumerate(noise()):
        before = window[0] if len(window) == size else math.nan
        window.append(x)
        plain, (first, second), top = total(state, 1, x), totals(state, 7, x, 2.0 * x), highest(state, 13, x)
        (high, low), (mean, variance), old = extremes(state, 19, x, x), moments(state, 25, x, 1.0 / size), lagged(state, 31, x)
        if step < size - 1:
            assert all(map(math.isnan, (plain, first, second, top, high, low, mean, old)))
            continue
        expected = math.fsum(window)
        assert plain == pytest.approx(expected, rel=1e-12, abs=1e-11)
        assert (first, second) == pytest.approx((expected, 2.0 * expected), rel=1e-12, abs=1e-11)
        assert (top, high, low) == (max(window), max(window), min(window))
        assert mean == pytest.approx(expected / size, rel=1e-12, abs=1e-11)
        assert variance == pytest.approx(statistics.pvariance(window), rel=1e-9, abs=1e-12)
        assert old == before or math.isnan(before)


@pytest.mark.parametrize("size", SIZES)
def test_age_of_highest_takes_the_most_recent_of_equals(size: int) -> None:
    state = layout([], peaks(size, 2))
    window: deque[float] = deque(maxlen=size)
    for step, x in enumerate(np.random.default_rng(3).integers(6, size=400).tolist()):
        window.append(float(x))
        age = age_of_highest(state, 0, float(x), size)
        if step >= size - 1:
            assert age == list(reversed(window)).index(max(window))


def test_a_sum_does_not_drift_over_a_million_values() -> None:
    state = layout([], sums(20))
    values = np.random.default_rng(1).uniform(0.0, 1e6, 1_000_000).tolist()
    last = [total(state, 0, x) for x in values][-1]
    assert last == pytest.approx(math.fsum(values[-20:]), rel=1e-15)


def test_a_spike_is_forgotten_when_it_leaves_the_window() -> None:
    state = layout([], sums(5))
    sequence = [0.1] * 7 + [1e18] + [0.1] * 5
    assert [total(state, 0, x) for x in sequence][-1] == pytest.approx(0.5, rel=1e-15)


def test_zeros_after_numbers_sum_to_exactly_zero() -> None:
    state = layout([], sums(4, 2))
    results = [totals(state, 0, x, x) for x in (0.1, 0.7, 1e9, 0.3, 0.0, 0.0, 0.0, 0.0)]
    assert results[-1] == (0.0, 0.0)


def test_a_constant_has_exactly_no_variance_and_a_large_level_does_not_cancel() -> None:
    state = layout([], sums(20, 2))
    flat = [moments(state, 0, 100.1, 0.05)[1] for _ in range(100)]
    assert set(flat[19:]) == {0.0}
    state = layout([], sums(20, 2))
    values = [1e8 + 0.01 * (step % 7) for step in range(100)]
    assert [moments(state, 0, x, 0.05)[1] for x in values][-1] == pytest.approx(statistics.pvariance(values[-20:]), rel=1e-5)
