"""A line is read as training reads it, or refused with a sentence."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core.config.models import BarColumns, CsvBars, Repairs
from bot_core.data.sources import times
from bot_core.errors import BotCoreError, ConfigError, InputError
from bot_core.runtime.bar_lines import BarLines

CONFIG = CsvBars(instrument="x", path="data/x.csv", bar="1h", calendar="24/7", as_of="2017-01-03")
ADJUSTED = replace(CONFIG, columns=BarColumns(adjusted_close="adjusted"), repairs=Repairs(adjust_for_splits=True))
HEADER = b"time,open,high,low,close,volume"
ROW = b"2017-01-02T00:00:00Z,1,2,0.5,1.5,10"
TIME = "an ISO 8601 time such as 2017-01-01T22:00:00Z"
LATER = "expected every bar later than the one before"


def read(*lines: bytes, config: CsvBars = CONFIG) -> list[object]:
    found = BarLines(config)
    return [found.take(line) for line in lines]


def test_header_and_blank_lines_are_no_bars() -> None:
    bar = (1483315200.0, 1.0, 2.0, 0.5, 1.5, 10.0)
    assert read(b"", b"\r", HEADER, b"", ROW, b"") == [None, None, None, None, bar, None]
    assert read(b"\xef\xbb\xbf" + HEADER + b"\r", ROW + b"\r") == [None, bar]


def test_columns_are_where_the_header_says() -> None:
    columns = BarColumns(time="Date", open="O", high="H", low="L", close="C", volume="V")
    config = replace(CONFIG, columns=columns, delimiter=";")
    assert read(b"Date;note;V;C;L;H;O", b'2017.01.02 09:30;"a;b";7;2;0.5;3;1', config=config)[1] == (1483349400.0, 1, 3, 0.5, 2, 7)


BAD = {
    "a column missing": (
        [HEADER.replace(b"close", b"Close")],
        "line 1: expected the column close once, got time, open, high, low, Close, volume",
    ),
    "a column twice": ([HEADER + b",low"], "line 1: expected the column low once, got time, open, high, low, close, volume, low"),
    "too many fields": ([HEADER, ROW + b",9"], "line 2: expected 6 fields as in the header, got 7"),
    "too few fields": ([HEADER, b"", b"2017-01-02T00:00:00Z,1"], "line 3: expected 6 fields as in the header, got 2"),
    "no text": ([HEADER, b"\xff"], "line 2: expected UTF-8 text, got the byte 0xff"),
    "an open quotation": ([HEADER, b'"2017'], "line 2: expected a row of a CSV file, got unexpected end of data"),
    "no number": ([HEADER, ROW.replace(b"1.5", b"n.a.")], "line 2: column close: expected a finite number, got 'n.a.'"),
    "nothing": ([HEADER, ROW.replace(b"1.5", b"")], "line 2: column close: expected a finite number, got ''"),
    "a word for nothing": ([HEADER, ROW.replace(b"10", b"nan")], "line 2: column volume: expected a finite number, got 'nan'"),
    "infinite": ([HEADER, ROW.replace(b"10", b"1e999")], "line 2: column volume: expected a finite number, got '1e999'"),
    "a grouped number": ([HEADER, ROW.replace(b"10", b"1_0")], "line 2: column volume: expected a finite number, got '1_0'"),
    "no date": ([HEADER, ROW.replace(b"2017-01-02T00:00:00Z", b"now")], f"line 2: column time: expected {TIME}, got 'now'"),
    "no such day": ([HEADER, ROW.replace(b"01-02", b"02-30")], f"line 2: column time: expected {TIME}, got '2017-02-30T00:00:00Z'"),
    "a naive time": (
        [HEADER, ROW, ROW.replace(b"00Z", b"00")],
        "line 3: column time: expected a time with a UTC offset, as in the first row, got '2017-01-02T00:00:00'",
    ),
    "an offset": (
        [HEADER, ROW.replace(b"00Z", b"00"), ROW],
        "line 3: column time: expected a time without a UTC offset, as in the first row, got '2017-01-02T00:00:00Z'",
    ),
    "twice": ([HEADER, ROW, ROW], f"line 3: {LATER}, got 2017-01-02T00:00:00Z twice"),
    "disorder": (
        [HEADER, ROW, ROW.replace(b"00:00Z", b"00:00+01:00")],
        f"line 3: {LATER}, got 2017-01-02T00:00:00+01:00 after a later time",
    ),
}


@pytest.mark.parametrize(("lines", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_line_is_named(lines: list[bytes], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        read(*lines)
    assert error.value.message == f"data/x.csv: {sentence}"
    assert error.value.hint


@pytest.mark.parametrize("time", [b"2017-03-12T02:30:00", b"2017-11-05T01:30:00"], ids=["skipped", "twice"])
def test_a_local_time_that_the_zone_has_not_exactly_once(time: bytes) -> None:
    with pytest.raises(InputError, match="line 2: column time: expected a time that America/New_York has exactly once, got '2017"):
        read(HEADER, ROW.replace(b"2017-01-02T00:00:00Z", time), config=replace(CONFIG, timezone="America/New_York"))


@pytest.mark.parametrize(
    ("repairs", "sentence"),
    [
        (Repairs(sort=True), "data.repairs.sort: expected a repair that needs only a bar's own row (adjust_for_splits), got True"),
        (Repairs(drop_duplicates=True), "data.repairs.drop_duplicates: expected a repair that needs only a bar's own row"),
        (Repairs(forward_fill_at_most=2), "data.repairs.forward_fill_at_most: expected a repair that needs only a bar's own row"),
        (Repairs(adjust_for_splits=True), "data.repairs.adjust_for_splits: expected data.columns.adjusted_close to name a column"),
    ],
)
def test_a_repair_that_cannot_be_made_on_line_is_refused_before_the_first_line(repairs: Repairs, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        BarLines(replace(CONFIG, repairs=repairs))
    assert error.value.message.startswith(sentence)


def test_an_unknown_time_zone() -> None:
    with pytest.raises(ConfigError, match="expected an IANA time zone such as UTC or America/New_York, got Mars/Base"):
        BarLines(replace(CONFIG, timezone="Mars/Base"))


def test_prices_are_adjusted_by_the_rows_own_factor() -> None:
    rows = read(HEADER + b",adjusted", ROW + b",0.3", ROW.replace(b"T00", b"T01") + b",1.5", config=ADJUSTED)
    factor = 0.3 / 1.5
    assert rows[1:] == [
        (1483315200.0, 1 * factor, 2 * factor, 0.5 * factor, 1.5 * factor, 10 / factor),
        (1483318800.0, 1.0, 2.0, 0.5, 1.5, 10.0),
    ]


@pytest.mark.parametrize(
    "row", [ROW + b",0", ROW.replace(b"1.5", b"0") + b",1", ROW + b",1e-320", ROW.replace(b"1.5", b"1e-9") + b",1e300"]
)
def test_a_factor_that_leaves_no_number_is_refused(row: bytes) -> None:
    with pytest.raises(InputError, match="line 2: expected a factor adjusted_close / close that leaves finite numbers, got"):
        read(HEADER + b",adjusted", row, config=ADJUSTED)


dates = st.dates().map(str) | st.dates(
    min_value=pd.Timestamp("1990-01-01").date(), max_value=pd.Timestamp("2030-01-01").date()
).map(str)
clocks = st.times().map(lambda time: time.isoformat()) | st.sampled_from(
    ["", "00:00", "00:00:00", "01", "01:30", "02:30:00.5", "0130", "24:00", "9:30", "09:30:60", "02:00:00.1234567"]
)
offsets = st.sampled_from(["", "Z", "+00:00", "-05:00", "+0530", "+09", "-08:30", "+14", "+24:00", " +01:00"])
zones = st.sampled_from(["UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw what may be a time."""
    date = draw(dates).replace("-", draw(st.sampled_from("--./")))
    clock = draw(clocks)
    return date + draw(st.sampled_from("TT ")) + clock + draw(offsets) if clock else date


@settings(max_examples=600, deadline=None)
@given(texts(), zones, st.sampled_from(["1h", "1d"]))
def test_a_time_that_is_read_is_the_time_that_training_reads(text: str, timezone: str, bar: str) -> None:
    lines = BarLines(replace(CONFIG, timezone=timezone, bar=bar))
    lines.take(HEADER)
    try:
        found = lines.take(ROW.replace(b"2017-01-02T00:00:00Z", text.encode()))
    except BotCoreError:
        return
    clock = times.Clock(times.has_offset(text), timezone, whole_days=bar == "1d")
    (training,) = times.parse(pd.Series([text], dtype="str"), clock)[0].astype("datetime64[us, UTC]").astype("int64")
    assert found is not None
    assert found.time == training / 1e6


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["{!r}", "{:.17e}", "{:+.3f}", " {:.9g} "]))
def test_a_number_that_is_read_is_the_nearest_double(value: float, spelling: str) -> None:
    text = spelling.format(value)
    found = read(HEADER, ROW.replace(b"10", text.encode()))[1]
    assert found is not None
    assert math.copysign(1.0, found[5]) == math.copysign(1.0, float(text))  # type: ignore[index]  # a bar
    assert found[5] == float(text)  # type: ignore[index]  # a bar
