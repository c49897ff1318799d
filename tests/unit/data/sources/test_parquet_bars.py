from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest

from bot_core.config.models import ParquetBars
from bot_core.data import sources
from bot_core.errors import InputError

if TYPE_CHECKING:
    import datetime as dt

ALIKE_HINT = "write all times alike"
STAMPS = pd.Series(pd.to_datetime(["2017-01-02 00:00", "2017-01-02 01:00"]))
BARS = pd.DataFrame({"time": STAMPS, "open": 1, "high": 2.0, "low": 0.5, "close": np.float32(1.5), "volume": 10})
CONFIG = ParquetBars(instrument="x", path="x.parquet", bar="1h", calendar="24/7", as_of="2017-01-03")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _at_root: None) -> None:
    monkeypatch.chdir(tmp_path)


def read(frame: pd.DataFrame, config: ParquetBars = CONFIG) -> pd.DataFrame:
    frame.to_parquet("x.parquet")
    return sources.read(config)


def first_times(column: pd.Series[pd.Timestamp] | pd.Series[dt.date], **changes: str) -> list[str]:
    frame = read(BARS.assign(time=column), msgspec.structs.replace(CONFIG, **changes))
    return [f"{time:%Y-%m-%d %H:%M}" for time in frame["time"]]


def test_numbers_of_any_width_become_float64() -> None:
    frame = read(BARS.assign(open=pd.array([1, None], dtype="Int64")))
    assert {str(dtype) for dtype in frame.dtypes.iloc[1:]} == {"float64"}
    assert frame["close"].tolist() == [1.5, 1.5]
    assert np.isnan(frame["open"][1])


def test_naive_times_are_local_and_aware_ones_know_their_zone() -> None:
    assert first_times(STAMPS) == ["2017-01-02 00:00", "2017-01-02 01:00"]
    assert first_times(STAMPS, timezone="America/New_York") == ["2017-01-02 05:00", "2017-01-02 06:00"]
    assert first_times(STAMPS.dt.tz_localize("Asia/Tokyo")) == ["2017-01-01 15:00", "2017-01-01 16:00"]
    assert first_times(STAMPS.dt.tz_localize("Asia/Tokyo"), bar="1d") == ["2017-01-02 00:00", "2017-01-01 16:00"]
    assert first_times(STAMPS.dt.date, bar="1d") == ["2017-01-02 00:00", "2017-01-02 00:00"]


def test_text_times_keep_their_offsets() -> None:
    frame = read(BARS.assign(time=["2017-01-02T00:00+01:00", "2017-01-02T00:00+02"]))
    assert frame["offset"].tolist() == [60, 120]
    assert [f"{time:%H:%M}" for time in frame["time"]] == ["23:00", "22:00"]


def test_an_index_named_time_is_a_column() -> None:
    assert read(BARS.set_index("time")).equals(read(BARS))


BAD = {
    "text": (BARS.assign(close=["a", "b"]), "x.parquet: column close: expected numbers, got str (write the column as float64)"),
    "truth": (BARS.assign(close=True), "x.parquet: column close: expected numbers, got bool (write the column as float64)"),
    "numbers for times": (
        BARS.assign(time=[1, 2]),
        "x.parquet: column time: expected timestamps, dates or ISO 8601 text, got int64 (write the column as a timestamp)",
    ),
    "no time": (
        BARS.assign(time=STAMPS.where(np.array([True, False]))),
        "x.parquet: row 2: column time: expected a time, got nothing (every row has a time)",
    ),
    "mixed text": (
        BARS.assign(time=["2017-01-02T00:00Z", "2017-01-02"]),
        f"x.parquet: row 2: column time: expected a time with a UTC offset, as in the first row, got '2017-01-02' ({ALIKE_HINT})",
    ),
    "no rows": (BARS.iloc[:0], "x.parquet: expected at least one row, got none (export or download the file again)"),
    "no column": (
        BARS.drop(columns="low"),
        "x.parquet: expected the column low, got time, open, high, close, volume (set data.columns.low to the name in the file)",
    ),
}


@pytest.mark.parametrize(("frame", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_row_and_column(frame: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        read(frame)
    assert str(error.value) == sentence


def test_another_kind_of_file_is_no_parquet_file() -> None:
    Path("x.parquet").write_text("time,open\n" * 10)
    with pytest.raises(InputError) as error:
        sources.read(CONFIG)
    assert str(error.value) == (
        "x.parquet: expected a Parquet file, got something else (for text set data.kind: csv, or export the file again)"
    )


def test_a_missing_and_an_empty_file() -> None:
    with pytest.raises(InputError, match=r"^x\.parquet: expected a Parquet file, got no file"):
        sources.read(CONFIG)
    Path("x.parquet").touch()
    with pytest.raises(InputError, match=r"^x\.parquet: expected a Parquet file, got an empty file"):
        sources.read(CONFIG)
