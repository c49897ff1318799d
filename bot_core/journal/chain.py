r"""The chain: one line per event, and every line names the one before it.

A line is `{"seq":N,"prev":"HASH","event":EVENT}` and a newline: N counts from 1 without gaps, HASH is the SHA-256 of the whole previous
line with its newline in 64 hex digits (64 zeros before line 1), EVENT is one JSON value without line breaks. As `prev` is part of the
line, the hash of a line covers everything before it; nothing is parsed or written again to check it. By hand: line N of a file hashes as
`sed -n Np FILE | sha256sum`.

>>> line, end = chained(START, [b'{"event_type":"decision"}'])
>>> line[0][:32]
b'{"seq":1,"prev":"000000000000000'
>>> walk([line], START, {}) == (end, True)
True
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_HEAD = re.compile(rb'\{"seq":(?P<sequence>[1-9][0-9]{0,17}),"prev":"(?P<previous>[0-9a-f]{64})","event":')
_END = b"}\n"


class Link(NamedTuple):
    """A place in the chain: a line's sequence number and the hash of that line."""

    sequence: int
    hash: str

    @property
    def entry(self) -> str:
        """Name the line in other documents: `12:3f2a…`."""
        return f"{self.sequence}:{self.hash}"


class Claim(NamedTuple):
    """What a line says about itself: its sequence number and the hash of the line before."""

    sequence: int
    previous: str


START = Link(0, "0" * 64)


def chained(last: Link, events: Iterable[bytes]) -> tuple[list[bytes], Link]:
    """Return the lines that append `events` after `last`, and the new end of the chain."""
    sequence, digest = last
    sha256 = hashlib.sha256
    lines = []
    for event in events:
        sequence += 1
        line = f'{{"seq":{sequence},"prev":"{digest}","event":'.encode() + event + _END
        digest = sha256(line).hexdigest()
        lines.append(line)
    return lines, Link(sequence, digest)


def walk(batches: Iterable[Sequence[bytes]], start: Link, marks: Mapping[int, str]) -> tuple[Link, bool]:
    """Follow whole lines from `start` on as far as they chain.

    Args:
        batches: lines with their newlines, in order.
        start: the place before the first of them.
        marks: hashes that are known of some lines, by sequence number.

    Returns:
        The last place that chains, and whether that is the end of the lines and no mark was contradicted.
    """
    sequence, digest = start
    sha256 = hashlib.sha256
    for lines in batches:
        for line in lines:
            if not line.startswith(f'{{"seq":{sequence + 1},"prev":"{digest}","event":'.encode()):
                return Link(sequence, digest), False
            sequence += 1
            digest = sha256(line).hexdigest()
            if sequence in marks and marks[sequence] != digest:
                return Link(sequence, digest), False
    return Link(sequence, digest), True


def claim(line: bytes) -> Claim | None:
    """Read what a line says about itself; nothing where it is no line of a chain."""
    found = _HEAD.match(line)
    return Claim(int(found["sequence"]), found["previous"].decode()) if found else None


def link(line: bytes) -> Link | None:
    """Return the place of a whole line; nothing where it is no line of a chain."""
    said = claim(line)
    return Link(said.sequence, hashlib.sha256(line).hexdigest()) if said and line.endswith(_END) else None


def event(line: bytes) -> bytes:
    """Return the event's bytes in a line that `claim` can read."""
    found = _HEAD.match(line)
    return line[found.end() : -len(_END)] if found else line
