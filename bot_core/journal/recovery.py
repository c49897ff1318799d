"""What a writer does about the end of a file that it did not leave so: refuse what was cut off or edited, repair what was torn."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from bot_core.errors import AuditError
from bot_core.journal.chain import START, Link, link
from bot_core.journal.head import boot, head_path, read_head, read_tip
from bot_core.journal.rotation import end_of_segments

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from bot_core.journal.tail import Tail

REPAIRED: Final = "journal_repaired"
_OWN = "journal"  # environment, portfolio and risk profile of the journal's own events


class Repair(NamedTuple):
    """What was found at the end and journalled as `journal_repaired`.

    Args:
        what: `torn`: a line that was cut off because it was not finished; `lost`: lines that a failure of the machine took.
        sequence: the number of the first such line.
        size: bytes of the torn line; how many lines are lost.
        hash: SHA-256 of the torn bytes; of the last lost line.
        kept: the file that keeps the torn bytes; empty for lost lines.
    """

    what: Literal["torn", "lost"]
    sequence: int
    size: int
    hash: str
    kept: str = ""


class Standing(NamedTuple):
    """How a journal's end stands against its tip and head: new, or with lines lost, or neither."""

    new: bool = False
    lost: Repair | None = None


def end_of(path: Path, last: bytes) -> Link:
    """Return the place where a journal ends: that of its last whole line, or of its newest segment's.

    Raises:
        AuditError: that is no line of a chain.
    """
    place = link(last) if last else end_of_segments(path)
    if place is None:
        msg = f"{path}: expected a line of the chain at the end, got {last[:40]!r}"
        raise AuditError(msg, hint=_hint(path))
    return place


def standing(path: Path, place: Link) -> Standing:
    """Compare the place where a journal ends with its tip and head.

    Where the machine was started anew since the tip was written, lines after the head that are gone were lost with the machine: they were
    written, but not yet on the disk. Nothing else may be gone.

    Raises:
        AuditError: it ends before its tip or its head, or other than they say, or one of them is missing.
    """
    found, tip = read_head(head_path(path)), read_tip(path)
    head = found.statement.place if found else None
    if place == START and (head or START) == START and (tip is None or tip.place == START):
        return Standing(new=True)
    _require(path, place, head, "head")
    if tip and tip.sequence > place.sequence and tip.boot != boot():
        return Standing(lost=Repair("lost", place.sequence + 1, tip.sequence - place.sequence, tip.hash))
    _require(path, place, tip.place if tip else None, "tip")
    return Standing()


def _require(path: Path, place: Link, mark: Link | None, name: str) -> None:
    if mark is None or mark.sequence > place.sequence or (mark.sequence == place.sequence and mark != place):
        said = f"speaks of line {mark.sequence}, {mark.hash[:12]}…" if mark else "is missing"
        msg = f"{path}: expected the end that tip and head prove, got line {place.sequence}, {place.hash[:12]}…; the {name} {said}"
        raise AuditError(msg, hint=_hint(path))


def put_aside(tail: Tail, whole: int, end: int) -> Repair:
    """Keep a torn line's bytes in a file of their own, then cut it off.

    Raises:
        OSError: the bytes could not be kept; nothing was cut off.
    """
    torn, sequence = os.pread(tail.file, end - whole, whole), tail.place.sequence + 1
    kept = tail.path.with_name(f"{tail.path.name}.{sequence:012d}.torn")
    with kept.open("ab") as stream:
        stream.write(torn)
        stream.flush()
        os.fsync(stream.fileno())
    os.ftruncate(tail.file, whole)
    return Repair("torn", sequence, len(torn), hashlib.sha256(torn).hexdigest(), kept.name)


def own_event(kind: str, time: dt.datetime, facts: Mapping[str, object]) -> bytes:
    """Spell an event of the journal itself, in the form of all others."""
    names = {"environment": _OWN, "portfolio": _OWN, "risk_profile": _OWN}
    return msgspec.json.encode({"event_type": kind, "timestamp": time, **names, "metadata": facts})


def _hint(path: Path) -> str:
    return f"bot-core journal verify {path} names the lines; restore them, or move the journal, its tip and its head away together"
