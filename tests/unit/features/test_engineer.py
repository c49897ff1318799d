"""Datasets from bars: shape, equality of all ways to compute them, memory, and what is refused."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from bot_core.config.models import Direction, ForwardReturn, IndicatorFeature, IndicatorFeatures, NextRange, TripleBarrier
from bot_core.errors import BotCoreError, DatasetError, InputError
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.features.dataset import FeatureDataset
    from bot_core.features.targets import BarTarget

NAMES = ("momentum", "sma_distance", "gap", "log_range", "volume_ratio")
SPEC = FeatureSpec.of(IndicatorFeatures(features=[IndicatorFeature(name=name, indicator=name) for name in NAMES]))
NEXT = ForwardReturn(horizon=1)


def table(dataset: FeatureDataset) -> NDArray[np.float64]:
    return dataset.values  # noqa: PD011  # not a frame


def assert_same(left: FeatureDataset, right: FeatureDataset) -> None:
    assert table(left).tobytes() == table(right).tobytes()
    assert np.array_equal(left.times, right.times)
    assert np.array_equal(left.label_ends, right.label_ends, equal_nan=True)
    assert np.array_equal(left.targets, right.targets, equal_nan=True)


def refusal(frame: pd.DataFrame, target: BarTarget = NEXT) -> BotCoreError:
    with pytest.raises((DatasetError, InputError)) as caught:
        FeatureEngineer(frame).build_dataset(SPEC, target)
    return caught.value


def test_rows_follow_the_warm_up_and_the_newest_are_kept_without_label(daily: pd.DataFrame) -> None:
    dataset = FeatureEngineer(daily).build_dataset(SPEC, ForwardReturn(horizon=3))
    assert dataset.feature_names == NAMES
    assert table(dataset).shape == (len(daily) - 20, 5)
    assert table(dataset).flags.c_contiguous
    assert np.isfinite(table(dataset)).all()
    assert dataset.times[0] == np.datetime64(daily["time"][20].tz_localize(None))
    assert dataset.label_ends[0] == dataset.times[3]
    assert np.isnat(dataset.label_ends[-3:]).all()
    assert np.isnan(dataset.targets[-3:]).all()
    assert len(dataset.labelled()) == len(dataset) - 3
    assert dataset.feature_stats["gap"].low < 0.0 < dataset.target_scale


def test_barriers_need_a_volatility_so_the_table_starts_later(daily: pd.DataFrame) -> None:
    dataset = FeatureEngineer(daily).build_dataset(SPEC, TripleBarrier(horizon=5, volatility_window=50))
    assert len(dataset) == len(daily) - 50
    assert dataset.payoffs is not None
    assert not np.isnat(dataset.label_ends[:-5]).any()


def test_compiled_and_plain_and_any_number_of_workers_give_the_same_bits(daily: pd.DataFrame) -> None:
    plain = FeatureEngineer(daily).build_dataset(SPEC, NEXT)
    for workers in (1, 2, 3):
        assert_same(FeatureEngineer(daily, compile_from=0, workers=workers).build_dataset(SPEC, NEXT), plain)


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_times_are_utc_however_the_frame_says_it(hourly: pd.DataFrame, zone: str | None) -> None:
    other = hourly.assign(time=hourly["time"].dt.tz_convert(zone))
    assert_same(FeatureEngineer(other).build_dataset(SPEC, NEXT), FeatureEngineer(hourly).build_dataset(SPEC, NEXT))


def test_the_frame_is_left_as_it_was(hourly: pd.DataFrame) -> None:
    before = hourly.copy(deep=True)
    FeatureEngineer(hourly).build_dataset(SPEC, Direction(horizon=2))
    pd.testing.assert_frame_equal(hourly, before)


def test_a_long_history_takes_little_more_memory_than_its_table() -> None:
    rows = 250_000
    close = 100.0 * np.exp(np.random.default_rng(1).normal(0.0, 0.001, rows).cumsum())
    prices = {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close.copy()}
    time = pd.date_range("2000-01-01", periods=rows, freq="min", unit="us")
    frame = pd.DataFrame({"time": time, **prices, "volume": np.ones(rows)})
    engineer = FeatureEngineer(frame)
    engineer.build_dataset(SPEC, NEXT)
    tracemalloc.start()
    dataset = engineer.build_dataset(SPEC, NEXT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    columns = rows * 8 * (6 + 4 + len(NAMES))
    assert table(dataset).shape == (rows - 20, 5)
    assert peak <= columns


def test_a_warm_up_that_eats_everything_is_refused(daily: pd.DataFrame) -> None:
    sentence = "features: expected more bars than the warm-up of 20, got {} (shorten the features' periods or bring more data)"
    for rows in (0, 1, 20):
        assert str(refusal(daily.head(rows))) == sentence.format(rows)


@pytest.mark.parametrize(
    "target", [ForwardReturn(horizon=30), Direction(horizon=30), NextRange(horizon=30), TripleBarrier(horizon=30)]
)
def test_a_horizon_longer_than_the_data_is_refused(daily: pd.DataFrame, target: BarTarget) -> None:
    assert str(refusal(daily.head(50), target)) == (
        "target: expected more bars than the horizon of 30, got 30 after a warm-up of 20 (shorten the horizon or bring more data)"
    )
    assert len(FeatureEngineer(daily.head(51)).build_dataset(SPEC, target).labelled()) >= 1


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("close", float("nan"), "bars: close: expected finite numbers above zero, got nan at 2000-03-08T00:00:00.000000"),
        ("low", 0.0, "bars: low: expected finite numbers above zero, got 0 at 2000-03-08T00:00:00.000000"),
        ("high", float("inf"), "bars: high: expected finite numbers above zero, got inf at 2000-03-08T00:00:00.000000"),
        ("volume", -1.0, "bars: volume: expected finite numbers at or above zero, got -1 at 2000-03-08T00:00:00.000000"),
    ],
)
def test_a_number_that_no_indicator_is_defined_for_is_refused(
    daily: pd.DataFrame, column: str, value: float, expected: str
) -> None:
    frame = daily.copy()
    frame.loc[5, column] = value
    assert refusal(frame).message == expected


def test_bars_out_of_order_are_refused(daily: pd.DataFrame) -> None:
    error = refusal(daily.iloc[[0, 2, 1, *range(3, 60)]])
    assert error.message == (
        "bars: time: expected rows in order of time, got 2000-03-02T00:00:00.000000 after 2000-03-03T00:00:00.000000"
    )
