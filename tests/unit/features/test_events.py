"""Event tables become datasets, or say exactly what is wrong with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bot_core.config.models import ColumnFeatures, LabelColumn
from bot_core.errors import BotCoreError, ConfigError, DatasetError, InputError
from bot_core.features.events import build_event_dataset

COLUMNS = ColumnFeatures(columns=["speed", "busy"])
PROBABILITY = LabelColumn(task="classification", unit="probability", description="what comes of it")
MINUTES = LabelColumn(task="regression", unit="minutes", description="what comes of it")


def events() -> pd.DataFrame:
    """Four events; the outcome of the third came late, that of the fourth has not come."""
    return pd.DataFrame(
        {
            "time": pd.to_datetime(["2024-01-01T10:00", "2024-01-01T11:00", "2024-01-01T11:00", "2024-01-02T09:30"], utc=True),
            "label_end": pd.to_datetime(["2024-01-01T12:00", "2024-01-01T11:30", "2024-01-03T00:00", "NaT"], utc=True),
            "label": [1.0, 0.0, 1.0, np.nan],
            "busy": [True, False, False, True],
            "speed": [3, 1, 4, 1],
        }
    )


def refusal(
    frame: pd.DataFrame, columns: ColumnFeatures = COLUMNS, target: LabelColumn = PROBABILITY, kind: type[BotCoreError] = InputError
) -> str:
    with pytest.raises(kind) as caught:
        build_event_dataset(frame, columns, target)
    return str(caught.value)


def test_features_come_in_the_configured_order_and_the_open_event_is_kept() -> None:
    dataset = build_event_dataset(events(), COLUMNS, PROBABILITY)
    assert dataset.feature_names == ("speed", "busy")
    assert dataset.values.tolist() == [[3.0, 1.0], [1.0, 0.0], [4.0, 0.0], [1.0, 1.0]]  # noqa: PD011  # not a frame
    assert dataset.targets.tolist()[:3] == [1.0, 0.0, 1.0]
    assert dataset.times[0] == np.datetime64("2024-01-01T10:00")
    assert dataset.label_ends[2] == np.datetime64("2024-01-03T00:00")
    assert np.isnat(dataset.label_ends[3])
    assert dataset.payoffs is None
    assert len(dataset.labelled()) == 3


def test_times_of_another_zone_become_utc() -> None:
    frame = events()
    local = frame.assign(time=frame["time"].dt.tz_convert("America/Chicago"), label_end=frame["label_end"].dt.tz_localize(None))
    assert np.array_equal(
        build_event_dataset(local, COLUMNS, PROBABILITY).times, build_event_dataset(frame, COLUMNS, PROBABILITY).times
    )


def test_a_payoff_is_taken_where_the_label_is_known() -> None:
    dataset = build_event_dataset(events().assign(payoff=[5.0, -2.0, 0.0, 9.0]), COLUMNS, PROBABILITY)
    assert dataset.payoffs is not None
    assert dataset.payoffs[:3].tolist() == [5.0, -2.0, 0.0]
    assert np.isnan(dataset.payoffs[3])
    assert refusal(events().assign(payoff=[5.0, np.nan, 0.0, np.nan])) == (
        "events: payoff: expected a number wherever the label is known, got nan at 2024-01-01T11:00:00.000000 (1 rows)"
    )


def test_a_feature_that_is_no_column_is_named_with_a_neighbour() -> None:
    assert refusal(events(), ColumnFeatures(columns=["sped"]), kind=ConfigError) == (
        "features: sped: expected one of the table's columns busy, speed; got sped (did you mean speed?)"
    )


@pytest.mark.parametrize("name", ["label", "label_end", "payoff", "target", "time"])
def test_the_label_can_never_be_a_feature(name: str) -> None:
    assert refusal(events().assign(payoff=0.0), ColumnFeatures(columns=[name]), kind=ConfigError) == (
        f"features: {name}: expected a column known at the event's time, got the table's own {name} (remove it: it would leak the label)"
    )


def test_a_feature_is_given_once() -> None:
    twice = "features: speed: expected every column once, got it twice"
    assert refusal(events(), ColumnFeatures(columns=["speed", "speed"]), kind=ConfigError) == twice


@pytest.mark.parametrize("name", ["time", "label_end", "label"])
def test_a_missing_column_is_named(name: str) -> None:
    frame = events().drop(columns=name)
    assert refusal(frame) == (
        f"events: expected a column {name}, got {', '.join(frame.columns)} (name the column in `columns` of conf/data)"
    )


@pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (np.inf, "inf")])
def test_a_feature_must_be_finite(value: float, shown: str) -> None:
    expected = "a finite number in every row" if shown == "nan" else "finite numbers or nothing"
    assert refusal(events().assign(speed=[1.0, value, 2.0, value])) == (
        f"events: speed: expected {expected}, got {shown} at 2024-01-01T11:00:00.000000 (2 rows)"
    )


def test_a_feature_must_be_numbers() -> None:
    assert refusal(events().assign(speed=list("abcd"))) == "events: speed: expected numbers, got str"


def test_times_must_be_times_and_in_order_and_complete() -> None:
    assert refusal(events().assign(label_end="soon")) == "events: label_end: expected times, got str"
    frame = events()
    assert refusal(frame.iloc[[1, 0, 2, 3]]) == (
        "events: time: expected rows in order of time, got 2024-01-01T10:00:00.000000 after 2024-01-01T11:00:00.000000"
        " (declare `sort: true` in the repairs of conf/data)"
    )
    frame.loc[2, "time"] = pd.NaT
    assert refusal(frame) == "events: time: expected a time in every row, got none in row 2"


def test_a_class_is_zero_or_one_but_a_number_may_be_anything() -> None:
    frame = events().assign(label=[1.0, 2.0, 0.0, np.nan])
    assert refusal(frame) == "events: label: expected 0 or 1, got 2 at 2024-01-01T11:00:00.000000 (1 rows)"
    assert build_event_dataset(frame, COLUMNS, MINUTES).targets.tolist()[:3] == [1.0, 2.0, 0.0]


@pytest.mark.parametrize("label", [[1.0, np.nan, 0.0, np.nan], [1.0, 0.0, 0.0, 1.0]])
def test_a_label_and_its_end_are_known_together(label: list[float]) -> None:
    assert "label and label_end together or neither" in refusal(events().assign(label=label))


def test_a_table_without_any_outcome_is_refused() -> None:
    frame = events().assign(label=np.nan, label_end=pd.Series(pd.NaT, index=range(4), dtype="datetime64[us, UTC]"))
    sentence = "events: label: expected a known label in at least one of {} rows, got none (wait until outcomes are known)"
    assert refusal(frame, kind=DatasetError) == sentence.format(4)
    assert refusal(frame.head(0), kind=DatasetError) == sentence.format(0)
