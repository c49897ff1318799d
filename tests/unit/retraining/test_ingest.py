"""Rows of real files are held back and come from a source: a file beside, or a server."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import pytest

from bot_core._parse import convert
from bot_core.config.models import DataConfig, EventTable, ParquetBars, Update
from bot_core.data.sources import read
from bot_core.errors import AuditError, BotCoreError, ConfigError, InputError
from bot_core.retraining.ingest import Ingested, ingest
from tests.full_disk import full_disk
from tests.webserver import Question, Reply, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
END = dt.datetime(2017, 12, 29, 22, tzinfo=dt.UTC)
"""When the last bar of the hourly file is over."""
SOURCE = "incoming/newer.csv"
HEADER, *LINES = (ROOT / "data/eurusd_1h.csv").read_bytes().splitlines(keepends=True)
LINES = LINES[-40:]
Rows = list[bytes]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The last 40 hours of EURUSD but the last three, and these beside 37 hours that overlap."""
    put(tmp_path, LINES[:-3], LINES)
    return tmp_path


def put(root: Path, here: Rows, there: Rows, header: bytes = HEADER) -> None:
    for path, rows in (("data/eurusd_1h.csv", [HEADER, *here]), (SOURCE, [header, *there])):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(b"".join(rows))


def hourly(source: str = SOURCE, **more: object) -> DataConfig:
    facts: dict[str, object] = {"kind": "csv", "instrument": "eurusd", "path": "data/eurusd_1h.csv", "bar": "1h", "calendar": "fx"}
    names = ("late_after", "attempts", "timeout_s", "most_megabytes")
    update: dict[str, object] = {"from": source}
    update |= {name: more.pop(name) for name in names if name in more}
    return config({**facts, "as_of": "2017-12-29T18:00:00Z", **more, "update": update})


def config(plain: dict[str, object]) -> DataConfig:
    found: DataConfig = convert(plain, DataConfig, "test")  # type: ignore[arg-type]  # a union
    return found


def run(root: Path, config: DataConfig | None = None, now: dt.datetime = END) -> Ingested:
    waits: list[float] = []
    try:
        return ingest(root, config or hourly(), now, wait=waits.append)
    finally:
        assert all(seconds <= 2 ** (i + 1) for i, seconds in enumerate(waits))


def refused(root: Path, sentence: str, config: DataConfig | None = None, now: dt.datetime = END) -> BotCoreError:
    """Expect a refusal with a hint, and that no byte has changed."""
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises((InputError, ConfigError), match=sentence) as caught:
        run(root, config, now)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert caught.value.hint
    assert "/bot-core-" not in str(caught.value)
    return caught.value


def there(root: Path, change: Callable[[Rows], Rows], header: bytes = HEADER) -> None:
    put(root, LINES[:-3], change(list(LINES)), header)


# --- what comes ---


def test_what_is_new_is_added_and_what_was_there_keeps_its_bytes(root: Path) -> None:
    told = run(root)
    assert (root / "data/eurusd_1h.csv").read_bytes() == b"".join([HEADER, *LINES])
    assert (told.rows_added, told.first, told.last) == (3, "2017-12-29T19:00:00Z", "2017-12-29T21:00:00Z")
    assert (told.as_of, told.pointer) == ("2017-12-29T21:00:00Z", None)
    assert told.note == "3 rows added, 2017-12-29T19:00:00Z to 2017-12-29T21:00:00Z"


def test_the_second_time_nothing_is_new(root: Path) -> None:
    run(root)
    before = (root / "data/eurusd_1h.csv").read_bytes()
    told = run(root)
    assert (told.rows_added, told.first, told.last, told.note) == (0, None, None, "nothing new")
    assert told.as_of == "2017-12-29T21:00:00Z"
    assert (root / "data/eurusd_1h.csv").read_bytes() == before


def test_without_a_declared_source_nothing_happens(root: Path) -> None:
    told = run(root, msgspec.structs.replace(hourly(), update=None))
    assert (told.rows_added, told.note, told.as_of) == (0, "no source of newer rows is declared", "2017-12-29T18:00:00Z")


def test_a_pointer_of_dvc_beside_the_data_is_named(root: Path) -> None:
    (root / "data/eurusd_1h.csv.dvc").write_text("outs: []\n")
    assert run(root).pointer == "data/eurusd_1h.csv.dvc"


def test_a_relative_source_may_start_elsewhere(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    (root / "incoming").rename(home / "incoming")
    refused(root, "newer.csv: expected newer rows in this file, got No such file or directory")
    assert ingest(root, hourly(), END, home=home).rows_added == 3


@pytest.mark.parametrize(
    ("change", "taken", "note"),
    [
        (lambda rows: rows[:10], 0, "nothing new"),  # yesterday's file again
        (lambda rows: rows[-5:], 3, "3 rows added"),  # overlaps in part
        (lambda rows: rows[-3:], 3, "3 rows added"),  # only what is new
        (lambda rows: rows[-2:], 2, "2 rows added"),  # with a gap: data quality counts it
        (lambda rows: [*rows, rows[-1]], 3, "3 rows added"),  # one row twice
        (lambda _rows: [], 0, "nothing new"),  # a header alone
        (lambda rows: [*rows[:-1], rows[-1][:-4]], 2, "the source's last line has no end: left out"),  # torn
        (lambda rows: [*rows[:-1], rows[-1].rstrip()], 2, "the source's last line has no end: left out"),
    ],
)
def test_a_source_may_hold_more_or_less(root: Path, change: Callable[[Rows], Rows], taken: int, note: str) -> None:
    there(root, change)
    told = run(root)
    assert told.rows_added == taken
    assert note in told.note
    old = b"".join([HEADER, *LINES[:-3]])
    assert (root / "data/eurusd_1h.csv").read_bytes()[: len(old)] == old
    assert len(read(msgspec.structs.replace(hourly(), path=str(root / "data/eurusd_1h.csv")))) == 37 + taken


def test_an_older_row_that_is_not_here_is_left_out_and_counted(root: Path) -> None:
    put(root, [*LINES[:5], *LINES[6:-3]], LINES)
    told = run(root)
    assert told.rows_added == 3
    assert told.note.endswith("; 1 row older and not here: left out, since rows are only added at the end")


def test_a_bar_that_is_not_over_comes_when_it_is(root: Path) -> None:
    told = run(root, now=END - dt.timedelta(minutes=1))
    assert (told.rows_added, told.last) == (2, "2017-12-29T20:00:00Z")
    assert told.note.endswith("; 1 row not over yet: left out")
    assert run(root).rows_added == 1
    assert (root / "data/eurusd_1h.csv").read_bytes() == b"".join([HEADER, *LINES])


# --- in the file's own spelling ---


def test_line_ends_columns_and_delimiter_stay_the_file_s(root: Path) -> None:
    table = [line.decode().strip().split(",") for line in (HEADER, *LINES)]
    path = root / "data/eurusd_1h.csv"
    old = "\r\n".join(";".join(row) for row in table[:-3])  # without an end of its last line
    path.write_bytes(old.encode())
    order = [5, 0, 4, 3, 2, 1]
    (root / SOURCE).write_text("".join(";".join([*(row[i] for i in order), "spare"]) + "\n" for row in table))
    assert run(root, hourly(delimiter=";")).rows_added == 3
    assert path.read_bytes() == "".join(";".join(row) + "\r\n" for row in table).encode()


@pytest.mark.parametrize(
    ("ours", "theirs", "timezone"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+01:00", "UTC"),
        ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "Europe/Berlin"),
        ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+01:00", "Europe/Berlin"),
        ("%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S.000000Z", "UTC"),
        ("%Y-%m-%d %H:%M:%S+01:00", "%Y-%m-%d %H:%M:%S+01:00", "UTC"),
    ],
)
def test_the_same_moment_in_another_spelling_is_the_same_moment(root: Path, ours: str, theirs: str, timezone: str) -> None:
    def spell(line: bytes, form: str) -> bytes:
        text, _, rest = line.decode().partition(",")
        at = dt.datetime.fromisoformat(text)
        there = "UTC" if form.endswith("Z") or "+00" in form or (timezone == "UTC" and "+" not in form) else "Etc/GMT-1"
        return f"{pd.Timestamp(at).tz_convert(there).strftime(form)},{rest}".encode()

    put(root, [spell(line, ours) for line in LINES[:-3]], [spell(line, theirs) for line in LINES])
    assert run(root, hourly(timezone=timezone)).rows_added == 3
    assert (root / "data/eurusd_1h.csv").read_bytes() == b"".join([HEADER, *(spell(line, ours) for line in LINES)])


def test_times_that_cannot_be_spelled_as_here_are_refused(root: Path) -> None:
    def spell(line: bytes) -> bytes:
        text, _, rest = line.decode().partition(",")
        return f"{pd.Timestamp(text).tz_convert('Etc/GMT+5'):%Y-%m-%d %H:%M}-05:00,{rest}".encode()

    put(root, [spell(line) for line in LINES[:-3]], LINES)
    refused(root, "newer.csv: expected times written as here, such as 2017-12-29 13:00-05:00; got another")


def test_parquet_is_added_to_in_its_own_schema(root: Path) -> None:
    frame = pd.read_csv(io.BytesIO(b"".join([HEADER, *LINES])), parse_dates=["time"])
    frame[:-3].to_parquet(root / "data/eurusd.parquet", index=False, compression="zstd")
    source = root / "incoming/newer.parquet"
    frame[["volume", *frame.columns[:-1]]][30:].to_parquet(source, index=False)
    bars = ParquetBars(
        instrument="eurusd",
        path="data/eurusd.parquet",
        bar="1h",
        calendar="fx",
        as_of="2017-12-29",
        update=Update(source="incoming/newer.parquet"),
    )
    assert run(root, bars).rows_added == 3
    whole = pd.read_parquet(root / "data/eurusd.parquet")
    pd.testing.assert_frame_equal(whole, frame)
    source.write_bytes(source.read_bytes()[:900])
    refused(root, "newer.parquet: expected a Parquet file, got something else", bars)


# --- what is refused ---


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda rows: [*rows[:5], rows[5].replace(b",1.1", b",1.2", 1), *rows[6:]],
            "newer.csv: 2017-12-28T11:00:00Z: expected the values that are here, got open 1.29.* for 1.19.*: the history was rewritten",
        ),
        (
            lambda rows: [*rows, b"2018-01-05T22:00:00Z,1,1,1,1,1\n"],
            "expected times up to 2017-12-29T22:00:00Z, got 2018-01-05",
        ),
        (lambda rows: [*rows[:-1], rows[-1].rpartition(b",")[0] + b"\n"], "column volume: expected a number, got nan"),
        (lambda rows: [*rows[:-1], rows[-1].strip() + b",9\n"], "newer.csv: line 41: expected 6 fields as in the header, got 7"),
        (
            lambda rows: [*rows[:-1], rows[-1].replace(b",1", b",one")],
            "newer.csv: line 41: column open: expected a number, got 'one",
        ),
        (lambda rows: [*rows[:-2], rows[-1], rows[-2]], "expected every bar later than the one before"),
        (lambda rows: [*rows, rows[-1].replace(b",1.20", b",1.21")], "expected every bar later than the one before, got .* twice"),
        (lambda rows: [b"\xff\xfe", *rows], "newer.csv: expected UTF-8 text, got the byte 0xff"),
        (lambda rows: [b"yesterday,1,1,1,1,1\n", *rows], "newer.csv: line 2: column time: expected an ISO 8601 time"),
    ],
)
def test_a_broken_source_changes_nothing(root: Path, change: Callable[[Rows], Rows], sentence: str) -> None:
    there(root, change)
    refused(root, sentence)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (b"time,open,high,low,last,volume\n", "newer.csv: expected the column close, got time, open, high, low, last, volume"),
        (b"time;open;high;low;close;volume\n", "expected columns separated by a comma, got what looks separated by a semicolon"),
    ],
)
def test_other_columns_are_refused(root: Path, header: bytes, sentence: str) -> None:
    there(root, lambda rows: rows, header)
    refused(root, sentence)


def test_a_column_of_the_file_that_no_configuration_names_must_come_too(root: Path) -> None:
    put(root, [line.strip() + b",7\n" for line in LINES[:-3]], LINES)
    path = root / "data/eurusd_1h.csv"
    path.write_bytes(path.read_bytes().replace(b"volume\n", b"volume,trades\n", 1))
    refused(root, "newer.csv: expected the columns time, .*, trades, got time,")


def test_the_zone_that_shifts_every_row_is_found_by_what_is_here(root: Path) -> None:
    there(root, lambda rows: [row.replace(b"Z,", b",", 1) for row in rows])
    refused(root, "the history was rewritten", hourly(timezone="America/New_York"), END + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("page", "kind"),
    [(b"\n<!DOCTYPE html><html>Please log in</html>", "an HTML or XML page"), (b'{"error": "quota"}', "JSON")],
)
def test_a_page_with_status_200_is_no_table(root: Path, page: bytes, kind: str) -> None:
    with serving(lambda _: Reply(body=page)) as server:
        refused(root, f"/rows: expected a CSV file, got {kind}", hourly(f"{server.address}/rows"))


# --- late ---


@pytest.mark.parametrize(("hours", "fine"), [(71, True), (73, False)])
def test_a_source_is_late_after_what_was_declared(root: Path, hours: int, fine: bool) -> None:  # noqa: FBT001  # a row of a table
    there(root, lambda rows: rows[:-3])
    now = dt.datetime(2017, 12, 29, 18, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
    if fine:
        assert run(root, hourly(late_after="3d"), now).note == "nothing new"
    else:
        error = refused(root, "expected rows of the last 3d, got 2017-12-29T18:00:00Z as the newest", hourly(late_after="3d"), now)
        assert "the source is late" in error.hint


def test_without_a_declared_limit_a_source_may_be_as_late_as_it_likes(root: Path) -> None:
    there(root, lambda rows: rows[:-3])
    assert run(root, now=END + dt.timedelta(days=900)).note == "nothing new"


# --- over HTTP ---


def newer(_: Question) -> Reply:
    return Reply(body=b"".join([HEADER, *LINES]))


@contextlib.contextmanager
def failing(times: int, reply: Reply) -> Iterator[Server]:
    """Serve the rows after a fault that comes so many times."""
    with serving(lambda asked: reply if len(server.asked) <= times else newer(asked)) as server:
        yield server


def test_rows_come_from_a_server(root: Path) -> None:
    with serving(newer) as server:
        assert run(root, hourly(f"{server.address}/eurusd.csv?key=secret")).rows_added == 3
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/eurusd.csv?key=secret")]


@pytest.mark.parametrize("fault", [Reply(status=503), Reply(status=429), Reply(cut=-1), Reply(body=b"x" * 99, cut=50)])
def test_a_fault_that_passes_is_asked_over(root: Path, fault: Reply) -> None:
    with failing(2, fault) as server:
        assert run(root, hourly(server.address)).rows_added == 3
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "sentence", "asked"),
    [
        (Reply(status=503), "got status 503", 3),
        (Reply(status=404, body=b"gone"), "got status 404", 1),
        (Reply(status=401), "got status 401", 1),
        (Reply(status=204), "got status 204", 1),
        (Reply(cut=-1), "got (the connection broke off|Remote end closed)", 3),
        (Reply(body=b"x" * 99, cut=50), "got the answer broke off 49 bytes before its end", 3),
        (Reply(after_s=5.0), "got no answer in time", 3),
        (Reply(status=302, headers={"Location": "ftp://127.0.0.1/x"}), "got a redirect to an address without https", 3),
        (Reply(status=302, headers={"Location": "/r"}), "got status 302", 5),
        (Reply(body=b"x" * 1_000_001), "expected at most 1 MB, got more", 1),
    ],
)
def test_a_source_that_is_down_says_what_to_do(root: Path, fault: Reply, sentence: str, asked: int) -> None:
    with serving(lambda _: fault) as server:
        error = refused(root, sentence, hourly(f"{server.address}/r?key=secret", timeout_s=0.3, most_megabytes=1))
    assert len(server.asked) == asked
    assert "secret" not in str(error)


def test_a_server_that_is_not_there_is_down(root: Path) -> None:
    with serving(newer) as server:
        pass
    error = refused(
        root, f"{server.address}: expected newer rows from this address, got Connection refused", hourly(server.address)
    )
    assert error.hint == "nothing was changed; ask who runs the source, and start the run again when it answers"


def test_a_redirect_is_followed(root: Path) -> None:
    with serving(lambda asked: newer(asked) if asked.path == "/new" else Reply(302, headers={"Location": "/new"})) as server:
        assert run(root, hourly(f"{server.address}/old")).rows_added == 3


def test_a_file_that_is_too_large_is_not_read(root: Path) -> None:
    there(root, lambda rows: rows * 600)
    refused(root, "newer.csv: expected at most 1 MB, got more", hourly(most_megabytes=1))


@pytest.mark.parametrize(
    "source", ["ftp://host/x", "http://", "https://me:secret@host/x", "http://host:port/x", "http://[::1/x", "file:///x"]
)
def test_what_is_no_address_is_refused(root: Path, source: str) -> None:
    assert "secret" not in str(refused(root, "data.update.from: expected a path, or an address of http or https", hourly(source)))


# --- the disk ---


@pytest.mark.parametrize("room", [1000, 2400])
def test_a_full_disk_leaves_the_file_as_it_was(root: Path, room: int) -> None:
    before = (root / "data/eurusd_1h.csv").read_bytes()
    with full_disk(room), pytest.raises(AuditError, match="got File too large"):
        run(root)
    assert (root / "data/eurusd_1h.csv").read_bytes() == before
    assert [path.name for path in (root / "data").iterdir()] == ["eurusd_1h.csv"]


# --- sessions of an exchange, with a column that history changes ---


@pytest.fixture
def daily(tmp_path: Path) -> Callable[[Callable[[str], str], int], DataConfig]:
    """Apple's last 20 sessions but two, and a source that begins at a row and may be changed."""

    def make(change: Callable[[str], str], first: int) -> DataConfig:
        header, *rows = (ROOT / "data/aapl_1d.csv").read_text().splitlines(keepends=True)
        rows = rows[-20:]
        for path, lines in (("data/aapl_1d.csv", rows[:-2]), ("incoming/aapl.csv", [change(row) for row in rows[first:]])):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text("".join([header, *lines]))
        facts = {
            "kind": "csv",
            "instrument": "aapl",
            "path": "data/aapl_1d.csv",
            "bar": "1d",
            "calendar": "XNYS",
            "as_of": "2013-02-27",
        }
        columns = {"columns": {"adjusted_close": "adjusted_close"}, "repairs": {"adjust_for_splits": True}}
        return config({**facts, **columns, "update": {"from": "incoming/aapl.csv"}})

    return make


def test_sessions_keep_their_dates(tmp_path: Path, daily: Callable[[Callable[[str], str], int], DataConfig]) -> None:
    told = run(tmp_path, daily(lambda row: row.replace(",", " 00:00:00,", 1), 10), dt.datetime(2013, 3, 2, tzinfo=dt.UTC))
    assert (told.rows_added, told.as_of) == (2, "2013-03-01")
    whole = (ROOT / "data/aapl_1d.csv").read_text().splitlines()
    assert (tmp_path / "data/aapl_1d.csv").read_text().splitlines()[1:] == whole[-20:]


def test_a_session_that_is_not_over_is_left_out(tmp_path: Path, daily: Callable[[Callable[[str], str], int], DataConfig]) -> None:
    assert run(tmp_path, daily(str, 10), dt.datetime(2013, 3, 1, 23, tzinfo=dt.UTC)).last == "2013-02-28T00:00:00Z"


def test_another_adjustment_is_another_history(tmp_path: Path, daily: Callable[[Callable[[str], str], int], DataConfig]) -> None:
    def halved(row: str) -> str:
        *rest, adjusted = row.strip().split(",")
        return ",".join([*rest, str(float(adjusted) / 2)]) + "\n"

    now = dt.datetime(2013, 3, 2, tzinfo=dt.UTC)
    refused(tmp_path, "got adjusted_close .*: the history was rewritten", daily(halved, 10), now)
    refused(
        tmp_path,
        "expected the last row that is here, of 2013-02-27T00:00:00Z, among the source's; got none",
        daily(halved, 18),
        now,
    )


# --- events ---


TABLE = "time,label_end,label,wind\n"
FIRST = "2020-01-01T10:00:00Z,2020-01-01T11:00:00Z,1,5.5\n2020-01-01T10:30:00Z,2020-01-01T10:40:00Z,0,4.5\n"


def events(root: Path, here: str, there: str, **update: object) -> EventTable:
    for path, text in (("data/e.csv", here), ("incoming/e.csv", there)):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(TABLE + text)
    plain: dict[str, object] = {
        "kind": "events",
        "instrument": "e",
        "path": "data/e.csv",
        "as_of": "2020-01-01",
        "update": {"from": "incoming/e.csv", **update},
    }
    found = config(plain)
    assert isinstance(found, EventTable)
    return found


NOON = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
TIE = "2020-01-01T10:30:00Z,2020-01-01T11:10:00Z,1,9.5\n"
LATER = "2020-01-01T11:00:00Z,2020-01-01T11:30:00Z,1,6.5\n"
OPEN = "2020-01-01T11:20:00Z,,,7.5\n"
AFTER = "2020-01-01T11:25:00Z,2020-01-01T11:50:00Z,0,8.5\n"


@pytest.mark.parametrize(
    ("there", "added", "note"),
    [
        (FIRST, "", "nothing new"),
        (FIRST + LATER, LATER, "1 row added"),
        (FIRST + TIE + LATER, TIE + LATER, "2 rows added"),  # two events of one time
        (FIRST + LATER + OPEN + AFTER, LATER, "2 rows left out until the event of 2020-01-01T11:20:00Z has its outcome"),
        (LATER + AFTER, LATER + AFTER, "2 rows added"),
        ("2020-01-01T10:15:00Z,2020-01-01T11:00:00Z,1,5.5\n" + LATER, LATER, "1 row older and not here"),
    ],
)
def test_events_come_with_their_outcome(tmp_path: Path, there: str, added: str, note: str) -> None:
    told = run(tmp_path, events(tmp_path, FIRST, there), NOON)
    assert note in told.note
    assert (tmp_path / "data/e.csv").read_text() == TABLE + FIRST + added


def test_an_event_that_never_ends_is_given_up(tmp_path: Path) -> None:
    table = events(tmp_path, FIRST, FIRST + LATER + OPEN + AFTER, late_after="1d")
    told = run(tmp_path, table, NOON)
    assert told.note.endswith("2 rows left out until the event of 2020-01-01T11:20:00Z has its outcome")
    told = run(tmp_path, table, dt.datetime(2020, 1, 2, 11, 21, tzinfo=dt.UTC))
    assert told.note.endswith("1 row without an outcome for too long: given up")
    assert (tmp_path / "data/e.csv").read_text() == TABLE + FIRST + LATER + AFTER


def test_an_outcome_that_is_known_now_rewrites_no_history(tmp_path: Path) -> None:
    known = OPEN.replace(",,,", ",2020-01-01T11:22:00Z,1,")
    assert run(tmp_path, events(tmp_path, FIRST + OPEN, FIRST + known + AFTER), NOON).rows_added == 1
    assert (tmp_path / "data/e.csv").read_text() == TABLE + FIRST + OPEN + AFTER


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        (
            FIRST.replace(",5.5", ",5.25") + LATER,
            "e.csv: 2020-01-01T10:00:00Z: .* got wind 5.25 for 5.5: the history was rewritten",
        ),
        (FIRST.replace(",1,5.5", ",0,5.5"), "got label 0.0 for 1.0: the history was rewritten"),
        (
            FIRST + LATER.replace("T11:30", "T13:30"),
            "column label_end: expected times up to 2020-01-01T12:00:00Z, got 2020-01-01T13:30",
        ),
        (FIRST + LATER.replace("T11:00", "T12:06"), "column time: expected times up to 2020-01-01T12:00:00Z"),
        (FIRST + AFTER + LATER, "expected times in order"),
        (FIRST + LATER.replace(",1,", ",,"), "column label: expected a number, got nan"),
    ],
)
def test_events_that_contradict_are_refused(tmp_path: Path, there: str, sentence: str) -> None:
    refused(tmp_path, sentence, events(tmp_path, FIRST, there), NOON)


def test_a_feature_that_is_gone_is_named(tmp_path: Path) -> None:
    table = events(tmp_path, FIRST, FIRST + LATER)
    path = tmp_path / "incoming/e.csv"
    path.write_text(path.read_text().replace("wind", "gust"))
    refused(tmp_path, "expected the columns that are here, wind among them; got time, label_end, label, gust", table, NOON)
