from __future__ import annotations

import msgspec
import numpy as np
import pytest

from bot_core.ai.drift_statistics import Reference, distances
from bot_core.ai.drift_thresholds import Chance, discoveries, replicates_needed
from bot_core.config.models import DriftConfig

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

ROWS, SERIES, WINDOWS, APART = 4000, 20, 8, 500
FIVE_PERCENT = DriftConfig(replicates=400, false_alarm_rate=0.05)


def autoregressive(phi: float, rows: int, seed: tuple[int, ...]) -> Floats:
    """Return 20 stationary AR(1) columns."""
    noise = np.random.default_rng(seed).normal(size=(rows, SERIES))
    noise[0] /= np.sqrt(1.0 - phi * phi)
    for row in range(1, rows):
        noise[row] += phi * noise[row - 1]
    return noise


def alarms(values: Floats, window: int, config: DriftConfig) -> Floats:
    """Return, for eight later windows, which of (3, k) statistics exceed their thresholds."""
    past = values[:ROWS]
    reference = Reference.prepare(past)
    limits = Chance.of(reference, past, window, config).thresholds(config.false_alarm_rate)
    slabs = reference.slabs(window)
    starts = [ROWS + APART + i * (window + APART) for i in range(WINDOWS)]
    return np.array([distances(reference, slabs, values[start : start + window]) > limits for start in starts])


@pytest.mark.parametrize("window", [30, 100, 300])
@pytest.mark.parametrize("phi", [0.0, 0.9, 0.97])
def test_the_declared_rate_holds_for_stationary_noise_with_and_without_memory(phi: float, window: int) -> None:
    rows = ROWS + WINDOWS * (window + APART)
    found = np.concatenate([alarms(autoregressive(phi, rows, (seed, window)), window, FIVE_PERCENT) for seed in range(2)])
    rates = found.mean(axis=(0, 2))  # of 320 windows, for each statistic
    assert np.all((rates > 0.015) & (rates < 0.085)), rates


def rhythm_alarms(share: float, phi: float) -> Floats:
    """Return the alarm rates of the three statistics where a day of 24 rows is a share of the variance, and AR(1) noise the rest."""
    found, window = [], 250
    rows = ROWS + WINDOWS * (window + APART + 11)
    for seed in range(2):
        noise = np.sqrt(1.0 - phi * phi) * autoregressive(phi, rows, (seed, window))
        hour = np.arange(rows)[:, None] + np.random.default_rng(seed).integers(0, 24, SERIES)
        day = np.sqrt(2.0) * np.cos(2.0 * np.pi * (hour % 24) / 24.0)
        found.append(alarms(np.sqrt(share) * day + np.sqrt(1.0 - share) * noise, window, FIVE_PERCENT))
    rates: Floats = np.concatenate(found).mean(axis=(0, 2))
    return rates


@pytest.mark.parametrize("phi", [0.0, 0.9])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_daily_rhythm_of_nine_tenths_raises_no_more_alarms_than_declared(share: float, phi: float) -> None:
    assert rhythm_alarms(share, phi).max() < 0.085


def test_a_function_of_the_clock_would_cry_wolf() -> None:
    assert rhythm_alarms(1.0, 0.0).max() > 0.2


def test_a_bootstrap_of_single_rows_would_cry_wolf() -> None:
    window = 100
    values = autoregressive(0.97, ROWS + WINDOWS * (window + APART), (0, window))
    shuffled = values.copy()
    shuffled[:ROWS] = np.random.default_rng(0).permutation(values[:ROWS])
    single_rows = DriftConfig(replicates=400, false_alarm_rate=0.05, block=1)
    assert alarms(shuffled, window, single_rows).mean() > 0.4
    assert alarms(values, window, single_rows).mean() < 0.085


def test_a_fixed_ks_of_one_tenth_is_no_test() -> None:
    fixed, ours = [], []
    for seed in range(3):
        past, newest = np.random.default_rng(seed).normal(size=(2, 100, SERIES))
        reference = Reference.prepare(past)
        found = distances(reference, reference.slabs(100), newest)
        fixed.append(found[1] >= 0.1)
        ours.append(found > Chance.of(reference, past, 100, FIVE_PERCENT).thresholds(0.05))
    assert np.mean(fixed) > 0.6
    assert np.mean(ours) < 0.085


def test_unrelated_features_without_drift_are_rarely_discoveries() -> None:
    config, window, called = DriftConfig(), 250, []
    for seed in range(4):
        values = autoregressive(0.9, ROWS + WINDOWS * (window + APART), (seed, 5))
        past = values[:ROWS]
        reference = Reference.prepare(past)
        chance, slabs = Chance.of(reference, past, window, config), reference.slabs(window)
        for start in range(ROWS + APART, len(values) - window + 1, window + APART):
            p = chance.p_values(distances(reference, slabs, values[start : start + window]))
            called.append(bool(discoveries(p, config.false_discovery_rate).any()))
    assert len(called) == 4 * WINDOWS
    assert np.mean(called) <= 0.16  # declared: 0.1


def test_above_the_threshold_means_a_p_value_at_most_the_rate() -> None:
    chance = Chance(np.random.default_rng(0).normal(size=(500, 3, 4)), np.ones(4, dtype=np.intp))
    for rate in (0.01, 0.05, 0.1):
        for observed in np.random.default_rng(1).normal(size=(200, 3, 4)) * 2:
            np.testing.assert_array_equal(observed > chance.thresholds(rate), chance.p_values(observed) <= rate)


def test_a_p_value_is_never_zero() -> None:
    chance = Chance(np.zeros((99, 3, 1)), np.ones(1, dtype=np.intp))
    assert chance.p_values(np.ones((3, 1))).tolist() == [[0.01]] * 3
    assert chance.p_values(np.zeros((3, 1))).tolist() == [[1.0]] * 3


def test_discoveries_are_those_of_the_paper() -> None:
    listed = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    found = discoveries(
        np.array(listed).reshape(3, 5), 0.05
    )  # Benjamini & Hochberg 1995, section 3.2: four, where Bonferroni has three
    assert found.ravel().tolist() == [True] * 4 + [False] * 11
    assert not discoveries(np.full((3, 2), 0.2), 0.1).any()


def test_the_seed_alone_decides() -> None:
    values = np.random.default_rng(0).normal(size=(500, 3))
    reference = Reference.prepare(values)
    one, same = (Chance.of(reference, values, 50, DriftConfig()) for _ in range(2))
    other = Chance.of(reference, values, 50, DriftConfig(seed=8))
    np.testing.assert_array_equal(one.replicates, same.replicates)
    assert not np.array_equal(one.replicates, other.replicates)


def test_a_feature_keeps_its_block_whatever_stands_beside_it() -> None:
    values = np.column_stack([autoregressive(0.97, 2000, (0,))[:, 0], np.random.default_rng(0).normal(size=2000)])
    reference = Reference.prepare(values)
    slow, fast = Chance.of(reference, values, 250, DriftConfig(block=5)).blocks
    assert slow > 100
    assert fast < 20
    assert Chance.of(reference, values, 250, DriftConfig(block=50)).blocks.tolist() == [slow, 50]
    assert Chance.of(reference, values, 30, DriftConfig(block=50)).blocks.max() <= 30


@pytest.mark.parametrize(
    ("tests", "given", "count"),
    [(9, {}, 500), (90, {}, 900), (9, {"false_alarm_rate": 0.001}, 1000), (9, {"replicates": 2000}, 2000)],
)
def test_there_are_enough_replicates_for_one_statistic_to_reach_the_rates(tests: int, given: dict[str, float], count: int) -> None:
    assert replicates_needed(tests, msgspec.convert(given, DriftConfig)) == count
