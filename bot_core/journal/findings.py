"""What is wrong with a chain, line by line: edited, removed, cut off at the end, out of order, or put in.

What is known of a chain comes from its end: marks (tip and heads) state the hash of one line each, and every line states that of the one
before it. So the search goes from the newest line to the first. A line whose hash is as stated is intact, wherever it stands. Where no
line has the stated hash, the line that claims the number, or stands in its place, was edited; if there is none, it was removed. Before an
edited or removed line nothing intact states what the lines were, so they are taken by number; each must be sound and still name the one
before. Then what is left over was put in, and what stands after its successors is out of order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot_core.journal.chain import Claim

Kind = Literal["edited", "removed", "truncated", "reordered", "inserted", "head"]


class Entry(NamedTuple):
    """A line as it stands.

    Args:
        position: over all files.
        file: its file.
        number: its number in that file, from 1.
        claim: what it says about itself.
        hash: its hash.
        whole: it ends in a newline.
        sound: it is one JSON object and a newline.
    """

    position: int
    file: str
    number: int
    claim: Claim | None
    hash: str
    whole: bool
    sound: bool

    @property
    def where(self) -> str:
        """File and line in it."""
        return f"{self.file}:{self.number}"


class Mark(NamedTuple):
    """A hash that somebody stated of a line, and who."""

    hash: str
    source: str


class Finding(NamedTuple):
    """One thing that is wrong: with the lines of these sequence numbers, or with the line that stands somewhere."""

    kind: Kind
    first: int
    last: int
    where: str
    message: str


class _Placed(NamedTuple):
    """Which line is which, what was edited (with what is stated instead), what is missing."""

    lines: dict[int, Entry]
    edited: dict[int, Mark | None]
    missing: list[int]


def diagnose(entries: Sequence[Entry], marks: Mapping[int, Mark], name: str) -> list[Finding]:
    """Say what is wrong with the lines of a journal; `name` is its file, where the end is missing.

    A last line that is not whole, and that no mark covers, is torn and nothing else.
    """
    placed = _place(entries, marks)
    found = [*_edited(placed), *_missing(placed, name), *_moved(placed.lines)]
    taken = {entry.position for entry in placed.lines.values()}
    left = [entry for entry in entries if entry.position not in taken and not (entry is entries[-1] and not entry.whole)]
    found += [
        Finding("inserted", 0, 0, entry.where, f"{entry.where}: a line was put in that belongs to no place in the chain")
        for entry in left
    ]
    return sorted(found, key=lambda finding: (finding.first, finding.last))


def _place(entries: Sequence[Entry], marks: Mapping[int, Mark]) -> _Placed:
    """Go from the newest line to the first and find each."""
    search, placed = _Search(entries), _Placed({}, {}, [])
    stated: Mark | None = None
    for sequence in range(_newest(entries, marks), 0, -1):
        stated = marks.get(sequence, stated)
        entry = search.intact(stated.hash, sequence) if stated else None
        proven = entry is not None
        entry = entry or search.candidate(sequence)
        if entry is None:
            placed.missing.append(sequence)
        else:
            search.take(entry)
            placed.lines[sequence] = entry
            if not proven and (stated or not entry.sound):
                placed.edited[sequence] = stated
        stated = _states(entry, search, edited=sequence in placed.edited)
    return placed


class _Search:
    """Finds lines by hash, by the number they claim, by where they stand."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.by_hash: dict[str, Entry] = {entry.hash: entry for entry in reversed(entries)}
        self.by_number: defaultdict[int, list[Entry]] = defaultdict(list)
        for entry in entries:
            self.by_number[entry.claim.sequence if entry.claim else 0].append(entry)
        self.taken: set[int] = set()
        self.above = len(entries)  # where the line after the one sought stands

    def intact(self, digest: str, sequence: int) -> Entry | None:
        found = self.by_hash.get(digest)
        return found if found and found.claim and found.claim.sequence == sequence else None

    def candidate(self, sequence: int) -> Entry | None:
        """Find the line that is this one but for an edit: it claims the number, or stands in the place and claims no other of its own."""
        claiming = [entry for entry in self.by_number[sequence] if entry.position not in self.taken]
        if claiming:
            return min(claiming, key=lambda entry: abs(entry.position - self.above))
        before = self.entries[self.above - 1] if self.above else None
        if before is None or before.position in self.taken or not before.whole:
            return None
        claimed = before.claim.sequence if before.claim else 0
        own = 0 < claimed < sequence and len(self.by_number[claimed]) == 1
        return None if own else before

    def take(self, entry: Entry) -> None:
        self.taken.add(entry.position)
        self.above = entry.position


def _newest(entries: Sequence[Entry], marks: Mapping[int, Mark]) -> int:
    """Return the newest number: the newest mark's, or that of whole lines written after it."""
    marked = max(marks, default=0)
    whole = [entry.claim.sequence for entry in entries[-1:] if entry.claim and entry.whole]
    return max([marked, *(number for number in whole if number <= marked + len(entries))])


def _states(entry: Entry | None, search: _Search, *, edited: bool) -> Mark | None:
    """Return what a line states of the one before; of an edited one only what proves true, for the edit may be there."""
    if entry is None or entry.claim is None or (edited and entry.claim.previous not in search.by_hash):
        return None
    return Mark(entry.claim.previous, f"line {entry.claim.sequence}")


def _edited(placed: _Placed) -> Iterator[Finding]:
    for sequence, stated in placed.edited.items():
        entry = placed.lines[sequence]
        cut = not entry.whole
        how = "is cut off in the middle" if cut else "was edited"
        wanted = (
            f"the hash that {stated.source} states, got {entry.hash[:12]}…" if stated else "one line of JSON, got something else"
        )
        message = f"{entry.where}: line {sequence} {how}: expected {wanted}"
        yield Finding("truncated" if cut else "edited", sequence, sequence, entry.where, message)


def _missing(placed: _Placed, name: str) -> Iterator[Finding]:
    """Group missing lines into runs; those after the newest line that is there were cut off."""
    there = max(placed.lines, default=0)
    for first, last in _runs(sorted(placed.missing)):
        after = placed.lines.get(first - 1)
        where = after.where if after else name
        which = f"line {first} is" if first == last else f"lines {first} to {last} are"
        if first > there:
            yield Finding("truncated", first, last, where, f"{where}: {which} cut off at the end")
        else:
            yield Finding(
                "removed", first, last, where, f"{where}: {which} removed, {'after this line' if after else 'at the beginning'}"
            )


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], run[-1]


def _moved(lines: Mapping[int, Entry]) -> Iterator[Finding]:
    """Name the fewest lines without which the others stand in order: those outside a longest increasing run."""
    numbers = sorted(lines)
    keep = _increasing([lines[number].position for number in numbers])
    for position, number in enumerate(numbers):
        if position not in keep:
            entry = lines[number]
            place = f"after line {numbers[position - 1]}" if position else "at the beginning"
            message = f"{entry.where}: line {number} is out of order: expected it {place}"
            yield Finding("reordered", number, number, entry.where, message)


def _increasing(values: Sequence[int]) -> set[int]:
    """Return the positions of a longest strictly increasing subsequence (patience sorting)."""
    ends: list[int] = []  # smallest last value of a run of each length
    tops: list[int] = []  # its position
    before: list[int | None] = []
    for position, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(tops[length - 1] if length else None)
        ends[length : length + 1], tops[length : length + 1] = [value], [position]
    found, at = set(), tops[-1] if tops else None
    while at is not None:
        found.add(at)
        at = before[at]
    return found
