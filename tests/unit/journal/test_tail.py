from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bot_core.journal.chain import START, chained
from bot_core.journal.tail import Tail

if TYPE_CHECKING:
    from pathlib import Path


def test_a_write_that_fails_at_the_tip_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tail = Tail(tmp_path / "a.log")
    tail.end = tail.lock().st_size
    lines, place = chained(START, [b"{}"])

    def fail(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", fail)
        with pytest.raises(OSError):  # noqa: PT011  # any
            tail.write(lines, place, sync=False)
    assert (tmp_path / "a.log").read_bytes() == b""
    assert tail.end < 0  # unknown: the next lock looks again
    tail.end = 0
    tail.write(lines, place, sync=True)
    assert (tail.place, tail.end) == (place, len(lines[0]))


def test_it_knows_when_its_file_is_not_the_journal_any_more(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    tail = Tail(path)
    assert tail.is_journal()
    path.rename(tmp_path / "b.log")
    assert not tail.is_journal()
    path.touch()
    assert not tail.is_journal()


def test_it_may_be_closed_and_unlocked_twice(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "a.log")
    tail.lock()
    tail.close()
    tail.unlock()
    tail.close()
