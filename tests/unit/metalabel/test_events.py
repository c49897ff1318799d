from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.ai.learning import learn
from bot_core.ai.task import task_of
from bot_core.ai.validation import hold_out
from bot_core.ai.windows import WalkForwardPlan, duration, walk_forward_windows
from bot_core.config.events import Barriers
from bot_core.config.load import load_events, load_roster, overrides
from bot_core.config.models import (
    ColumnFeatures,
    CsvBars,
    EventColumns,
    EventTable,
    IndicatorFeature,
    IndicatorFeatures,
    PipelineConfig,
)
from bot_core.errors import ConfigError, DatasetError
from bot_core.features.featurize import featurize
from bot_core.metalabel.events import COLUMNS, build_events, read_bars
from tests.unit.metalabel.primaries import HOURLY, SMALL, composed, drawn_bars

BARRIERS = Barriers(horizon=4, volatility_window=24)
BARS = 700


@pytest.fixture(scope="module")
def config() -> PipelineConfig:
    """A straight line in place of the main model's trees, and three windows."""
    return composed(*HOURLY)


@pytest.fixture(scope="module")
def frame(config: PipelineConfig) -> pd.DataFrame:
    """The first bars of the real year."""
    return read_bars(config).head(BARS)


@pytest.fixture(scope="module")
def table(frame: pd.DataFrame, config: PipelineConfig) -> pd.DataFrame:
    return build_events(frame, config, BARRIERS)


def test_the_columns_are_those_that_are_declared_and_then_the_features(table: pd.DataFrame, config: PipelineConfig) -> None:
    assert isinstance(config.features, IndicatorFeatures)
    assert [str(name) for name in table.columns] == [*COLUMNS, *(feature.name for feature in config.features.features)]
    assert str(table["time"].dtype) == str(table["event_end"].dtype) == "datetime64[us, UTC]"
    assert {str(kind) for kind in table.dtypes[2:]} == {"float64"}
    assert np.isfinite(table.iloc[:, 2:].to_numpy()).all()
    assert table["time"].is_monotonic_increasing
    assert (table["event_end"] > table["time"]).all()


def test_a_label_is_whether_the_trade_paid_more_than_it_cost(
    table: pd.DataFrame, frame: pd.DataFrame, config: PipelineConfig
) -> None:
    assert set(table["side"]) == {-1.0, 1.0}
    assert (table["side"] == np.sign(table["primary_prediction"])).all()
    assert ((table["payoff"] > 0.0) == (table["meta_label"] == 1.0)).all()
    dear = msgspec.structs.replace(config, validation=msgspec.structs.replace(config.validation, round_trip_cost_bps=6.0))
    costly = build_events(frame, dear, BARRIERS)
    np.testing.assert_allclose(table["payoff"] - costly["payoff"], 5.0, rtol=1e-9)
    assert costly["meta_label"].mean() < table["meta_label"].mean()


def test_predictions_are_of_fits_that_saw_only_what_was_known(
    table: pd.DataFrame, frame: pd.DataFrame, config: PipelineConfig
) -> None:
    rows = featurize(frame, config.features, config.target).labelled()
    task, embargo = task_of(config.target), duration(config.validation.embargo)
    expected: dict[np.datetime64, float] = {}
    for step in walk_forward_windows(rows.times, rows.label_ends, WalkForwardPlan(3, embargo)):
        fit, judge = hold_out(rows, step.train, config.validation, embargo)
        learned = learn(task, config.model, rows.rows(fit), rows.rows(judge))
        assert rows.label_ends[fit].max() < rows.times[step.test[0]] - embargo
        scaled = (learned.fitted.predict(rows.rows(step.test).values) - learned.pivot) / np.std(rows.targets[fit])
        expected |= dict(zip(rows.times[step.test], scaled, strict=True))
    times = table["time"].to_numpy("datetime64[us]")
    assert len(times) > 300
    np.testing.assert_allclose(table["primary_prediction"], [expected[time] for time in times], rtol=1e-9)


@settings(max_examples=8, deadline=None)
@given(cut=st.integers(450, 650), seed=st.integers(0, 100))
def test_another_future_changes_nothing_that_was_known_before(cut: int, seed: int) -> None:
    config = composed(*HOURLY)
    frame = drawn_bars(BARS, 1)
    other = frame.copy()
    later = drawn_bars(BARS, 1000 + seed).iloc[cut + 1 :]
    other.loc[later.index] = later
    before, after = (build_events(bars, config, BARRIERS) for bars in (frame, other))
    present = frame["time"].iloc[cut]
    known = ["time", "side", "primary_prediction", *before.columns[len(COLUMNS) :]]
    pasts = [found[found["time"] <= present] for found in (before, after)]
    settled = [past[past["event_end"] <= present] for past in pasts]
    assert len(settled[0]) > 50
    pd.testing.assert_frame_equal(pasts[0][known].reset_index(drop=True), pasts[1][known].reset_index(drop=True), check_exact=True)
    pd.testing.assert_frame_equal(settled[0].reset_index(drop=True), settled[1].reset_index(drop=True), check_exact=True)
    assert not before.equals(after)


def test_the_rosters_entry_learns_from_all_that_was_known_and_from_no_outcome() -> None:
    roster, (entry, *_) = load_roster(Path("params.yaml")), list(load_events(Path("params.yaml")).values())
    primary, meta = (composed(*overrides(roster[name])) for name in (entry.model, "decision_meta"))
    assert isinstance(primary.data, CsvBars)
    assert isinstance(primary.features, IndicatorFeatures)
    assert isinstance(meta.data, EventTable)
    assert isinstance(meta.features, ColumnFeatures)
    assert meta.features.columns == [*COLUMNS[4:], *(feature.name for feature in primary.features.features)]
    assert meta.data.columns == EventColumns(time="time", label_end="event_end", label="meta_label", payoff="payoff")
    assert duration(meta.validation.embargo) >= entry.barriers.horizon * duration(primary.data.bar)
    assert meta.validation.round_trip_cost_bps == 0.0  # the payoff is after costs


def test_the_number_of_workers_changes_no_byte(frame: pd.DataFrame, config: PipelineConfig) -> None:
    one, three = (build_events(frame, config, BARRIERS, workers=n).to_parquet(index=False) for n in (1, 3))
    assert one == three


def test_a_model_that_only_buys_has_no_short_signals(frame: pd.DataFrame) -> None:
    config = composed("data=eurusd_1h", "features=bars_hourly", "target=triple_barrier_10", *SMALL, "model=logistic")
    assert set(build_events(frame, config, BARRIERS)["side"]) == {1.0}


def test_a_prediction_without_a_side_is_refused(frame: pd.DataFrame) -> None:
    config = composed("data=eurusd_1h", "features=volatility", "target=next_range", *SMALL)
    with pytest.raises(ConfigError, match=r"target: expected kind forward_return, direction or .*; got kind range"):
        build_events(frame, config, BARRIERS)


def test_events_are_no_bars() -> None:
    config = composed("data=flight_delay", "features=flight_delay", "target=flight_delay", "model=logistic", "validation=events")
    with pytest.raises(ConfigError, match=r"data: expected bars to follow a trade on, got the events of data/flight_delay\.csv"):
        read_bars(config)


def test_a_feature_may_not_take_a_columns_name(frame: pd.DataFrame, config: PipelineConfig) -> None:
    features = IndicatorFeatures(features=[IndicatorFeature(name="side", indicator="gap")])
    with pytest.raises(ConfigError, match="features: side: expected a name that is none of time, event_end"):
        build_events(frame, msgspec.structs.replace(config, features=features), BARRIERS)


def test_signals_without_an_end_are_no_table(frame: pd.DataFrame, config: PipelineConfig) -> None:
    with pytest.raises(DatasetError, match=r"events: expected a signal whose end is known, got \d+ signals and no end"):
        build_events(frame, config, Barriers(horizon=BARS, volatility_window=24, profit=1000.0, loss=1000.0))
