"""Is a journal whole? Nothing is parsed or written: hashes are compared line by line, and with what tip and heads state.

A journal is whole when its lines chain from line 1 on through all files, nothing is out of place, and every mark (the tip and the head
beside it, and copies of heads kept elsewhere) states the hash of a line that is there. A torn last line is what a crash leaves behind; it
is reported, and no fault while no mark speaks of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bot_core.errors import AuditError, InputError
from bot_core.journal.chain import START, Link, claim, walk
from bot_core.journal.findings import Entry, Finding, Mark, diagnose
from bot_core.journal.head import Head, head_path, read_head, read_tip, tip_path
from bot_core.journal.rotation import batches, segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import BufferedReader
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class File:
    """One file of a journal, opened, and its size when the journal was looked at."""

    name: str
    stream: BufferedReader
    size: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a journal is found to be.

    Args:
        place: how far it chains.
        proven: the newest line that tip or heads speak of; what is newer was written by somebody who was stopped before the tip.
        files: how many there are.
        torn: the bytes of a torn last line.
        heads: what was compared, by file.
        findings: what is wrong.
    """

    place: Link
    proven: int
    files: int
    torn: int
    heads: dict[str, Head]
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify(path: Path, copies: Sequence[Path] = ()) -> Verdict:
    """Check a journal against itself, the tip and head beside it, and copies of its heads.

    Raises:
        InputError: there is no journal, or no such copy.
        AuditError: a file cannot be read.
    """
    with ExitStack() as stack:
        try:
            files, marks, heads, wrong = _look(path, copies, stack)
            return _judge(path, files, marks, heads, wrong)
        except OSError as error:
            msg = f"{path}: expected readable files, got {error.strerror or error}"
            raise AuditError(msg) from error


def _judge(path: Path, files: list[File], marks: dict[int, Mark], heads: dict[str, Head], wrong: list[Finding]) -> Verdict:
    torn: list[bytes] = []
    lines = (batch for file in files for batch in _whole(file, torn if file is files[-1] else None))
    place, chained = walk(lines, START, {number: mark.hash for number, mark in marks.items()})
    if not chained or place.sequence < max(marks, default=0):
        wrong = [*wrong, *diagnose(list(_entries(files)), marks, path.name)]
    return Verdict(place, max(marks, default=0), len(files), sum(map(len, torn)), heads, wrong)


def _look(
    path: Path, copies: Sequence[Path], stack: ExitStack
) -> tuple[list[File], dict[int, Mark], dict[str, Head], list[Finding]]:
    """Open all files and read tip and heads at one moment between two writes."""
    current = _locked(path, stack)
    closed = [_opened(part.path, stack) for part in segments(path)]
    files = [*closed, current] if current else closed
    if not files and not tip_path(path).exists() and not head_path(path).exists():
        msg = f"{path}: expected a journal, got no such file"
        raise InputError(msg)
    missing = [copy for copy in copies if not copy.exists()]
    if missing:
        msg = f"{missing[0]}: expected a head of {path.name}, got no such file"
        raise InputError(msg)
    marks, heads, wrong = _marks(path, copies)
    if current:
        fcntl.flock(current.stream, fcntl.LOCK_UN)
    return files, marks, heads, wrong


def _locked(path: Path, stack: ExitStack) -> File | None:
    """Open the file that is written to, and hold writers back; nothing where there is none."""
    while path.exists():
        stream = stack.enter_context(path.open("rb"))
        fcntl.flock(stream, fcntl.LOCK_SH)
        if path.exists() and os.path.samestat(os.fstat(stream.fileno()), path.stat()):
            return File(path.name, stream, os.fstat(stream.fileno()).st_size)
    return None


def _opened(path: Path, stack: ExitStack) -> File:
    stream = stack.enter_context(path.open("rb"))
    return File(path.name, stream, os.fstat(stream.fileno()).st_size)


def _marks(path: Path, copies: Sequence[Path]) -> tuple[dict[int, Mark], dict[str, Head], list[Finding]]:
    """Collect what tip and heads state; what is missing, damaged or speaks of another journal is a finding."""
    marks: dict[int, Mark] = {}
    heads: dict[str, Head] = {}
    wrong: list[Finding] = []
    for file in (tip_path(path), head_path(path), *copies):
        try:
            place = _place_of(file, path, heads)
        except AuditError as error:
            wrong.append(Finding("head", 0, 0, file.name, error.message))
            continue
        known = marks.setdefault(place.sequence, Mark(place.hash, file.name))
        if known.hash != place.hash or (place.sequence == 0 and place != START):
            message = f"{file}: states {place.hash[:12]}… of line {place.sequence}; {known.source} states {known.hash[:12]}…"
            wrong.append(Finding("head", place.sequence, place.sequence, file.name, message))
    marks.pop(0, None)
    return marks, heads, wrong


def _place_of(file: Path, path: Path, heads: dict[str, Head]) -> Link:
    if file == tip_path(path):
        tip = read_tip(path)
        if tip is None:
            msg = f"{file}: expected the tip of {path.name}, got none"
            raise AuditError(msg)
        return tip.place
    head = read_head(file)
    if head is None or head.statement.journal != path.name:
        msg = f"{file}: expected a head of {path.name}, got {f'one of {head.statement.journal}' if head else 'none'}"
        raise AuditError(msg)
    heads[str(file)] = head
    return head.statement.place


def _whole(file: File, torn: list[bytes] | None) -> Iterator[list[bytes]]:
    """Read a file's lines; of the last file, put a line without its end aside."""
    for lines in batches(file.stream, file.size):
        if torn is not None and lines and not lines[-1].endswith(b"\n"):
            torn.append(lines.pop())
        yield lines


def _entries(files: Sequence[File]) -> Iterator[Entry]:
    index = 0
    for file in files:
        file.stream.seek(0)
        number = 0
        for lines in batches(file.stream, file.size):
            for line in lines:
                number += 1
                digest = hashlib.sha256(line).hexdigest()
                yield Entry(index, file.name, number, claim(line), digest, line.endswith(b"\n"), _sound(line))
                index += 1


def _sound(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return line.endswith(b"\n")
