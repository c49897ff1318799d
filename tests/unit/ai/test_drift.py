from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from bot_core._parse import encode_json
from bot_core.ai.drift import assess_drift, drift_baseline
from bot_core.ai.drift_memory import block_lengths
from bot_core.ai.drift_statistics import Reference, distances
from bot_core.ai.drift_thresholds import discoveries
from bot_core.config.models import DriftConfig
from bot_core.errors import DatasetError
from bot_core.features.dataset import FeatureDataset

CONFIG = DriftConfig(window=200, replicates=200)


@pytest.mark.parametrize("rows", [30, 333, 1000])
def test_the_statistics_are_scipys(rows: int) -> None:
    draw = np.random.default_rng(rows)
    reference = np.column_stack([draw.normal(size=2000), draw.integers(0, 5, 2000), np.full(2000, 3.0)]).astype(float)
    window = np.column_stack([draw.normal(0.3, 1.2, rows), draw.integers(0, 6, rows), draw.choice([3.0, 4.0], rows)]).astype(float)
    prepared = Reference.prepare(reference)
    found = distances(prepared, prepared.slabs(rows), window)
    for i in range(3):
        assert found[1, i] == pytest.approx(ks_2samp(reference[:, i], window[:, i], method="asymp").statistic, abs=1e-15)
        scale = reference[:, i].std() or 1.0
        assert found[2, i] == pytest.approx(wasserstein_distance(reference[:, i], window[:, i]) / scale, abs=1e-12)


def test_half_the_values_far_outside_the_reference_are_seen_by_the_stability_index() -> None:
    draw = np.random.default_rng(1)
    reference, window = draw.normal(size=(5000, 1)), draw.normal(size=(400, 1))
    window[:200] = 50.0
    prepared = Reference.prepare(reference)
    assert distances(prepared, prepared.slabs(400), window)[0, 0] > 1.0


def test_nothing_moved_is_ok_and_a_shift_is_named(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(2000)
    reference, window = rows.rows(slice(0, 1500)), rows.rows(slice(1800, 2000))
    calm = assess_drift(reference, window, CONFIG, model="m")
    assert calm.status == "ok"
    values = window.values.copy()
    values[:, 1] += 1.0
    moved = assess_drift(reference, replace(window, values=values), CONFIG, model="m")
    assert [f.feature for f in moved.features if f.drifted] == ["b"]
    assert (moved.status, moved.drifted_share) == ("warning", 0.25)
    everything = assess_drift(reference, replace(window, values=window.values * 4), CONFIG, model="m")
    assert everything.status == "critical"


def test_the_same_rows_give_the_same_bytes(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    reports = {
        encode_json(assess_drift(rows.rows(slice(0, 700)), rows.rows(slice(800, None)), CONFIG, model="m")) for _ in range(2)
    }
    assert len(reports) == 1


def test_false_alarms_stay_rare_for_slow_features_too() -> None:
    alarms = []
    for seed in range(12):
        draw = np.random.default_rng(seed)
        noise = draw.normal(size=(3200, 5))
        values = noise.copy()
        for i in range(1, len(values)):
            values[i] = 0.9 * values[i - 1] + noise[i]
        times = np.arange(len(values)).astype("datetime64[us]")
        rows = FeatureDataset(tuple("abcde"), times, times, np.zeros(len(values)), values)
        report = assess_drift(rows.rows(slice(0, 2800)), rows.rows(slice(3000, None)), CONFIG, model="m")
        alarms.append(report.drifted_share)
    assert np.mean(alarms) < 0.1


def test_single_row_blocks_would_call_slow_features_drifted() -> None:
    draw = np.random.default_rng(0)
    slow = np.cumsum(draw.normal(size=(2000, 1)), axis=0)
    fast = draw.normal(size=(2000, 1))
    assert block_lengths(Reference.prepare(slow), slow)[0] > 100
    assert block_lengths(Reference.prepare(fast), fast)[0] < 20


def test_discoveries_by_the_published_example() -> None:
    p = np.array(
        [[0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]]
    )
    assert discoveries(p, 0.05).sum() == 4  # Benjamini & Hochberg 1995, section 3.2


def test_the_baseline_describes_every_feature(dataset: Callable[..., FeatureDataset]) -> None:
    baseline = drift_baseline(dataset(500), 10)
    assert list(baseline) == ["a", "b", "c", "d"]
    for feature in baseline.values():
        assert sum(feature.shares) == pytest.approx(1.0)
        assert len(feature.shares) == len(feature.edges) + 1
        assert feature.shares[0] == feature.shares[-1] == 0.0
        assert feature.quantiles == sorted(feature.quantiles)


def test_too_short_a_window_and_values_that_are_not_finite_are_sentences(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    with pytest.raises(DatasetError, match=r"drift: expected a window and a reference of at least 200 rows, got 50 and 700"):
        assess_drift(rows.rows(slice(0, 700)), rows.rows(slice(950, None)), CONFIG, model="m")
    values = rows.values.copy()
    values[900, 2] = np.nan
    broken = replace(rows, values=values)
    with pytest.raises(DatasetError, match=r"drift: window: c: expected finite values, got nan at 2020-02-07T12:00:00Z"):
        assess_drift(rows.rows(slice(0, 700)), broken.rows(slice(800, None)), CONFIG, model="m")
