from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from bot_core._parse import decode_json, encode_json
from bot_core.ai.drift import assess_drift, drift_baseline, prepare_alarm
from bot_core.config.models import DriftConfig
from bot_core.documents.drift import DriftReport
from bot_core.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.features.dataset import FeatureDataset

CONFIG = DriftConfig(window=200, replicates=200)


def test_nothing_moved_is_ok_and_a_shift_is_named(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(2000)
    reference, window = rows.rows(slice(0, 1500)), rows.rows(slice(1800, 2000))
    assert assess_drift(reference, window, CONFIG, model="m").status == "ok"
    values = window.values.copy()
    values[:, 1] += 1.0
    moved = assess_drift(reference, replace(window, values=values), CONFIG, model="m")
    assert [f.feature for f in moved.features if f.drifted] == ["b"]
    assert (moved.status, moved.drifted_share) == ("warning", 0.25)
    assert assess_drift(reference, replace(window, values=window.values * 4), CONFIG, model="m").status == "critical"


@pytest.mark.parametrize(
    ("moved", "limits", "status"),
    [
        (0, {"critical_share": 0.0}, "ok"),
        (1, {"critical_share": 0.0}, "critical"),
        (1, {"warning_share": 0.25}, "ok"),
        (2, {"warning_share": 0.25}, "critical"),
        (2, {"critical_share": 0.6}, "warning"),
        (4, {"critical_share": 1.0}, "critical"),
    ],
)
def test_the_status_follows_the_share_of_drifted_features(
    dataset: Callable[..., FeatureDataset], moved: int, limits: dict[str, float], status: str
) -> None:
    rows = dataset(1000)
    values = rows.values.copy()
    values[800:, :moved] += 3.0
    rows, config = replace(rows, values=values), msgspec.convert({"window": 200, "replicates": 100, **limits}, DriftConfig)
    report = assess_drift(rows.rows(slice(0, 800)), rows.rows(slice(800, None)), config, model="m")
    assert (report.drifted_share, report.status) == (moved / 4, status)


def test_the_report_says_what_was_compared_and_how(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    report = assess_drift(rows.rows(slice(0, 700)), rows.rows(slice(800, None)), CONFIG, model="m")
    assert (report.model, report.reference.rows, report.window.rows) == ("m", 700, 200)
    assert (report.window.first, report.window.last) == ("2020-02-03T08:00:00Z", "2020-02-11T15:00:00Z")
    assert (report.replicates, report.false_alarm_rate, report.false_discovery_rate) == (200, 0.01, 0.1)
    assert CONFIG.block <= report.block <= 200
    for feature in report.features:
        assert len(feature.reference) == len(feature.current) == len(feature.edges) + 1
        assert math.isclose(sum(feature.current), 1.0)
        assert all(0.0 < s.p_value <= 1.0 < 1.0 + s.threshold for s in (feature.psi, feature.ks, feature.wasserstein))


def test_the_same_rows_give_the_same_bytes_and_the_bytes_the_same_report(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    one, other = (assess_drift(rows.rows(slice(0, 700)), rows.rows(slice(800, None)), CONFIG, model="m") for _ in range(2))
    assert encode_json(one) == encode_json(other)
    assert decode_json(encode_json(one), DriftReport, "drift.json") == one


def test_a_feature_that_was_constant_and_no_longer_is_has_drifted(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    values = rows.values.copy()
    values[:, 0], values[:, 1] = 0.1, np.where(np.arange(1000) < 900, 0.1, 0.2)
    rows = replace(rows, values=values)
    report = assess_drift(rows.rows(slice(0, 700)), rows.rows(slice(800, None)), CONFIG, model="m")
    assert [f.feature for f in report.features if f.drifted] == ["b"]
    assert report.features[1].wasserstein.value == pytest.approx(0.05)


def test_the_baseline_describes_every_feature(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(500)
    baseline = drift_baseline(rows, 10)
    assert list(baseline) == ["a", "b", "c", "d"]
    for i, feature in enumerate(baseline.values()):
        assert len(feature.shares) == len(feature.edges) + 1 == 12
        assert feature.shares[0] == feature.shares[-1] == 0.0
        assert feature.shares[1:-1] == pytest.approx([0.1] * 10, abs=0.002)
        assert (feature.quantiles[0], feature.quantiles[-1]) == (rows.values[:, i].min(), rows.values[:, i].max())
        np.testing.assert_allclose(feature.quantiles, np.quantile(rows.values[:, i], np.linspace(0, 1, 21)), atol=1e-14)


def refused(reference: FeatureDataset, window: FeatureDataset, config: DriftConfig) -> str:
    """Return what the refusal says."""
    with pytest.raises(DatasetError) as caught:
        assess_drift(reference, window, config, model="m")
    return str(caught.value)


def test_too_few_rows_are_one_sentence(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    assert refused(rows.rows(slice(0, 700)), rows.rows(slice(950, None)), CONFIG) == (
        "m: drift: expected a window of at least 200 rows, got 50 (shorten monitoring.drift.window or use more data)"
    )
    assert refused(rows.rows(slice(0, 150)), rows.rows(slice(800, None)), CONFIG) == (
        "m: drift: expected at least 200 reference rows, as many as the window has; got 150 "
        "(shorten monitoring.drift.window or use more data)"
    )
    assert refused(rows.rows(slice(0, 700)), rows.rows(slice(980, None)), DriftConfig(window=20)) == (
        "m: drift: expected a window of at least 30 rows, got 20 (shorten monitoring.drift.window or use more data)"
    )


@pytest.mark.parametrize(("value", "shown"), [(math.nan, "nan"), (math.inf, "inf")])
def test_a_value_that_is_not_finite_is_one_sentence(dataset: Callable[..., FeatureDataset], value: float, shown: str) -> None:
    rows = dataset(1000)
    values = rows.values.copy()
    values[900, 2] = value
    broken = replace(rows, values=values)
    assert refused(rows.rows(slice(0, 700)), broken.rows(slice(800, None)), CONFIG) == (
        f"m: drift: window: c: expected finite values, got {shown} at 2020-02-07T12:00:00Z (repair the data or the feature)"
    )
    assert refused(broken, rows.rows(slice(800, None)), CONFIG).startswith("m: drift: reference: c: expected finite values")


def test_other_features_are_one_sentence(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    other = replace(rows, feature_names=("a", "b", "d", "c"))
    assert refused(rows.rows(slice(0, 700)), other.rows(slice(800, None)), CONFIG) == (
        "m: drift: expected the features a, b, c, d; got a, b, d, c (dvc repro)"
    )


def test_a_function_of_the_clock_cries_wolf_while_it_is_watched_and_is_named_when_it_is_not(
    dataset: Callable[..., FeatureDataset],
) -> None:
    rows = dataset(6500)
    rows.values[:, 1] = np.sin(2 * np.pi * (np.arange(6500) % 24) / 24)
    rows = replace(rows, feature_names=("a", "hour_sin", "c", "d"))
    reference = rows.rows(slice(0, 6000))  # pseudo-windows of 6000 * 250 / 6250 = 240 rows: ten whole days, which 250 rows are not
    windows = [rows.rows(slice(end - 250, end)) for end in range(6330, 6501, 17)]
    watching, config = DriftConfig(replicates=200, not_watched=[]), DriftConfig(replicates=200)
    cried = [assess_drift(reference, window, watching, model="m").features[1].drifted for window in windows]
    assert sum(cried) > len(windows) / 2
    for window in windows:
        report = assess_drift(reference, window, config, model="m")
        assert [feature.feature for feature in report.features] == ["a", "c", "d"]
        assert (report.not_watched, report.drifted_share) == (["hour_sin"], 0.0)


def test_what_is_left_out_counts_in_no_share_and_must_be_finite_all_the_same(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    rows.values[800:, :2] += 3.0
    config = msgspec.structs.replace(CONFIG, not_watched=["a", "c"])
    report = assess_drift(rows.rows(slice(0, 800)), rows.rows(slice(800, None)), config, model="m")
    assert (report.drifted_share, report.status, report.not_watched) == (0.5, "critical", ["a", "c"])
    rows.values[900, 2] = math.nan
    assert refused(rows.rows(slice(0, 800)), rows.rows(slice(800, None)), config).startswith("m: drift: window: c: expected finite")


def test_a_model_of_which_nothing_is_watched_is_refused(dataset: Callable[..., FeatureDataset]) -> None:
    rows, config = dataset(1000), msgspec.structs.replace(CONFIG, not_watched=["a", "b", "c", "d"])
    with pytest.raises(ConfigError, match=r"^monitoring\.drift\.not_watched: expected to leave at least one feature"):
        assess_drift(rows.rows(slice(0, 700)), rows.rows(slice(800, None)), config, model="m")


def test_an_alarm_prepared_before_says_the_same_to_the_last_bit(dataset: Callable[..., FeatureDataset]) -> None:
    rows, config = dataset(1000), msgspec.structs.replace(CONFIG, not_watched=["b"])
    reference, window = rows.rows(slice(0, 700)), rows.rows(slice(800, None))
    alarm = prepare_alarm(reference, 200, config, model="m")
    given = assess_drift(reference, window, config, model="m", alarm=alarm)
    assert encode_json(given) == encode_json(assess_drift(reference, window, config, model="m"))


def test_an_alarm_is_not_prepared_from_rows_that_cannot_be_a_reference(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(150)
    with pytest.raises(DatasetError, match=r"^m: drift: expected at least 200 reference rows, as many as the window has; got 150"):
        prepare_alarm(rows, 200, CONFIG, model="m")
    rows.values[3, 0] = math.inf
    with pytest.raises(DatasetError, match=r"^m: drift: reference: a: expected finite values, got inf"):
        prepare_alarm(rows, 100, CONFIG, model="m")


def test_a_report_from_before_there_was_such_a_list_is_read(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1000)
    report = assess_drift(rows.rows(slice(0, 700)), rows.rows(slice(800, None)), CONFIG, model="m")
    earlier = {name: value for name, value in msgspec.to_builtins(report).items() if name not in ("not_watched", "backtest")}
    assert decode_json(encode_json(earlier), DriftReport, "drift.json") == report
