"""Every way a CSV file can be wrong, and the sentence it gives."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from bot_core.config.models import BarColumns, CsvBars
from bot_core.data import sources
from bot_core.errors import ConfigError, InputError

HEADER = "time,open,high,low,close,volume\n"
ROW = "2017-01-02T00:00:00Z,1,2,0.5,1.5,10\n"
CONFIG = CsvBars(instrument="x", path="x.csv", bar="1h", calendar="24/7", as_of="2017-01-03")
DELIMITER_HINT = "declare it as data.delimiter (bars), or save the file with commas (events)"
FIELDS_HINT = "every row has one field per column"
NUMBER_HINT = "leave the field empty where there is no value; decimals have a point"
TIME_HINT = "write times as year-month-day hour:minute:second"
LINE_3 = "x.csv: line 3: column time:"
ALIKE_HINT = "write all times alike"
NAME_HINT = "set data.columns.volume to the name in the file"
AGAIN_HINT = "export or download the file again"
UTF8_HINT = "a CSV file is plain text; for a Parquet file set data.kind: parquet"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _at_root: None) -> None:
    monkeypatch.chdir(tmp_path)


BAD = {
    "empty": ("", f"x.csv: expected a CSV file, got an empty file ({AGAIN_HINT})"),
    "header only": (HEADER, f"x.csv: expected at least one row after the header, got none ({AGAIN_HINT})"),
    "blank": ("\n\n", f"x.csv: expected at least one row after the header, got none ({AGAIN_HINT})"),
    "semicolons": (
        (HEADER + ROW).replace(",", ";"),
        f"x.csv: line 1: expected columns separated by a comma, got what looks separated by a semicolon ({DELIMITER_HINT})",
    ),
    "tabs": (
        (HEADER + ROW).replace(",", "\t"),
        f"x.csv: line 1: expected columns separated by a comma, got what looks separated by a tab ({DELIMITER_HINT})",
    ),
    "other case": (
        HEADER.replace("close", "Close") + ROW,
        "x.csv: expected the column close, got time, open, high, low, Close, volume (did you mean Close? set data.columns.close)",
    ),
    "no volume": (
        HEADER.replace("volume", "qty") + ROW,
        f"x.csv: expected the column volume, got time, open, high, low, close, qty ({NAME_HINT})",
    ),
    "a column twice": (
        HEADER.replace("volume", "volume,close") + ROW.replace("10", "10,1"),
        "x.csv: expected the column close once, got it 2 times (rename one of them)",
    ),
    "text": (
        HEADER + ROW + ROW.replace("1.5", "n.a."),
        f"x.csv: line 3: column close: expected a number, got 'n.a.' ({NUMBER_HINT})",
    ),
    "text after blank lines": (
        "\n" + HEADER + "\n" + ROW + "\n" + ROW.replace("1.5", '"1,5"'),
        f"x.csv: line 6: column close: expected a number, got '1,5' ({NUMBER_HINT})",
    ),
    "no date": (
        HEADER + ROW + ROW.replace("2017-01-02T00:00:00Z", "yesterday"),
        f"x.csv: line 3: column time: expected an ISO 8601 time such as 2017-01-01T22:00:00Z, got 'yesterday' ({TIME_HINT})",
    ),
    "today's clock": (
        HEADER + ROW.replace("2017-01-02T00:00:00Z", "now"),
        f"x.csv: line 2: column time: expected an ISO 8601 time such as 2017-01-01T22:00:00Z, got 'now' ({TIME_HINT})",
    ),
    "no time": (HEADER + ROW + ",1,1,1,1,1\n", "x.csv: line 3: column time: expected a time, got nothing (every row has a time)"),
    "a naive time among others": (
        HEADER + ROW + ROW.replace("Z", ""),
        f"{LINE_3} expected a time with a UTC offset, as in the first row, got '2017-01-02T00:00:00' ({ALIKE_HINT})",
    ),
    "an offset among naive times": (
        HEADER + ROW.replace("Z", "") + ROW.replace(":00:00Z", "Z"),
        f"{LINE_3} expected a time without a UTC offset, as in the first row, got '2017-01-02T00Z' ({ALIKE_HINT})",
    ),
    "too many fields": (
        HEADER + ROW + ROW.replace("10", "10,9"),
        f"x.csv: line 3: expected 6 fields as in the header, got 7 ({FIELDS_HINT})",
    ),
    "a first row too long": (
        HEADER + ROW.replace("10", "10,9"),
        f"x.csv: line 2: expected 6 fields as in the header, got 7 ({FIELDS_HINT})",
    ),
    "an open quotation": (HEADER + ROW + '"2017\n', "x.csv: expected a CSV file, got EOF inside string starting at row 2"),
}


@pytest.mark.parametrize(("text", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_line_and_column(text: str, sentence: str) -> None:
    Path("x.csv").write_text(text)
    with pytest.raises(InputError) as error:
        sources.read(CONFIG)
    assert str(error.value) == sentence


@pytest.mark.parametrize("text", [HEADER.encode() + b"\xff\n", (HEADER + ROW).encode() + b"\xff\n"], ids=["first row", "later"])
def test_bytes_that_are_no_text_are_refused(text: bytes) -> None:
    Path("x.csv").write_bytes(text)
    with pytest.raises(InputError) as error:
        sources.read(CONFIG)
    assert str(error.value) == f"x.csv: expected UTF-8 text, got the byte 0xff ({UTF8_HINT})"


def test_a_missing_file_and_a_directory() -> None:
    with pytest.raises(InputError) as missing:
        sources.read(CONFIG)
    assert str(missing.value) == "x.csv: expected a CSV file, got no file (data.path is relative to the directory of dvc.yaml)"
    with pytest.raises(InputError) as directory:
        sources.read(msgspec.structs.replace(CONFIG, path="."))
    assert str(directory.value) == ".: expected a CSV file, got a directory (name the file in data.path)"


def test_an_unknown_time_zone() -> None:
    with pytest.raises(ConfigError) as error:
        sources.read(msgspec.structs.replace(CONFIG, timezone="Mars/Base"))
    assert str(error.value) == "data.timezone: expected an IANA time zone such as UTC or America/New_York, got Mars/Base"


@pytest.mark.parametrize("time", ["2017-03-12T02:30:00", "2017-11-05T01:30:00"], ids=["skipped", "twice"])
def test_a_local_time_that_the_zone_has_not_exactly_once(time: str) -> None:
    Path("x.csv").write_text(HEADER + ROW.replace("2017-01-02T00:00:00Z", time))
    with pytest.raises(InputError) as error:
        sources.read(msgspec.structs.replace(CONFIG, timezone="America/New_York"))
    expected = "expected a time that America/New_York has exactly once"
    assert (
        str(error.value) == f"x.csv: line 2: column time: {expected}, got {time!r} (write times in UTC, or with their UTC offset)"
    )


def test_rows_stay_in_file_order_with_what_is_missing_and_infinite() -> None:
    late, early = ROW.replace("00:00:00Z", "05:00:00+02:00").replace("1.5", ""), ROW.replace("10", "inf").replace("00Z", "00-0500")
    Path("x.csv").write_bytes(b"\xef\xbb\xbf" + (HEADER + late + early + ROW).replace("\n", "\r\n").encode())
    frame = sources.read(CONFIG)
    assert [str(time)[:16] for time in frame["time"]] == ["2017-01-02 03:00", "2017-01-02 05:00", "2017-01-02 00:00"]
    assert frame["offset"].tolist() == [120, -300, 0]
    assert np.isnan(frame["close"][0])
    assert frame["volume"].tolist() == [10.0, np.inf, 10.0]
    assert list(frame.columns) == ["time", "open", "high", "low", "close", "volume", "offset"]


def test_our_columns_are_picked_from_the_files() -> None:
    Path("x.csv").write_text("Date;note;O;H;L;C;V;Adj\n2017.01.02 09:30;hello;1;3;0.5;2;7;1\n")
    columns = BarColumns(time="Date", open="O", high="H", low="L", close="C", volume="V", adjusted_close="Adj")
    frame = sources.read(msgspec.structs.replace(CONFIG, columns=columns, delimiter=";", timezone="America/New_York"))
    assert str(frame["time"][0]) == "2017-01-02 14:30:00+00:00"
    assert frame.iloc[0, 1:].tolist() == [1.0, 3.0, 0.5, 2.0, 7.0, 1.0]


@pytest.mark.parametrize(
    ("time", "stands_at"),
    [
        ("2017-01-02", "2017-01-02 00:00:00+00:00"),
        ("2017-01-02 00:00:00-05:00", "2017-01-02 00:00:00+00:00"),
        ("2017-01-02 16:00", "2017-01-02 21:00:00+00:00"),
    ],
)
def test_a_daily_bar_at_local_midnight_stands_for_its_date(time: str, stands_at: str) -> None:
    Path("x.csv").write_text(HEADER + ROW.replace("2017-01-02T00:00:00Z", time))
    frame = sources.read(msgspec.structs.replace(CONFIG, bar="1d", timezone="America/New_York"))
    assert str(frame["time"][0]) == stands_at


def test_a_file_of_several_pieces_is_read_whole_and_a_late_error_has_its_line() -> None:
    minutes = np.arange(np.datetime64("2017-01-01T00:00"), np.datetime64("2017-01-01T00:00") + 110_000)
    rows = [f"{minute}Z,1,2,0.5,1.5,{volume}" for volume, minute in enumerate(np.datetime_as_string(minutes))]
    Path("x.csv").write_text(HEADER + "\n".join(rows))
    assert sources.read(CONFIG)["volume"].tolist() == list(range(110_000))
    Path("x.csv").write_text(HEADER + "\n".join([*rows, ROW.replace("1.5", "1.5x")]))
    with pytest.raises(InputError, match=r"^x\.csv: line 110002: column close: expected a number, got '1\.5x'"):
        sources.read(CONFIG)


def test_numbers_are_the_nearest_doubles() -> None:
    texts = [str(x) for x in np.random.default_rng(7).lognormal(size=2000)]
    Path("x.csv").write_text(HEADER + "".join(ROW.replace("1.5", text) for text in texts))
    assert sources.read(CONFIG)["close"].tolist() == [float(text) for text in texts]
