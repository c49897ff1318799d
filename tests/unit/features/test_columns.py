"""Frames become columns without needless copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.features.columns import as_bars, bar_columns, cut, opening_times, utc_times
from tests.unit.features.conftest import to_bars

if TYPE_CHECKING:
    from collections.abc import Hashable


def test_contiguous_columns_are_not_copied(daily: pd.DataFrame) -> None:
    frame = pd.DataFrame({name: daily[name].to_numpy().copy() for name in ("open", "high", "low", "close", "volume")}, copy=False)
    columns = bar_columns(frame, opening_times(daily))
    names: list[Hashable] = list(frame.columns)
    assert [np.shares_memory(column, frame[name].to_numpy()) for column, name in zip(columns[1:], names, strict=True)] == [True] * 5


def test_strided_columns_become_contiguous(daily: pd.DataFrame) -> None:
    table = np.ascontiguousarray(daily[["open", "high", "low", "close", "volume"]].to_numpy())
    frame = pd.DataFrame(table, columns=["open", "high", "low", "close", "volume"], copy=False)
    columns = bar_columns(frame, opening_times(daily))
    assert all(column.flags.c_contiguous for column in columns)
    assert np.array_equal(columns[4], daily["close"])


def test_rows_become_bars_with_seconds(hourly: pd.DataFrame) -> None:
    columns = bar_columns(hourly, opening_times(hourly))
    assert as_bars(cut(columns, 10, 13)) == to_bars(hourly)[10:13]
    assert as_bars(columns)[0].time == hourly["time"][0].timestamp()


def test_a_time_without_zone_is_utc() -> None:
    naive = pd.Series(pd.to_datetime(["2024-07-01T12:00"]))
    local = naive.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    assert utc_times(naive) == utc_times(local) == np.datetime64("2024-07-01T12:00")
