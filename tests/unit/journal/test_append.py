from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import AuditError
from bot_core.journal.append import BATCH, Fsync, Journal, utc_now
from bot_core.journal.chain import START, chained
from bot_core.journal.head import TIP_SIZE, head_path, read_head, read_tip, tip_path
from bot_core.journal.recovery import own_event
from bot_core.journal.rotation import SEALED, segments
from bot_core.journal.verification import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EVENT = b'{"event_type":"decision"}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "decisions.jsonl"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 64 KiB; where that is not allowed the tests with a size limit remain."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=False, capture_output=True).returncode:
        pytest.skip("may not mount here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []
    real = os.fdatasync

    def sync(descriptor: int) -> None:
        seen.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    return seen


def test_nothing_is_created_before_the_first_write(path: Path) -> None:
    Journal(path).close()
    assert not path.parent.exists()


def test_a_new_journal_has_a_tip_and_a_head_from_its_first_line_on(path: Path) -> None:
    journal = Journal(path)
    place = journal.append((EVENT,))
    tip, head = read_tip(path), read_head(head_path(path))
    assert tip
    assert tip.place == place
    assert tip_path(path).stat().st_size == TIP_SIZE
    assert head
    assert head.statement.place == START
    journal.close()
    head = read_head(head_path(path))
    assert head
    assert head.statement.place == place


def test_a_batch_is_one_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path, fsync="os")
    journal.append((EVENT,))
    sizes: list[int] = []
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        sizes.append(len(data))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    assert journal.append([EVENT] * 5).sequence == 6
    assert len(sizes) == 1
    assert journal.append([]).sequence == 6
    assert len(sizes) == 1


def test_a_short_write_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path, fsync="os")
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:50]))
    journal.append([EVENT] * 3)
    monkeypatch.undo()
    assert verify(path).place.sequence == 3


@pytest.mark.parametrize(("policy", "single", "several"), [("always", 1, 1), ("batch", 0, 1), ("os", 0, 0)])
def test_a_write_waits_for_the_disk_as_the_policy_says(
    policy: Fsync, single: int, several: int, path: Path, syncs: list[int]
) -> None:
    journal = Journal(path, fsync=policy)
    journal.append((EVENT,))
    assert len(syncs) == single
    journal.append([EVENT, EVENT])
    assert len(syncs) == single + several
    journal.checkpoint()
    assert len(syncs) == single + several + 1


def test_single_writes_of_the_policy_batch_wait_every_hundredth_time(path: Path, syncs: list[int]) -> None:
    journal = Journal(path, fsync="batch")
    for _ in range(2 * BATCH + 1):
        journal.append((EVENT,))
    assert len(syncs) == 2


def test_journals_of_one_file_see_each_other_s_lines(path: Path) -> None:
    one, other = Journal(path), Journal(path)
    assert [journal.append((EVENT,)).sequence for journal in (one, other, other, one, other)] == [1, 2, 3, 4, 5]
    one.close()
    assert one.append((EVENT,)).sequence == 6
    assert verify(path).whole


def test_threads_share_a_journal(path: Path) -> None:
    journal = Journal(path, fsync="os")
    threads = [threading.Thread(target=lambda: [journal.append((EVENT,)) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(path).place.sequence == 200


def test_an_older_head_does_not_replace_a_newer_one(path: Path) -> None:
    journal, other = Journal(path), Journal(path)
    journal.append((EVENT,))

    def slow(_: bytes) -> bytes:
        other.append((EVENT,))
        other.checkpoint()
        return b""

    journal.sign = slow
    assert journal.checkpoint().sequence == 1
    head = read_head(head_path(path))
    assert head
    assert head.statement.sequence == 2


def test_an_event_with_a_line_break_is_refused(path: Path) -> None:
    journal = Journal(path)
    with pytest.raises(AuditError, match="without line breaks"):
        journal.append((b'{\n"event_type":"decision"}',))
    assert path.read_bytes() == b""


# --- what fails ---


def test_on_a_full_disk_nothing_is_half_recorded_and_the_next_write_goes_on(small_disk: Path) -> None:
    path = small_disk / "full.log"
    journal = Journal(path, fsync="os")
    journal.append((EVENT,))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (64 * 1024 - sum(-(-file.stat().st_size // 4096) * 4096 for file in small_disk.iterdir())))
    before = path.read_bytes()
    with pytest.raises(AuditError, match=r"full\.log: expected to write, got No space left on device") as caught:
        journal.append([EVENT] * 100)
    assert "nothing was recorded" in caught.value.hint
    assert path.read_bytes() == before
    with pytest.raises(AuditError, match="No space left on device"):
        journal.checkpoint()
    filler.unlink()
    assert journal.append((EVENT,)).sequence == 2
    journal.close()
    assert verify(path).whole


def test_a_journal_on_a_read_only_disk_is_refused(small_disk: Path) -> None:
    path = small_disk / "fixed.log"
    with Journal(path) as journal:
        journal.append((EVENT,))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for file in (path, small_disk / "new" / "fixed.log"):
        with pytest.raises(AuditError, match="Read-only file system"):
            Journal(file).append((EVENT,))
    assert verify(path).whole


def test_a_file_that_may_not_grow_is_cut_back_to_its_last_line(path: Path) -> None:
    with Journal(path) as journal:
        journal.append((EVENT,))
    before = path.read_bytes()
    limit = len(before) + 500
    program = f"""
import resource
from pathlib import Path
from bot_core.errors import AuditError
from bot_core.journal.append import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    Journal(Path({str(path)!r})).append([{EVENT!r}] * 20)
except AuditError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "expected to write, got File too large" in done.stdout
    assert path.read_bytes() == before
    assert verify(path).whole


def test_a_disk_that_failed_to_keep_lines_is_not_trusted_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path, fsync="always")
    journal.append((EVENT,))
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(AuditError, match="Input/output error"):
        journal.append((EVENT,))
    monkeypatch.undo()
    assert path.read_bytes() == before
    with pytest.raises(AuditError, match="expected a disk that keeps what is written"):
        journal.append((EVENT,))
    assert Journal(path).append((EVENT,)).sequence == 2


def test_a_folder_in_the_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(AuditError, match=r"decisions\.jsonl: expected to write, got Is a directory"):
        Journal(path).append((EVENT,))


def cut(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def edit(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4] + b'X"}\n')


def garbage(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"{}\n")


def delete(path: Path) -> None:
    path.unlink()


def delete_head(path: Path) -> None:
    head_path(path).unlink()


def empty_tip(path: Path) -> None:
    tip_path(path).write_bytes(b"")


def spoil_head(path: Path) -> None:
    head_path(path).write_bytes(b"{}")


@pytest.mark.parametrize("damage", [cut, edit, garbage, delete, delete_head, empty_tip, spoil_head])
def test_a_journal_that_was_tampered_with_is_not_written_to(damage: Callable[[Path], None], path: Path) -> None:
    with Journal(path) as journal:
        journal.append([EVENT] * 3)
    damage(path)
    before = path.read_bytes() if path.exists() else b""
    with pytest.raises(AuditError, match=r"expected|head of a journal"):
        Journal(path).append((EVENT,))
    assert (path.read_bytes() if path.exists() else b"") == before
    assert not verify(path).whole


@pytest.mark.parametrize("damage", [cut, garbage, delete])
def test_a_running_writer_notices_too(damage: Callable[[Path], None], path: Path) -> None:
    journal = Journal(path)
    journal.append([EVENT] * 3)
    damage(path)
    with pytest.raises(AuditError, match="expected"):
        journal.append((EVENT,))


# --- rotation ---


def test_rotation_keeps_the_chain(path: Path) -> None:
    with Journal(path, rotate_bytes=600) as journal:
        for _ in range(20):
            journal.append((EVENT,))
    closed = segments(path)
    assert len(closed) > 1
    assert all(b'"journal_sealed"' in part.path.read_bytes().splitlines()[-1] for part in closed)
    verdict = verify(path)
    assert (verdict.whole, verdict.files, verdict.place.sequence) == (True, len(closed) + 1, 20 + len(closed))


def test_another_writer_follows_a_rotation_and_an_empty_file_is_not_closed(path: Path) -> None:
    one, other = Journal(path), Journal(path)
    one.append((EVENT,))
    other.append((EVENT,))
    one.rotate()
    one.rotate()
    assert [part.first for part in segments(path)] == [1]
    assert other.append((EVENT,)).sequence == 4
    assert one.append((EVENT,)).sequence == 5
    assert verify(path).whole


def test_a_rotation_that_a_crash_cut_short_is_finished(path: Path) -> None:
    place = Journal(path).append((EVENT,))
    lines, sealed = chained(place, [own_event(SEALED, utc_now(), {"file": path.name})])
    with path.open("ab") as stream:
        stream.write(lines[0])
    assert Journal(path).append((EVENT,)).sequence == sealed.sequence + 1
    assert [part.first for part in segments(path)] == [1]
    assert verify(path).whole


def test_a_closed_file_that_begins_with_no_line_is_refused(path: Path) -> None:
    place = Journal(path).append((EVENT,))
    path.write_bytes(b"x" + path.read_bytes() + chained(place, [own_event(SEALED, utc_now(), {})])[0][0])
    with pytest.raises(AuditError, match="expected a line of the chain at the beginning of a closed file"):
        Journal(path).append((EVENT,))


def test_a_rotation_that_fails_records_nothing(path: Path) -> None:
    journal = Journal(path, rotate_bytes=100)
    journal.append((EVENT,))
    path.with_name("decisions.000000000001.jsonl").mkdir()
    with pytest.raises(AuditError, match="Is a directory"):
        journal.append((EVENT,))
    path.with_name("decisions.000000000001.jsonl").rmdir()
    assert journal.append((EVENT,)).sequence == 3
    assert [json.loads(line)["seq"] for line in path.read_bytes().splitlines()] == [3]
