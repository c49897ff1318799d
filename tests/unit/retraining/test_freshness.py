from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.models import CsvBars, DataConfig, EventColumns, EventTable, Update
from bot_core.errors import AuditError, BotCoreError, InputError
from bot_core.retraining.freshness import as_of, move_as_of, require_fresh
from tests.full_disk import full_disk

ROOT = Path(__file__).parents[3]
HOURLY = CsvBars(instrument="eurusd", path="data/x.csv", bar="1h", calendar="fx", as_of="2017-12-29T21:00:00Z")
DAILY = msgspec.structs.replace(HOURLY, bar="1d", as_of="2013-03-01")
EVENTS = EventTable(instrument="x", path="data/x.csv", columns=EventColumns(), as_of="2014-01-01")


@pytest.mark.parametrize(
    ("config", "newest", "expected"),
    [
        (HOURLY, "2017-12-29T21:00", "2017-12-29T21:00:00Z"),
        (HOURLY, "2017-12-31T22:00", "2017-12-31T22:00:00Z"),
        (HOURLY, "2017-12-29T20:00", "2017-12-29T21:00:00Z"),  # it never goes back
        (HOURLY, "2018-01-02T00:00", "2018-01-02T00:00:00Z"),
        (DAILY, "2013-03-04", "2013-03-04"),
        (DAILY, "2013-03-01", "2013-03-01"),
        (EVENTS, "2014-01-01T01:25:00.750", "2014-01-01T01:25:00Z"),  # it has whole seconds
        (EVENTS, "2014-01-01T00:00:00.750", "2014-01-01"),
    ],
)
def test_it_follows_the_newest_row(config: DataConfig, newest: str, expected: str) -> None:
    assert as_of(config, np.datetime64(newest, "us")) == expected
    assert as_of(msgspec.structs.replace(config, as_of=expected), np.datetime64(newest, "us")) == expected


@pytest.mark.parametrize("name", ["eurusd_1h", "aapl_1d", "flight_delay"])
def test_only_its_value_changes_in_the_shipped_files(name: str, tmp_path: Path) -> None:
    old = read_bytes(ROOT / f"conf/data/{name}.yaml")
    path = tmp_path / f"{name}.yaml"
    path.write_bytes(old)
    assert move_as_of(path, "2030-01-02T03:00:00Z")
    before, after = old.decode().splitlines(), path.read_text().splitlines()
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert len(changed) == 1
    assert changed[0][1].startswith('as_of: "2030-01-02T03:00:00Z"')
    assert changed[0][0].partition("#")[2] == changed[0][1].partition("#")[2]
    assert move_as_of(path, "2030-01-02T03:00:00Z") is False


@pytest.mark.parametrize(
    "text", ["as_of: '2013-03-01' # why\r\nbar: 1d\r\n", 'bar: 1d\nas_of:   "2013-03-01"', "as_of: 2013-03-01T00\n"]
)
def test_every_other_byte_stays(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(text.encode())
    move_as_of(path, "2013-03-04")
    written = path.read_bytes().decode()
    assert load_yaml(written.encode(), "x") == {
        **convert(load_yaml(text.encode(), "x"), dict[str, str], "x"),
        "as_of": "2013-03-04",
    }
    assert [part for part in (" # why\r\n", "bar: 1d", "as_of:   ") if (part in text) != (part in written)] == []


@pytest.mark.parametrize(
    "text", ["bar: 1d\n", "data:\n  as_of: x\n", "as_of: a\nas_of: b\n", "x: |\n  a\nas_of: [\n", '{"as_of": "x"}\n']
)
def test_a_file_without_such_a_line_is_an_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(BotCoreError, match=r"x\.yaml: expected"):
        move_as_of(path, "2013-03-04")
    assert path.read_text() == text


def test_what_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("# " + "x" * 5000 + '\nas_of: "2013-03-01"\n')
    before = path.read_bytes()
    with full_disk(), pytest.raises(AuditError, match="got File too large"):
        move_as_of(path, "2013-03-04")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("late_after", "fine"), [(None, True), ("2d", True), ("1d", False)])
def test_data_may_be_as_old_as_declared(late_after: str | None, fine: bool) -> None:  # noqa: FBT001  # a row of a table
    config = msgspec.structs.replace(HOURLY, update=Update(source="x", late_after=late_after))
    newest, now = np.datetime64("2017-12-29T21:00", "us"), np.datetime64("2017-12-31T21:00", "us")
    if fine:
        require_fresh(config, newest, now)
    else:
        with pytest.raises(InputError, match=r"data/x\.csv: expected rows of the last 1d, got 2017-12-29T21:00:00Z as the newest"):
            require_fresh(config, newest, now)
