"""The locked append: several processes and threads write one journal; a write that fails is a failed operation.

A write takes an exclusive `flock` on the file, looks whether the file ends where this process left it (else reads the last line), appends
all its lines in one `write`, syncs as the policy says, and moves the tip. If any of that fails the file is cut back to where it was and
AuditError is raised: the caller must not go on. The next writer puts aside what a killed process left torn, cuts it off, and journals that
as `journal_repaired`; so it does with lines that a failure of the machine took before they were on the disk. A file that otherwise ends
before its tip or its head, or other than they say, is not written to.

fsync: `always`: every write is on the disk before it returns; `batch`: every write of several lines, and every hundredth single one;
`os`: when a head is taken. Taking a head always waits for the disk first, so no head speaks of lines that a power failure can take.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
from typing import TYPE_CHECKING, Literal

from bot_core.errors import AuditError
from bot_core.journal import head
from bot_core.journal.chain import START, Link, chained, claim
from bot_core.journal.recovery import REPAIRED, Repair, end_of, own_event, put_aside, standing
from bot_core.journal.rotation import SEALED, first_line, is_seal, last_line, segment
from bot_core.journal.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Self

Fsync = Literal["always", "batch", "os"]
BATCH = 100


def utc_now() -> dt.datetime:
    """Return the time for heads and the journal's own events."""
    return dt.datetime.now(dt.UTC)


class Journal:
    """A journal to append to. Nothing is opened or created before the first write.

    Args:
        path: the file; its closed segments, tip and head lie beside it.
        fsync: when a write waits for the disk; see the module.
        rotate_bytes: close the file and begin another once it has this size; by default never.
        sign: makes an armored signature of a head's bytes; without it heads are unsigned.
        clock: the time.
    """

    def __init__(
        self,
        path: Path,
        *,
        fsync: Fsync = "batch",
        rotate_bytes: int | None = None,
        sign: Callable[[bytes], bytes] | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self.path = path
        self.fsync = fsync
        self.rotate_bytes = rotate_bytes
        self.sign = sign
        self.clock = clock
        self.repaired: list[Repair] = []
        self._lost = False
        self._written = False
        self._unsynced = 0
        self._mutex = threading.Lock()
        self._pid = os.getpid()
        self._tail: Tail | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, events: Sequence[bytes]) -> Link:
        """Append events, each one JSON value without line breaks, in one write; return the place of the last.

        Raises:
            AuditError: they are not in the journal, and the operation they record must fail.
        """
        self._own_process()
        with self._mutex:
            tail = self._locked()
            try:
                if self.rotate_bytes is not None and tail.end >= self.rotate_bytes:
                    self._seal(tail)
                    tail = self._locked()
                return self._write(tail, events)
            except OSError as error:
                raise self._failed(error) from error
            finally:
                tail.unlock()

    def checkpoint(self) -> head.Statement:
        """Wait for the disk and write the head: the newest place, signed if there is a key.

        Raises:
            AuditError: it could not be written.
            SigningError: the key gave no signature.
        """
        with self._held() as tail:
            tail.sync()
            self._unsynced = 0
            place = tail.place
        statement, said = self._statement(place)
        file = head.head_path(self.path)
        with self._held():
            newest = head.read_head(file)
            if newest is None or newest.statement.sequence <= place.sequence:
                head.write_head(file, said)
        return statement

    def rotate(self) -> None:
        """Close the file as a segment, so that the next write begins another; an empty one stays.

        Raises:
            AuditError: the seal, the segment's name or the head could not be written.
            SigningError: the key gave no signature.
        """
        with self._held() as tail:
            if tail.end:
                self._seal(tail)
        self.checkpoint()

    def close(self) -> None:
        """Take a head if something was written, and close the files; another write opens them again.

        Raises:
            AuditError: the head could not be written.
            SigningError: the key gave no signature.
        """
        try:
            if self._written and self._pid == os.getpid():
                self.checkpoint()
        finally:
            self._written = False
            self._drop()

    # --- the lock ---

    @contextlib.contextmanager
    def _held(self) -> Iterator[Tail]:
        self._own_process()
        with self._mutex:
            tail = self._locked()
            try:
                yield tail
            except OSError as error:
                raise self._failed(error) from error
            finally:
                tail.unlock()

    def _locked(self) -> Tail:
        """Lock the file that is the journal now, and know its end."""
        if self._lost:
            msg = f"{self.path}: expected a disk that keeps what is written, got one that failed to before"
            raise AuditError(msg, hint="verify the journal, then start the process again")
        known = False
        try:
            while not known:
                self._tail = tail = self._tail or Tail(self.path)
                found = tail.lock()
                known = (found.st_size == tail.end and found.st_nlink > 0) or self._caught_up(tail, found.st_size)
                if not known:
                    self._drop()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            if not known:
                self._drop()
        return tail

    def _caught_up(self, tail: Tail, end: int) -> bool:
        """Read where the file ends by now; False where it was closed, or is not the journal any more."""
        last, whole = last_line(tail.file, end)
        if is_seal(last):
            self._shelve(tail)
            return False
        if not tail.is_journal():
            return False
        place = end_of(self.path, last)
        new, lost = standing(self.path, place)
        tail.place, tail.end = place, whole
        if new:
            tail.write([], START, sync=False)
            head.write_head(head.head_path(self.path), self._statement(START)[1])
        torn = put_aside(tail, whole, end) if whole < end else None
        for repair in filter(None, (torn, lost)):
            self._write(tail, [own_event(REPAIRED, self.clock(), repair._asdict())])
            self.repaired.append(repair)
        return True

    # --- the file ---

    def _write(self, tail: Tail, events: Sequence[bytes]) -> Link:
        lines, place = chained(tail.place, events)
        if not lines:
            return place
        if b"\n" in b"".join(events):
            msg = f"{self.path}: expected events without line breaks"
            raise AuditError(msg, hint="nothing was recorded; write each as one line of JSON")
        self._unsynced += len(lines)
        due = self.fsync == "batch" and (len(lines) > 1 or self._unsynced >= BATCH)
        sync = due or self.fsync == "always"
        tail.write(lines, place, sync=sync)
        self._written = True
        if sync:
            self._unsynced = 0
        return place

    def _seal(self, tail: Tail) -> None:
        self._write(tail, [own_event(SEALED, self.clock(), {"file": self.path.name})])
        tail.sync()
        self._unsynced = 0
        self._shelve(tail)
        self._drop()

    def _shelve(self, tail: Tail) -> None:
        """Give a closed file its segment's name, unless another process did."""
        if tail.is_journal():
            first = claim(first_line(tail.file))
            if first is None:
                msg = f"{self.path}: expected a line of the chain at the beginning of a closed file, got something else"
                raise AuditError(msg, hint=f"bot-core journal verify {self.path}")
            self.path.rename(segment(self.path, first.sequence))
            head.sync_folder(self.path.parent)

    def _statement(self, place: Link) -> tuple[head.Statement, bytes]:
        """Make a head: what it says, and its bytes, signed if there is a key."""
        statement = head.Statement(journal=self.path.name, sequence=place.sequence, hash=place.hash, taken=self.clock())
        said = statement.spelled()
        return statement, said + (self.sign(said) if self.sign else b"")

    # --- the process ---

    def _own_process(self) -> None:
        """Open everything anew in a child process: it must not share its parent's lock."""
        if self._pid != os.getpid():
            self._pid, self._mutex, self._written = os.getpid(), threading.Lock(), False
            self._drop()

    def _failed(self, error: OSError) -> AuditError:
        self._lost = self._lost or (self._tail is not None and self._tail.lost)
        self._drop()
        msg = f"{self.path}: expected to write, got {error.strerror or error}"
        return AuditError(msg, hint="nothing was recorded, so nothing may be done; free space or fix permissions, then do it again")

    def _drop(self) -> None:
        if self._tail is not None:
            self._tail.close()
        self._tail = None
