"""The feed reads what training reads, and waits for what is appended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._parse import convert, load_yaml
from bot_core.config.models import CsvBars
from bot_core.data.ohlcv import load_bars
from bot_core.errors import ConfigError, InputError
from bot_core.features.columns import as_bars, bar_columns, opening_times
from bot_core.runtime.bars import BarTail, follow_bars, read_bars

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.features.indicators.indicator import Bar

CSV_BARS = {
    path.stem: convert(load_yaml(path.read_bytes(), str(path)), CsvBars, str(path))
    for path in Path("conf/data").glob("*.yaml")
    if "kind: csv" in path.read_text()
}
CONFIG = CsvBars(instrument="x", path="data/x.csv", bar="1h", calendar="24/7", as_of="2017-01-03")
HEADER = "time,open,high,low,close,volume\n"


def row(hour: int, close: float = 1.5) -> str:
    return f"2017-01-02T{hour:02}:00:00Z,1,2,0.5,{close},10\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data/x.csv"
    path.write_text(HEADER + row(0) + row(1))
    return path


def hours(bars: list[Bar]) -> list[int]:
    return [int(bar.time // 3600 % 24) for bar in bars]


def append(file: Path, text: str) -> None:
    with file.open("a") as out:
        out.write(text)


def following(file: Path, *acts: Callable[[], object]) -> list[Bar]:
    """Follow a file; each time that nothing more is there, the next thing happens, at last the end."""
    left, quiet, bars = list(acts), 0, []

    def stop() -> bool:
        nonlocal quiet
        quiet += 1
        if quiet < 8:  # every line that is there asks once
            return False
        quiet = 0
        if left:
            left.pop(0)()
            return False
        return True

    for bar in follow_bars(CONFIG, file.parents[1], stop=stop, poll_s=0.0):
        quiet = 0
        bars.append(bar)
    return bars


# --- the same as training -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", CSV_BARS.values(), ids=CSV_BARS)
def test_every_bar_of_every_file_is_that_of_training_to_the_last_bit(config: CsvBars) -> None:
    frame = load_bars(config)
    wanted = as_bars(bar_columns(frame, opening_times(frame)))
    assert list(read_bars(config)) == wanted
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > len(wanted) + 4

    assert list(follow_bars(config, stop=stop, poll_s=0.0)) == wanted


def test_there_are_files_with_and_without_adjusted_prices() -> None:
    assert {config.repairs.adjust_for_splits for config in CSV_BARS.values()} == {True, False}


def test_it_needs_no_table() -> None:
    heavy = "{'pandas', 'polars', 'sklearn', 'lightgbm', 'numba', 'matplotlib', 'pandera'}"
    code = f"import sys, bot_core.runtime.bars, bot_core.runtime.paper; sys.exit(str(sorted({heavy} & set(sys.modules))) != '[]')"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- a file that nobody writes to ------------------------------------------------------------------------------------------------------


def test_the_last_line_counts_without_its_end(file: Path) -> None:
    append(file, row(2).rstrip())
    assert hours(list(read_bars(CONFIG, file.parents[1]))) == [0, 1, 2]


@pytest.mark.parametrize("text", ["", HEADER, "\n\n"], ids=["empty", "header only", "blank"])
def test_a_file_without_a_bar_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError) as error:
        list(read_bars(CONFIG, file.parents[1]))
    assert (
        str(error.value) == "data/x.csv: expected at least one row after the header, got none (export or download the file again)"
    )


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data/x.csv").mkdir(parents=True)
    with pytest.raises(InputError, match="expected a readable CSV file, got Is a directory"):
        list(read_bars(CONFIG, tmp_path))
    with pytest.raises(InputError, match="expected a readable CSV file, got No such file or directory"):
        list(follow_bars(CONFIG, tmp_path / "elsewhere", stop=lambda: False))
    assert not (tmp_path / "elsewhere").exists()


def test_a_declaration_that_cannot_be_followed_is_refused_at_once(tmp_path: Path) -> None:
    for feed in (read_bars, lambda config, root: follow_bars(config, root, stop=lambda: True)):
        with pytest.raises(ConfigError, match="expected an IANA time zone"):
            feed(replace(CONFIG, timezone="Mars/Base"), tmp_path)


# --- a file that grows -------------------------------------------------------------------------------------------------------------------


def test_what_is_appended_comes_with_the_end_of_its_line(file: Path) -> None:
    line = row(2)
    bars = following(
        file,
        lambda: append(file, line[:9]),
        lambda: append(file, line[9:-1]),
        lambda: append(file, "\n" + row(3) + row(4)[:25]),
        lambda: append(file, row(4)[25:]),
    )
    assert hours(bars) == [0, 1, 2, 3, 4]
    assert bars == list(read_bars(CONFIG, file.parents[1]))


def test_a_torn_number_is_not_taken_for_a_whole_one(file: Path) -> None:
    assert hours(following(file, lambda: append(file, row(2).rstrip()))) == [0, 1]


def test_a_file_may_begin_empty(file: Path) -> None:
    file.write_text("")
    assert hours(following(file, lambda: append(file, HEADER[:5]), lambda: append(file, HEADER[5:] + row(7)))) == [7]


def test_a_feed_that_is_told_to_stop_stops_between_two_lines(file: Path) -> None:
    told = False
    feed = follow_bars(CONFIG, file.parents[1], stop=lambda: told)
    assert hours([next(feed)]) == [0]
    told = True
    assert list(feed) == []


def test_it_follows_another_thread_within_its_poll(file: Path) -> None:
    done = threading.Event()
    feed = follow_bars(CONFIG, file.parents[1], stop=done.is_set, poll_s=0.01)
    assert hours([next(feed), next(feed)]) == [0, 1]
    writer = threading.Timer(0.05, append, (file, row(2)))
    writer.start()
    assert hours([next(feed)]) == [2]
    writer.join()
    done.set()
    assert list(feed) == []


def moved(file: Path) -> None:
    file.rename(file.with_suffix(".old"))


def rotated(file: Path) -> None:
    moved(file)
    file.write_text(HEADER + row(0) + row(1) + row(2))


def rewritten(file: Path) -> None:
    with file.open("r+") as out:
        out.write(HEADER + row(0, 1.6) + row(1, 1.6) + row(2, 1.6))


CHANGES = {
    "cut off": (lambda file: os.truncate(file, 40), "one that shrank from 104 to 40 bytes"),
    "moved away": (moved, "none any more (No such file or directory)"),
    "rotated": (rotated, "another one in its place"),
    "rewritten": (rewritten, "other lines where it was read already"),
}


@pytest.mark.parametrize(("change", "got"), CHANGES.values(), ids=CHANGES)
def test_a_file_that_did_not_only_grow_is_another_file(file: Path, change: Callable[[Path], object], got: str) -> None:
    with pytest.raises(InputError) as error:
        following(file, lambda: change(file))
    assert error.value.message == f"data/x.csv: line 3: expected a file that only grows, got {got}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (row(1), "line 4: expected every bar later than the one before, got 2017-01-02T01:00:00Z twice"),
        (row(2, float("inf")), "line 4: column close: expected a finite number, got 'inf'"),
    ],
)
def test_an_appended_line_that_is_wrong_is_named(file: Path, line: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        following(file, lambda: append(file, line))
    assert error.value.message == f"data/x.csv: {sentence}"


# --- without waiting ---


def test_a_tail_gives_what_is_there_up_to_a_time_and_goes_on(file: Path, tmp_path: Path) -> None:
    tail = BarTail(CONFIG, tmp_path)
    first, second = (bar.time for bar in read_bars(CONFIG, tmp_path))
    assert hours(list(tail.until(first - 1.0))) == []
    assert hours(list(tail.until(first))) == [0]
    assert hours(list(tail.until(first))) == []
    append(file, row(2) + row(3)[:9])
    assert hours(list(tail.until(second + 3600.0))) == [1, 2]
    append(file, row(3)[9:])
    assert hours(list(tail.until(float("inf")))) == [3]
    tail.close()


@pytest.mark.parametrize("change", ["shrunk", "replaced", "gone"])
def test_a_tail_of_a_file_that_did_not_only_grow_ends(file: Path, tmp_path: Path, change: str) -> None:
    tail = BarTail(CONFIG, tmp_path)
    assert hours(list(tail.until(float("inf")))) == [0, 1]
    if change == "shrunk":
        file.write_text(HEADER)
    else:
        file.unlink()
    if change == "replaced":
        file.write_text(HEADER + row(0) + row(1))
    with pytest.raises(InputError, match="expected a file that only grows, got"):
        list(tail.until(float("inf")))
    tail.close()


def test_a_tail_opens_its_file_with_the_first_look(tmp_path: Path) -> None:
    tail = BarTail(CONFIG, tmp_path)
    tail.close()
    with pytest.raises(InputError, match="expected a readable CSV file"):
        list(tail.until(0.0))
