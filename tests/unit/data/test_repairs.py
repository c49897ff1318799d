"""Repairs are counted, pure, and done once: a second time changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.config.models import CsvBars, EventTable, Repairs
from bot_core.data import sources
from bot_core.data.contracts import UTC_TIME
from bot_core.data.repairs import repair, require_usable
from bot_core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    Dirty = Callable[[str, Callable[[list[str]], list[str]]], CsvBars]

ALL = Repairs(sort=True, drop_duplicates=True, adjust_for_splits=True, forward_fill_at_most=3)
HOURS = CsvBars(instrument="x", path="x.csv", bar="1h", calendar="24/7", as_of="2017-01-03", repairs=ALL)
EVENTS = EventTable(instrument="e", path="e.csv", as_of="2017-01-03")


def bars(hours: list[int]) -> pd.DataFrame:
    """Bars at these hours, in this order; the close is the position in the file, adjusted to half of it."""
    close = np.arange(1.0, len(hours) + 1.0)
    times = (
        pd.Series(np.datetime64("2017-01-01", "us") + np.array(hours, dtype="timedelta64[h]"))
        .dt.tz_localize("UTC")
        .astype(UTC_TIME)
    )
    prices = dict.fromkeys(["open", "high", "low", "close"], close)
    return pd.DataFrame({"time": times, **prices, "volume": 8.0, "adjusted_close": close / 2})


def done(frame: pd.DataFrame, **declared: bool | int) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    config = msgspec.structs.replace(HOURS, repairs=Repairs(**declared))  # type: ignore[arg-type]  # flags and one count
    repaired, repairs = repair(frame, config)
    return repaired, [(one.action, one.rows) for one in repairs]


def test_nothing_is_done_undeclared() -> None:
    frame = bars([3, 1, 1])
    assert done(frame) == (frame, [])


def test_sorting_keeps_the_order_of_equal_times_and_counts_rows_that_moved() -> None:
    frame, repairs = done(bars([3, 1, 2, 1, 9]), sort=True)
    assert frame["close"].tolist() == [2.0, 4.0, 3.0, 1.0, 5.0]
    assert repairs == [("sort", 3)]


def test_of_bars_with_one_time_the_last_in_the_file_stays() -> None:
    frame, repairs = done(bars([1, 2, 1, 1]), drop_duplicates=True)
    assert frame["close"].tolist() == [2.0, 4.0]
    assert repairs == [("drop_duplicates", 2)]
    assert done(bars([1, 1, 2]), drop_duplicates=True)[0]["close"].tolist() == [2.0, 3.0]


def test_adjusting_scales_prices_and_volume() -> None:
    frame, repairs = done(bars([1, 2]), adjust_for_splits=True)
    assert frame[["open", "high", "low", "close", "adjusted_close"]].to_numpy().tolist() == [[0.5] * 5, [1.0] * 5]
    assert frame["volume"].tolist() == [16.0, 16.0]
    assert repairs == [("adjust_for_splits", 2)]


def test_adjusting_needs_the_column() -> None:
    with pytest.raises(ConfigError) as error:
        done(bars([1]).drop(columns="adjusted_close"), adjust_for_splits=True)
    assert str(error.value) == (
        "data.repairs.adjust_for_splits: expected data.columns.adjusted_close to name a column, got none "
        "(name the column, or remove the repair)"
    )


def test_short_gaps_are_filled_flat_and_long_ones_stay() -> None:
    frame, repairs = done(bars([0, 3, 4, 8]).assign(high=9.0, offset=np.int16(60)), forward_fill_at_most=2)
    assert [time.hour for time in frame["time"]] == [0, 1, 2, 3, 4, 8]
    assert frame["close"].tolist() == [1.0, 1.0, 1.0, 2.0, 3.0, 4.0]
    assert frame["high"].tolist() == [9.0, 1.0, 1.0, 9.0, 9.0, 9.0]
    assert frame["volume"].tolist() == [8.0, 0.0, 0.0, 8.0, 8.0, 8.0]
    assert frame["offset"].dtype == np.int16
    assert repairs == [("forward_fill_at_most", 2)]
    assert frame["time"].dtype == UTC_TIME


def test_bars_out_of_order_are_not_filled() -> None:
    assert done(bars([3, 0]), forward_fill_at_most=2)[1] == [("forward_fill_at_most", 0)]


def test_christmas_is_filled_where_it_is_short(dirty: Dirty) -> None:
    config = msgspec.structs.replace(dirty("eurusd_1h", lambda rows: rows), repairs=Repairs(forward_fill_at_most=1))
    raw = sources.read(config)
    frame, repairs = repair(raw, config)
    assert ([(one.action, one.rows) for one in repairs], len(raw), len(frame)) == ([("forward_fill_at_most", 1)], 6225, 6226)


def test_bars_repairs_are_refused_for_events() -> None:
    events = pd.DataFrame({"time": bars([1])["time"]})
    with pytest.raises(ConfigError) as error:
        repair(events, msgspec.structs.replace(EVENTS, repairs=Repairs(forward_fill_at_most=1)))
    assert str(error.value) == (
        "data.repairs.forward_fill_at_most: expected a repair for events (sort, drop_duplicates), got one for bars (remove the key)"
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_repairing_is_idempotent_and_pure(hours: list[int]) -> None:
    raw = bars(hours)
    once, _ = repair(raw, HOURS)
    assert raw.equals(bars(hours))
    twice, repairs = repair(once, HOURS)
    assert twice.equals(once)
    assert sum(one.rows for one in repairs) == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_sorted_bars_without_duplicates_are_usable_whatever_came(hours: list[int]) -> None:
    config = msgspec.structs.replace(HOURS, repairs=Repairs(sort=True, drop_duplicates=True))
    frame, repairs = repair(bars(hours), config)
    require_usable(frame, config)
    assert [time.hour + 24 * (time.day - 1) for time in frame["time"]] == sorted(set(hours))
    assert repairs[1].rows == len(hours) - len(set(hours))


# --- usable ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (
            [1, 3, 2],
            "x.csv: row 3: expected every bar later than the one before, got 2017-01-01T02:00:00Z after a later time {sort}",
        ),
        ([1, 1], "x.csv: row 2: expected every bar later than the one before, got 2017-01-01T01:00:00Z twice {drop_duplicates}"),
    ],
)
def test_times_left_out_of_order_name_the_repair(hours: list[int], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        require_usable(bars(hours), HOURS)
    hint = {name: f"(declare data.repairs.{name}: true)" for name in ("sort", "drop_duplicates")}
    assert str(error.value) == sentence.format(**hint)


@pytest.mark.parametrize("column", ["open", "volume", "adjusted_close"])
def test_a_value_left_that_is_no_number_is_named(column: str) -> None:
    with pytest.raises(InputError) as error:
        require_usable(bars([1, 2]).assign(**{column: [1.0, np.nan]}), HOURS)
    assert str(error.value) == (
        f"x.csv: row 2 (2017-01-01T02:00:00Z): column {column}: expected a number, got nan "
        "(no repair invents values: mend the source, or remove the row or the column there)"
    )


def test_events_may_share_a_time_and_await_their_label() -> None:
    times = bars([1, 1, 2])["time"]
    events = pd.DataFrame(
        {"time": times, "label_end": times.mask(times == times.iloc[2]), "label": [0.0, 1.0, np.nan], "size": 1.0}
    )
    require_usable(events, EVENTS)
    with pytest.raises(InputError, match=r"^e\.csv: row 2 \(2017-01-01T01:00:00Z\): column label: expected a number, got nan"):
        require_usable(events.assign(label=[0.0, np.nan, np.nan]), EVENTS)
    broken = events.assign(size=[1.0, np.inf, 1.0])
    require_usable(broken, EVENTS, columns=[])
    with pytest.raises(InputError, match=r"column size: expected a number, got inf"):
        require_usable(broken, EVENTS)
    with pytest.raises(InputError, match=r"^e\.csv: row 2: expected times in order, got 2017-01-01T01:00:00Z after a later time"):
        require_usable(events.iloc[[2, 0]].reset_index(drop=True), EVENTS)
