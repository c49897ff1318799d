"""The open end of a journal's file: two descriptors, the lock, the last place, and a write that happens whole or is taken back."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from bot_core.journal.chain import START, Link
from bot_core.journal.head import sync_folder, tip_bytes, tip_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_UNKNOWN = -1
_MODE = 0o644
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class Tail:
    """A journal's file, opened for appending; created, with its folder, where it is missing.

    Args:
        path: the journal.

    Raises:
        OSError: it cannot be opened or created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = START
        self.end = _UNKNOWN
        self.file = self.tip = -1
        self.lost = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = os.open(path, _OPEN | os.O_APPEND, _MODE)
        self.tip = os.open(tip_path(path), _OPEN, _MODE)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close both files, which gives the lock back."""
        for descriptor in (self.file, self.tip):
            if descriptor >= 0:
                os.close(descriptor)
        self.file = self.tip = -1

    def lock(self) -> os.stat_result:
        """Wait for the lock; return what the file is by now."""
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return os.fstat(self.file)

    def unlock(self) -> None:
        """Give the lock back."""
        if self.file >= 0:
            fcntl.flock(self.file, fcntl.LOCK_UN)

    def is_journal(self) -> bool:
        """Say whether the file is still the one with the journal's name."""
        try:
            return os.path.samestat(os.fstat(self.file), self.path.stat())
        except FileNotFoundError:
            return False

    def write(self, lines: Sequence[bytes], place: Link, *, sync: bool) -> None:
        """Append whole lines and move the tip; after an error the file is as it was.

        Raises:
            OSError: disk full, a limit, a lost disk.
        """
        data, end = b"".join(lines), self.end
        self.end = _UNKNOWN
        try:
            self._write(data)
            if sync:
                self._flush()
            os.pwrite(self.tip, tip_bytes(place), 0)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self.file, end)
            raise
        self.place, self.end = place, end + len(data)

    def sync(self) -> None:
        """Wait until lines and names are on the disk."""
        self._flush()
        sync_folder(self.path.parent)

    def _write(self, data: bytes) -> None:
        written = os.write(self.file, data)
        while written < len(data):
            written += os.write(self.file, data[written:])

    def _flush(self) -> None:
        """Wait for the disk; where that fails once, the kernel may have dropped what was written before, and nothing is certain."""
        try:
            os.fdatasync(self.file)
        except OSError:
            self.lost = True
            raise
