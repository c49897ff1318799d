"""The files of one journal, in order: closed segments, then the file that is written to.

A segment is `<name>.<sequence of its first line>.jsonl` beside the journal, twelve digits, where a journal's own `.jsonl` is not repeated:
`decisions.jsonl` has `decisions.000000000001.jsonl`, `rollback.log` has `rollback.log.000000000001.jsonl`. Its last line is the event
`journal_sealed`; the next file's first line names that line's hash, so a chain runs through all files and a lost segment is a gap.
The seal comes before the renaming: whoever still has the file open sees that it is closed, and finishes what a crash cut short.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from bot_core.journal.chain import START, Link, claim, event, link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path
    from typing import Self

SEALED = "journal_sealed"
_SEAL = f'{{"event_type":"{SEALED}",'.encode()
_CHUNK = 1 << 20
_BLOCK = 4096


class Segment(NamedTuple):
    """A closed file and the sequence number of its first line."""

    first: int
    path: Path


def segment(path: Path, first: int) -> Path:
    """Name the segment of a journal that begins with line `first`."""
    return path.with_name(f"{path.name.removesuffix('.jsonl')}.{first:012d}.jsonl")


def segments(path: Path) -> list[Segment]:
    """List a journal's closed segments, oldest first."""
    pattern = re.compile(re.escape(path.name.removesuffix(".jsonl")) + r"\.([0-9]{12})\.jsonl")
    files = path.parent.iterdir() if path.parent.is_dir() else ()
    found = ((pattern.fullmatch(file.name), file) for file in files)
    return sorted(Segment(int(match[1]), file) for match, file in found if match)


def is_seal(line: bytes) -> bool:
    """Say whether a line closes its file."""
    return event(line).startswith(_SEAL)


def first_line(descriptor: int) -> bytes:
    """Return the beginning of a file: enough of its first line to read what that says about itself."""
    return os.pread(descriptor, _BLOCK, 0)


def last_line(descriptor: int, end: int) -> tuple[bytes, int]:
    """Return the last whole line of a file and the offset where whole lines end; what follows is torn."""
    size = _BLOCK
    while True:
        start = max(0, end - size)
        block = os.pread(descriptor, end - start, start)
        stop = block.rfind(b"\n") + 1
        begin = block.rfind(b"\n", 0, max(stop - 1, 0)) + 1
        if start == 0 or begin:
            return block[begin:stop], start + stop
        size *= 4


def end_of_segments(path: Path) -> Link | None:
    """Return the last place in the closed segments; nothing where the newest does not end in a line of a chain."""
    closed = segments(path)
    if not closed:
        return START
    with closed[-1].path.open("rb") as stream:
        return link(last_line(stream.fileno(), os.fstat(stream.fileno()).st_size)[0])


def batches(stream: BufferedReader, size: int) -> Iterator[list[bytes]]:
    """Read the first `size` bytes of a file as lines, about a megabyte at a time; only the last line may lack its newline."""
    left = size
    while left > 0:
        lines = stream.readlines(min(_CHUNK, left))
        if not lines:
            return
        left -= sum(map(len, lines))
        if left < 0:
            lines[-1] = lines[-1][:left]
        yield lines if lines[-1] else lines[:-1]


class Follower:
    """Reads a journal's lines in order through all its files, and goes on where it stopped when it is asked again.

    Args:
        path: the journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = START
        self._stream: BufferedReader | None = None
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lines(self) -> Iterator[bytes]:
        """Yield the whole lines that are there and were not given yet.

        Raises:
            ValueError: a line that does not follow the one before it; the text says which.
        """
        while self._stream or self._open():
            found = self._rest + (self._stream.readline() if self._stream else b"")
            if not found.endswith(b"\n"):
                self._rest = found
                return
            self._rest = b""
            self._advance(found)
            if is_seal(found):
                self.close()
            yield found

    def close(self) -> None:
        """Close the file at hand."""
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def _open(self) -> bool:
        """Open the file that begins with the next line, if it is there by now; the journal itself may still be the file just read."""
        wanted = self.place.sequence + 1
        for path in (segment(self.path, wanted), self.path):
            if path.exists():
                self._stream = path.open("rb")
                said = claim(self._stream.peek(_BLOCK))
                if said is None or said.sequence >= wanted:
                    return True
                self.close()
        return False

    def _advance(self, line: bytes) -> None:
        said, place = claim(line), link(line)
        if place is None or said != (self.place.sequence + 1, self.place.hash):
            shown = f"line {said.sequence} after {said.previous[:12]}…" if said else repr(line[:40])
            msg = f"{self.path}: expected line {self.place.sequence + 1} after {self.place.hash[:12]}…, got {shown}"
            raise ValueError(msg)
        self.place = place
