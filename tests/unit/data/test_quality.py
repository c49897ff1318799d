"""Every finding on a real file made dirty on purpose, with exact counts; and what the vendored files report as they are."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import pytest

from bot_core.config.models import CsvBars, EventTable, Limit, Repairs
from bot_core.data import sources
from bot_core.data.quality import assess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.config.models import DataConfig, QualityConfig
    from bot_core.documents.data_quality import DataQualityReport, Finding

    Dirty = Callable[[str, Callable[[list[str]], list[str]]], CsvBars]

EUR, AAPL = "eurusd_1h", "aapl_1d"


def report(config: DataConfig, quality: QualityConfig) -> DataQualityReport:
    return assess(sources.read(config), config, quality, "m")


def brief(findings: list[Finding]) -> list[tuple[str, str, int, str, str]]:
    return [(found.code, found.status, found.count, found.first, found.last) for found in findings]


def only(config: DataConfig, quality: QualityConfig, code: str) -> Finding:
    """Return one finding of a report."""
    return {found.code: found for found in report(config, quality).findings}[code]


# --- the vendored files ---------------------------------------------------------------------------------------------

JUMP_2000 = ("jumps", "warning", 1, "2000-09-29T00:00:00Z", "2000-09-29T00:00:00Z")
JUMP_2006 = ("jumps", "warning", 1, "2006-04-28T00:00:00Z", "2006-04-28T00:00:00Z")
EURUSD = [
    ("missing_bars", "ok", 15, "2017-12-24T22:00:00Z", "2017-12-25T21:00:00Z"),
    ("jumps", "warning", 4, "2017-03-15T18:00:00Z", "2017-09-20T18:00:00Z"),
]
VENDORED = {
    "aapl_1d": ("warning", [("jumps", "warning", 3, "2000-06-21T00:00:00Z", "2005-02-28T00:00:00Z")], [JUMP_2000], 3270),
    "goog_1d": ("ok", [], [], 2148),
    "ibm_1d": ("ok", [], [], 3270),
    "msft_1d": ("warning", [("jumps", "warning", 2, "2003-02-18T00:00:00Z", "2006-04-28T00:00:00Z")], [JUMP_2006], 3270),
    "eurusd_1h": ("warning", EURUSD, EURUSD, 6225),
}


@pytest.mark.parametrize(("name", "expected"), VENDORED.items())
def test_the_vendored_files_report(
    name: str,
    expected: tuple[str, list[tuple[str, str, int, str, str]], list[tuple[str, str, int, str, str]], int],
    declared: Callable[[str], CsvBars],
    quality: QualityConfig,
) -> None:
    status, findings, remaining, rows = expected
    got = report(declared(name), quality)
    assert (got.status, brief(got.findings), brief(got.remaining)) == (status, findings, remaining)
    assert (got.rows, got.usable_rows) == (rows, rows)
    assert [(done.action, done.rows) for done in got.repairs] == ([] if name == EUR else [("adjust_for_splits", rows)])


def test_the_gaps_of_the_hourly_file_are_christmas(declared: Callable[[str], CsvBars], quality: QualityConfig) -> None:
    got = report(declared(EUR), quality)
    assert [(gap.first, gap.last, gap.bars) for gap in got.gaps] == [
        ("2017-12-24T22:00:00Z", "2017-12-24T22:00:00Z", 1),
        ("2017-12-25T08:00:00Z", "2017-12-25T21:00:00Z", 14),
    ]
    assert got.findings[0].message == (
        "15 of 6,240 bars due by the calendar fx are missing, in 2 gaps; the longest has 14 bars "
        "from 2017-12-25T08:00:00Z to 2017-12-25T21:00:00Z"
    )
    assert (got.model, got.instrument, got.as_of) == ("m", "eurusd", "2017-12-29T21:00:00Z")
    assert (got.first, got.last) == ("2017-01-01T22:00:00Z", "2017-12-29T21:00:00Z")


def test_raw_splits_show_as_jumps(declared: Callable[[str], CsvBars], quality: QualityConfig) -> None:
    raw = msgspec.structs.replace(declared(AAPL), repairs=Repairs())
    found = report(raw, quality).remaining
    assert brief(found) == [("jumps", "warning", 3, "2000-06-21T00:00:00Z", "2005-02-28T00:00:00Z")]
    assert found[0].message == (
        "3 of 3,269 moves are over 12 times what is usual around them, the largest -51.9% at 2000-09-29T00:00:00Z: "
        "a split, a wrong price, or news"
    )


# --- each code ------------------------------------------------------------------------------------------------------


def test_missing_bars(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(EUR, lambda rows: rows[:1000] + rows[1003:2000] + rows[2400:])
    got = report(config, quality)
    found = got.findings[0]
    assert (found.code, found.status, found.count, found.first) == (
        "missing_bars",
        "critical",
        15 + 3 + 400,
        "2017-02-28T14:00:00Z",
    )
    assert found.share == (15 + 3 + 400) / 6240
    assert [gap.bars for gap in got.gaps] == [3, 400, 1, 14]


def test_bars_outside_the_calendar(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(EUR, lambda rows: [*rows[:119], "2017-01-07T12:00:00Z,1.05,1.05,1.05,1.05,1", *rows[119:]])
    found = only(config, quality, "outside_calendar")
    assert (found.status, found.count, found.first, found.last) == ("warning", 1, "2017-01-07T12:00:00Z", "2017-01-07T12:00:00Z")
    wrong = only(msgspec.structs.replace(config, calendar="XNYS"), quality, "outside_calendar")
    assert (wrong.status, wrong.message[:22]) == ("critical", "6,226 of 6,226 bars ar")


def test_duplicates(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(AAPL, lambda rows: [*rows[:11], rows[10], rows[10], *rows[11:21], rows[20], *rows[21:]])
    found = only(config, quality, "duplicates")
    assert (found.status, found.count, found.first, found.last) == ("critical", 3, "2000-03-15T00:00:00Z", "2000-03-29T00:00:00Z")
    assert found.message == "3 of 3,273 rows have the time of another row"
    assert report(config, quality).usable_rows == 3270


def test_disorder(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(AAPL, lambda rows: [*rows[:10], rows[12], rows[10], rows[11], *rows[13:], rows[0]])
    found = only(config, quality, "disorder")
    assert (found.count, found.first, found.last) == (2, "2000-03-15T00:00:00Z", "2000-03-01T00:00:00Z")
    assert found.message == "2 of 3,271 rows are older than the row before them"


def test_non_finite(dirty: Dirty, quality: QualityConfig) -> None:
    def spoil(rows: list[str]) -> list[str]:
        time, *numbers = rows[5].split(",")
        rows[5] = ",".join([time, "", "inf", *numbers[2:]])
        rows[9] = rows[9].rpartition(",")[0] + ",NaN"
        return rows

    got = report(dirty(AAPL, spoil), quality)
    found = {found.code: found for found in got.findings}["non_finite"]
    assert (found.count, found.first, found.last) == (2, "2000-03-08T00:00:00Z", "2000-03-14T00:00:00Z")
    assert found.message == "2 of 3,270 rows lack a finite number, in open, high, adjusted_close"
    assert (got.status, got.usable_rows) == ("critical", 3268)


@pytest.mark.parametrize("prices", ["1,0.9,0.8,1,5", "1,2,1.5,1.6,5", "1,2,0.5,2.5,5", "-1,2,-1,1,5", "1,2,0,1,5", "1,2,0.5,1,-5"])
def test_ohlc_inconsistent(prices: str, dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(EUR, lambda rows: [*rows[:7], f"{rows[7].split(',')[0]},{prices}", *rows[8:]])
    found = only(config, quality, "ohlc_inconsistent")
    assert (found.status, found.count, found.first) == ("warning", 1, "2017-01-02T05:00:00Z")


def test_zero_volume(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(EUR, lambda rows: [row.rpartition(",")[0] + ",0" if at < 63 else row for at, row in enumerate(rows)])
    found = only(config, quality, "zero_volume")
    assert (found.status, found.count, found.message) == ("warning", 63, "63 of 6,225 bars have no volume")


def test_stale_tail(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(AAPL, lambda rows: rows[:-3])
    found = only(config, quality, "stale_tail")
    assert (found.status, found.count, found.first, found.last) == ("warning", 3, "2013-02-27T00:00:00Z", "2013-03-01T00:00:00Z")
    assert found.message == "3 of 3,270 bars up to the declared 2013-03-01 have not come; the newest is from 2013-02-26T00:00:00Z"
    late = only(msgspec.structs.replace(config, as_of="2013-06-01"), quality, "stale_tail")
    assert (late.status, late.count) == ("critical", 66)


def test_an_as_of_within_the_data_or_on_a_weekend_is_not_stale(declared: Callable[[str], CsvBars], quality: QualityConfig) -> None:
    for as_of in ("2012-01-01", "2013-03-02", "2013-03-03"):
        codes = {found.code for found in report(msgspec.structs.replace(declared(AAPL), as_of=as_of), quality).findings}
        assert codes == {"jumps"}


def test_a_split_is_a_jump(dirty: Dirty, quality: QualityConfig) -> None:
    def split(rows: list[str]) -> list[str]:
        fields = [row.split(",") for row in rows]
        later = [[f[0], *(str(float(price) / 4) for price in f[1:5]), *f[5:]] for f in fields[1000:]]
        return [",".join(f) for f in [*fields[:1000], *later]]

    found = only(dirty("ibm_1d", split), quality, "jumps")
    assert (found.status, found.count, found.first) == ("warning", 1, "2004-02-25T00:00:00Z")
    assert "the largest -75.1% at 2004-02-25T00:00:00Z" in found.message


def test_bar_length(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(EUR, lambda rows: [row.replace(":00:00Z", ":30:00Z") if 100 <= at < 103 else row for at, row in enumerate(rows)])
    found = only(config, quality, "bar_length")
    assert (found.status, found.count, found.first, found.last) == ("warning", 2, "2017-01-06T02:30:00Z", "2017-01-06T05:00:00Z")
    assert found.message == "2 of 6,224 steps from one bar to the next are no multiple of the declared 1h"


def test_offset_change(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(EUR, lambda rows: [row.replace("Z", "+02:00") if at >= 3000 else row for at, row in enumerate(rows)])
    found = only(config, quality, "offset_change")
    assert (found.status, found.count, found.first) == ("warning", 1, "2017-06-25T19:00:00Z")


def test_daylight_saving_is_no_offset_change(dirty: Dirty, quality: QualityConfig) -> None:
    def local(rows: list[str]) -> list[str]:
        times = pd.to_datetime(pd.Series([row.split(",")[0] for row in rows])).dt.tz_convert("America/New_York")
        return [f"{time.isoformat()},{row.partition(',')[2]}" for time, row in zip(times, rows, strict=True)]

    config = dirty(EUR, local)
    codes = {found.code for found in report(msgspec.structs.replace(config, timezone="America/New_York"), quality).findings}
    assert codes == {"missing_bars", "jumps"}
    assert only(config, quality, "offset_change").count == 2


def test_declared_repairs_count_no_more(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(AAPL, lambda rows: [*rows[:11], rows[10], *rows[12:], rows[11]])
    got = report(config, quality)
    assert (got.status, {found.code for found in got.findings}) == ("critical", {"duplicates", "disorder", "jumps"})
    repaired = report(msgspec.structs.replace(config, repairs=Repairs(sort=True, drop_duplicates=True)), quality)
    assert (repaired.status, [found.code for found in repaired.remaining]) == ("warning", ["jumps"])
    assert repaired.findings == got.findings
    assert [(done.action, done.rows) for done in repaired.repairs] == [("sort", 3259), ("drop_duplicates", 1)]


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        (Limit(warning=0.0, critical=0.0), "critical"),
        (Limit(warning=0.0, critical=1.0), "warning"),
        (Limit(warning=15 / 6240, critical=1.0), "ok"),
        (Limit(warning=0.0, critical=15 / 6240), "warning"),
    ],
)
def test_a_share_equal_to_its_limit_is_within_it(
    limit: Limit, status: str, declared: Callable[[str], CsvBars], quality: QualityConfig
) -> None:
    limits = msgspec.structs.replace(quality.limits, missing_bars=limit)
    assert only(declared(EUR), msgspec.structs.replace(quality, limits=limits), "missing_bars").status == status


def test_constant_prices_and_a_single_row_are_judged_without_dividing_by_zero(dirty: Dirty, quality: QualityConfig) -> None:
    constant = dirty(EUR, lambda rows: [f"{row.split(',')[0]},1,1,1,1,1" for row in rows])
    assert [found.code for found in report(constant, quality).findings] == ["missing_bars"]
    single = msgspec.structs.replace(dirty(EUR, lambda rows: rows[-1:]), as_of="2017-12-29T21:00:00Z")
    got = report(single, quality)
    assert (got.findings, got.rows, got.first) == ([], 1, got.last)


def test_one_step_among_constant_prices_is_a_jump(dirty: Dirty, quality: QualityConfig) -> None:
    config = dirty(
        EUR, lambda rows: [f"{row.split(',')[0]},{1 + (at >= 300)},2,1,{1 + (at >= 300)},1" for at, row in enumerate(rows)]
    )
    assert (only(config, quality, "jumps").count, only(config, quality, "jumps").first) == (1, "2017-01-18T10:00:00Z")


# --- events ---------------------------------------------------------------------------------------------------------

EVENTS = """\
time,label_end,label,size
2020-01-03,2020-01-04,1,2
2020-01-03,2020-01-04,1,2
2020-01-03,2020-01-04,1,3
2020-01-02,2020-01-01,0,4
2020-01-05,2020-01-06,,5
2020-01-06,,,6
2020-01-07,,,nan
"""


def test_events_have_their_own_findings(tmp_path: Path, quality: QualityConfig) -> None:
    path = tmp_path / "e.csv"
    path.write_text(EVENTS)
    config = EventTable(instrument="e", path=str(path), as_of="2020-01-07")
    got = report(config, quality)
    assert brief(got.findings) == [
        ("duplicates", "critical", 1, "2020-01-03T00:00:00Z", "2020-01-03T00:00:00Z"),
        ("disorder", "critical", 1, "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z"),
        ("non_finite", "critical", 2, "2020-01-05T00:00:00Z", "2020-01-07T00:00:00Z"),
        ("label_order", "critical", 1, "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z"),
    ]
    repaired = report(msgspec.structs.replace(config, repairs=Repairs(sort=True, drop_duplicates=True)), quality)
    assert [found.code for found in repaired.remaining] == ["non_finite", "label_order"]
    assert [(done.action, done.rows) for done in repaired.repairs] == [("sort", 4), ("drop_duplicates", 1)]


def test_memory_stays_within_four_times_the_columns(quality: QualityConfig, declared: Callable[[str], CsvBars]) -> None:
    times = pd.date_range("2010-01-01", periods=300_000, freq="min", tz="UTC", unit="us")
    frame = pd.DataFrame({"time": times, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1.0})
    frame = pd.concat([frame.drop(index=[5, 6]), frame.head(3)], ignore_index=True)
    repairs = Repairs(sort=True, drop_duplicates=True, forward_fill_at_most=3)
    config = msgspec.structs.replace(declared(EUR), bar="1m", calendar="24/7", as_of="2010-01-02", repairs=repairs)
    tracemalloc.start()
    got = assess(frame, config, quality, "m")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [done.rows for done in got.repairs] == [300_000, 3, 2]
    assert peak < 3 * frame.memory_usage(index=False).sum()
