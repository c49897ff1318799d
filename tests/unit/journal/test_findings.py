from __future__ import annotations

from bot_core.journal.chain import START, chained, claim, link
from bot_core.journal.findings import Entry, Finding, Mark, diagnose

LINES, END = chained(START, [b'{"n":%d}' % number for number in range(1, 7)])
TIP = {6: Mark(END.hash, "a.tip")}


def entries(lines: list[bytes]) -> list[Entry]:
    found = []
    for position, line in enumerate(lines):
        place = link(line) or link(line + b"}\n")
        whole = line.endswith(b"\n")
        found.append(Entry(position, "a", position + 1, claim(line), place.hash if place else "?", whole, whole))
    return found


def kinds(lines: list[bytes], marks: dict[int, Mark] | None = None) -> list[tuple[str, int, int]]:
    return [finding[:3] for finding in diagnose(entries(lines), TIP if marks is None else marks, "a")]


def edited(line: bytes) -> bytes:
    return line.replace(b'"n":', b'"n":1')


def test_an_intact_chain_has_no_findings_with_and_without_marks() -> None:
    assert kinds(LINES) == []
    assert kinds(LINES, {}) == []
    assert kinds([], {}) == []


def test_several_changes_at_once_are_all_named() -> None:
    lines = [LINES[0], edited(LINES[1]), LINES[2], LINES[4], LINES[3], LINES[5]]
    assert [kind[0] for kind in kinds(lines)] == ["edited", "reordered"]
    assert kinds([edited(LINES[0]), *LINES[1:3], LINES[5]]) == [("edited", 1, 1), ("removed", 4, 5)]
    assert kinds([*LINES[1:3], LINES[3] + b"", *LINES[4:5]]) == [("removed", 1, 1), ("truncated", 6, 6)]


def test_neighbours_that_were_both_edited_are_both_named() -> None:
    lines = [*LINES[:2], edited(LINES[2]), edited(LINES[3]), *LINES[4:]]
    assert kinds(lines) == [("edited", 4, 4)] or kinds(lines) == [("edited", 3, 3), ("edited", 4, 4)]


def test_lines_after_the_newest_mark_are_judged_by_the_chain_alone() -> None:
    marks = {3: Mark(links(LINES)[2], "a.tip")}
    assert kinds(LINES, marks) == []
    assert kinds([*LINES[:4], edited(LINES[4]), LINES[5]], marks) == [("edited", 5, 5)]
    assert kinds([*LINES[:3], LINES[4], LINES[5]], marks) == [("removed", 4, 4)]


def test_an_older_head_finds_what_was_written_anew() -> None:
    again, end = chained(START, [b'{"n":9}'] * 6)
    marks = {3: Mark(links(LINES)[2], "old.head"), 6: Mark(end.hash, "a.tip")}
    found = diagnose(entries(again), marks, "a")
    assert [finding[:3] for finding in found] == [("edited", 3, 3)]
    assert "old.head states" in found[0].message


def test_what_belongs_nowhere_was_put_in_and_a_torn_end_is_none() -> None:
    assert kinds([*LINES[:2], b"nonsense\n", *LINES[2:]]) == [("inserted", 0, 0)]
    assert kinds([*LINES[:2], LINES[0], *LINES[2:]]) == [("inserted", 0, 0)]
    assert kinds([*LINES, b'{"seq":7,"prev":"']) == []
    assert kinds([b'{"seq":1,"pr']) == [("truncated", 1, 6)]


def test_a_finding_says_where_and_what() -> None:
    assert diagnose(entries([*LINES[:3], *LINES[4:]]), TIP, "a") == [
        Finding("removed", 4, 4, "a:3", "a:3: line 4 is removed, after this line")
    ]
    assert diagnose(entries(LINES[2:]), TIP, "a")[0].message == "a: lines 1 to 2 are removed, at the beginning"
    moved = diagnose(entries([*LINES[1:], LINES[0]]), TIP, "a")
    assert moved == [Finding("reordered", 1, 1, "a:6", "a:6: line 1 is out of order: expected it at the beginning")]


def links(lines: list[bytes]) -> list[str]:
    return [place.hash for line in lines if (place := link(line))]
