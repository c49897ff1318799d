from __future__ import annotations

import datetime as dt
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bot_core.ai import audit, sign_offs
from bot_core.ai.audit import load_scheduler_state, locked, read_state
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.errors import AuditError, DocumentError

NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def mark(path: Path) -> None:
    RetrainingScheduler(HOUR, persistence_path=path, clock=lambda: NOW).mark_executed(NOW)


def test_the_founding_documents_find_the_reports_here() -> None:
    for name in ("load_recent_drift_reports", "load_recent_data_quality_reports", "load_recent_walk_forward_reports"):
        assert name in audit.__all__
        assert getattr(audit, name) is getattr(sign_offs, name)


def test_where_nothing_was_recorded_there_is_no_state(tmp_path: Path) -> None:
    assert load_scheduler_state(audit_root=tmp_path / "audit") is None
    assert list(tmp_path.iterdir()) == []


def test_the_state_is_plain(tmp_path: Path) -> None:
    mark(tmp_path / "scheduler.json")
    state = load_scheduler_state(audit_root=tmp_path)
    assert state is not None
    assert type(state) is dict
    assert (state["version"], state["last_run"], state["interval"]) == (5, "2026-11-21T10:15:00Z", 3600.0)


def test_a_damaged_file_is_not_no_file(tmp_path: Path) -> None:
    (tmp_path / "scheduler.json").write_text("{")
    with pytest.raises(DocumentError, match=r"scheduler\.json: expected JSON"):
        load_scheduler_state(audit_root=tmp_path)
    (tmp_path / "scheduler.json").unlink()
    (tmp_path / "scheduler.json").mkdir()
    with pytest.raises(AuditError, match="expected a readable file, got Is a directory"):
        load_scheduler_state(audit_root=tmp_path)


def test_the_lock_is_held_by_one_at_a_time_threads_included(tmp_path: Path) -> None:
    path, entered, left = tmp_path / "scheduler.json", threading.Event(), []

    def second() -> None:
        with locked(path):
            left.append("second")
            entered.set()

    with locked(path):
        other = threading.Thread(target=second)
        other.start()
        assert not entered.wait(0.2)
        left.append("first")
    other.join()
    assert left == ["first", "second"]


def test_a_lock_whose_holder_was_killed_is_free(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from bot_core.ai.audit import locked
with locked(Path(sys.argv[1])):
    os.kill(os.getpid(), 9)
"""
    path = tmp_path / "scheduler.json"
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -9
    mark(path)
    assert read_state(path) is not None


def test_a_disk_that_does_not_keep_what_is_written_keeps_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scheduler.json"
    mark(path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AuditError, match=r"expected to write \d+ bytes, got Input/output error"):
        RetrainingScheduler(persistence_path=path).pause(reason="x")
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == [".scheduler.json.lock", "scheduler.json"]


def test_file_and_folder_are_on_the_disk_before_a_change_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = os.fsync

    def sync(descriptor: int) -> None:
        seen.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    mark(tmp_path / "scheduler.json")
    assert seen == [".scheduler.json.part", tmp_path.name]
