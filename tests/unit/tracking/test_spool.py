from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot_core.config.tracking import MlflowTracking, WandbTracking
from bot_core.errors import AuditError, DocumentError
from bot_core.tracking.spool import PLACE, Spool, tracker_name
from tests.tracked import CONTENT, FILE, tracked

if TYPE_CHECKING:
    from pathlib import Path

TO, OTHER = MlflowTracking(uri="http://a:1"), WandbTracking(project="p")


def names(spool: Spool) -> list[tuple[str, str]]:
    """Return what waits: the run's name and the tracker's."""
    return [(entry.run.name, entry.tracker) for entry in spool.waiting()]


def test_reading_creates_nothing(tmp_path: Path) -> None:
    assert Spool(tmp_path).waiting() == []
    with Spool(tmp_path).telling() as mine:
        assert mine
    assert list(tmp_path.iterdir()) == []


def test_what_waits_is_told_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for number in (3, 1, 2):
        assert spool.add(tracked(number), TO)
    assert spool.add(tracked(1), OTHER)
    assert names(spool) == [("small-3", "mlflow"), ("small-1", "mlflow"), ("small-2", "mlflow"), ("small-1", "wandb")]
    spool.drop(spool.waiting()[0])
    spool.add(tracked(4), TO)
    assert names(spool)[-1] == ("small-4", "mlflow")


def test_a_run_waits_once_for_each_tracker(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert [spool.add(tracked(), TO), spool.add(tracked(), TO), spool.add(tracked(), OTHER)] == [True, False, True]


def test_files_are_kept_as_they_were(tmp_path: Path) -> None:
    spool, run = Spool(tmp_path), tracked(1, tmp_path)
    spool.add(run, TO)
    (tmp_path / FILE).write_bytes(b"the next training's")
    ((name, copy),) = spool.files(run)
    assert (name, copy.name, copy.read_bytes()) == (FILE, "model.json", CONTENT)


def test_files_may_lie_in_a_clone(tmp_path: Path) -> None:
    run = tracked(1, tmp_path / "clone")
    Spool(tmp_path / "root").add(run, TO, made=tmp_path / "clone")
    assert [name for name, _ in Spool(tmp_path / "root").files(run)] == [FILE]


def test_a_file_that_is_not_as_it_was_is_left_out(tmp_path: Path) -> None:
    spool, run = Spool(tmp_path), tracked(1, tmp_path)
    (tmp_path / FILE).write_bytes(b"changed before it was recorded")
    spool.add(run, TO)
    assert spool.files(run) == []
    tracked(2, tmp_path)
    spool.add(tracked(2), TO)
    ((_, copy),) = spool.files(run)
    copy.write_bytes(b"damaged")
    assert spool.files(run) == []


def test_copies_go_with_the_last_entry_that_needs_them(tmp_path: Path) -> None:
    spool, run = Spool(tmp_path), tracked(1, tmp_path)
    spool.add(run, TO)
    spool.add(run, OTHER)
    first, second = spool.waiting()
    spool.drop(first)
    assert spool.files(run)
    spool.drop(second)
    assert spool.files(run) == []
    assert not list((tmp_path / PLACE / "files").iterdir())


def test_many_at_once_get_numbers_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: Spool(tmp_path).add(tracked(number), TO), range(40)))
    waiting = Spool(tmp_path).waiting()
    assert [entry.number for entry in waiting] == list(range(1, 41))
    assert {entry.run.name for entry in waiting} == {f"small-{number}" for number in range(40)}


def test_one_tells_at_a_time_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(tracked(), TO)
    hold = (
        "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / PLACE / "tell.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with spool.telling() as mine:
            assert not mine
        holder.kill()
        holder.wait()
        with spool.telling() as mine:
            assert mine


def test_what_a_killed_writer_left_torn_is_no_entry(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(tracked(), TO)
    (tmp_path / PLACE / f".{spool.waiting()[0].path.name}.part").write_text("{")
    assert names(spool) == [("small-1", "mlflow")]


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(tracked(), TO)
    path = spool.waiting()[0].path
    path.write_text("{")
    with pytest.raises(DocumentError, match=path.name) as caught:
        spool.waiting()
    assert caught.value.hint == f"move {path} away; the run itself is kept under var/tracking/runs/"


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder must be")
    with pytest.raises(AuditError, match=r"add\.lock: expected to open it"):
        Spool(tmp_path).add(tracked(), TO)


def test_locks_are_let_go(tmp_path: Path) -> None:
    Spool(tmp_path).add(tracked(), TO)
    handle = os.open(tmp_path / PLACE / "add.lock", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_trackers_have_names() -> None:
    assert (tracker_name(TO), tracker_name(OTHER)) == ("mlflow", "wandb")
