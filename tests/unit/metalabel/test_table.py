from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from bot_core._digest import sha256_file
from bot_core.errors import InputError
from bot_core.metalabel.table import Columns, read_table
from tests.unit.metalabel.tables import events, table, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["events.parquet", "events.csv"])
def test_both_kinds_of_file_give_the_same_table(tmp_path: Path, name: str) -> None:
    frame = events(60)
    path = written(tmp_path, frame, name)
    found = read_table(path, label="meta_label", end="event_end")
    assert found.columns == Columns(label="meta_label", end="event_end", start="time", payoff="payoff")
    assert found.digest == sha256_file(path)
    assert found.numbers() == ["side", "a", "b", "c"]
    np.testing.assert_array_equal(found.starts, frame["time"].dt.tz_localize(None).to_numpy("datetime64[us]"))
    np.testing.assert_array_equal(found.labels, frame["meta_label"])
    np.testing.assert_allclose(found.dataset(["b", "a"]).values, frame[["b", "a"]])


def test_rows_come_in_order_of_time_and_without_labels_that_are_not_known_yet(tmp_path: Path) -> None:
    frame = events(60)
    frame.loc[50:, "meta_label"] = np.nan
    frame.loc[49, "event_end"] = pd.NaT
    found = table(tmp_path, frame.sample(frac=1.0, random_state=1))
    assert len(found.labels) == 49
    assert (np.diff(found.starts) > np.timedelta64(0)).all()
    np.testing.assert_array_equal(found.values("a"), frame["a"][:49])
    assert found.payoffs is not None
    np.testing.assert_array_equal(found.payoffs, frame["payoff"][:49])


def test_without_a_start_a_label_is_a_point_at_its_end(tmp_path: Path) -> None:
    found = table(tmp_path, events(40).drop(columns=["time", "payoff"]))
    assert found.columns.start is None
    assert found.columns.payoff is None
    assert found.payoffs is None
    np.testing.assert_array_equal(found.starts, found.ends)


def test_names_may_be_others(tmp_path: Path) -> None:
    frame = events(40).rename(columns={"time": "t0", "event_end": "done", "meta_label": "hit", "payoff": "bps"})
    found = read_table(written(tmp_path, frame), label="hit", end="done", start="t0", payoff="bps")
    assert found.columns.own == ("hit", "done", "t0", "bps")
    assert found.numbers() == ["side", "a", "b", "c"]


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("meta_label", 2.0, r"meta_label: expected 0 or 1, got 2 \(40 rows\)"),
        ("meta_label", "yes", "meta_label: expected numbers, got"),
        ("event_end", 17, "event_end: expected times, got int64"),
        ("event_end", "soon", "event_end: expected times such as 2026-11-01T12:00:00Z, got something else"),
        ("event_end", "2020-01-01T00:00:00Z", "event_end: expected labels known after their event, got 2020-01-01"),
        ("payoff", np.nan, "payoff: expected a number wherever the label is known, got none in 40 rows"),
    ],
)
def test_what_a_column_cannot_hold_is_refused(tmp_path: Path, column: str, value: float | str, sentence: str) -> None:
    frame = events(40)
    frame[column] = value
    with pytest.raises(InputError, match=sentence):
        table(tmp_path, frame)


@pytest.mark.parametrize("name", ["label", "end", "start", "payoff"])
def test_a_column_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="expected a column other, got a, b, c"):
        table(tmp_path, events(40), **{name: "other"})


def test_a_feature_that_is_not_finite_is_refused_by_name(tmp_path: Path) -> None:
    frame = events(40)
    frame.loc[[3, 7], "b"] = np.nan
    with pytest.raises(InputError, match=r"b: expected a finite number in every row, got nan at 2026-01-01T03:00:00.* \(2 rows\)"):
        table(tmp_path, frame).dataset(["a", "b"])


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("events.parquet", None, "got no file"),
        ("events.xlsx", b"x", "got another name"),
        ("events.parquet", b"not a table", "expected a parquet table, got one that does not read"),
        ("events.csv", b"", "expected a csv table, got one that does not read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, data: bytes | None, sentence: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=sentence):
        read_table(tmp_path / name, label="meta_label", end="event_end")
