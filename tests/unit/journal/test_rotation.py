from __future__ import annotations

from pathlib import Path

import pytest

from bot_core.journal.append import Journal
from bot_core.journal.chain import START, chained, claim
from bot_core.journal.rotation import Follower, batches, end_of_segments, last_line, segment, segments

EVENT = b'{"event_type":"decision"}'


def test_segments_are_named_after_the_journal_and_their_first_line() -> None:
    assert segment(Path("a/decisions.jsonl"), 12).name == "decisions.000000000012.jsonl"
    assert segment(Path("a/rollback.log"), 1).name == "rollback.log.000000000001.jsonl"


def test_segments_are_listed_in_order_and_nothing_else(tmp_path: Path) -> None:
    names = ["a.000000000009.jsonl", "a.000000000001.jsonl", "a.1.jsonl", "ab.000000000001.jsonl", "a.jsonl", "a.jsonl.head"]
    for name in names:
        (tmp_path / name).touch()
    assert [part.path.name for part in segments(tmp_path / "a.jsonl")] == ["a.000000000001.jsonl", "a.000000000009.jsonl"]
    assert segments(tmp_path / "missing" / "a.jsonl") == []


@pytest.mark.parametrize("width", [1, 100, 4094, 4095, 4096, 4097, 20_000])
@pytest.mark.parametrize("rest", [b"", b"torn", b"torn" * 3000])
@pytest.mark.parametrize("before", [b"", b"first\n", b"long" * 5000 + b"\n"])
def test_the_last_whole_line_is_found_whatever_its_length(width: int, rest: bytes, before: bytes, tmp_path: Path) -> None:
    line = b"x" * width + b"\n"
    (tmp_path / "a").write_bytes(before + line + rest)
    with (tmp_path / "a").open("rb") as stream:
        assert last_line(stream.fileno(), len(before + line + rest)) == (line, len(before + line))


@pytest.mark.parametrize("data", [b"", b"torn"])
def test_a_file_without_a_whole_line_has_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as stream:
        assert last_line(stream.fileno(), len(data)) == (b"", 0)


def test_no_segments_end_at_the_start(tmp_path: Path) -> None:
    assert end_of_segments(tmp_path / "a.jsonl") == START


def test_a_file_is_read_up_to_the_size_it_had(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one\ntwo\nthree\n")
    for size, lines in (
        (8, [b"one\n", b"two\n"]),
        (10, [b"one\n", b"two\n", b"th"]),
        (0, []),
        (99, [b"one\n", b"two\n", b"three\n"]),
    ):
        with (tmp_path / "a").open("rb") as stream:
            assert [line for batch in batches(stream, size) for line in batch] == lines


def test_a_follower_goes_on_through_rotations_and_torn_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    follower = Follower(path)
    assert list(follower.lines()) == []
    journal = Journal(path, rotate_bytes=400)
    seen: list[int] = []
    for _ in range(9):
        journal.append([EVENT, EVENT])
        seen += [said.sequence for line in follower.lines() if (said := claim(line))]
    assert seen == list(range(1, follower.place.sequence + 1))
    assert len(segments(path)) > 2
    journal.close()
    last = chained(follower.place, [EVENT])[0][0]
    for part in (last[:20], last[20:]):
        with path.open("ab") as stream:
            stream.write(part)
        found = list(follower.lines())
    assert found == [last]
    follower.close()


def test_a_follower_waits_while_a_closed_file_has_not_its_new_name_yet(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines, place = chained(START, [EVENT, b'{"event_type":"journal_sealed","timestamp":""}'])
    path.write_bytes(b"".join(lines))
    follower = Follower(path)
    assert list(follower.lines()) == lines
    assert list(follower.lines()) == []
    path.rename(segment(path, 1))
    assert list(follower.lines()) == []
    more = chained(place, [EVENT])[0]
    path.write_bytes(more[0])
    assert list(follower.lines()) == more
    follower.close()


def test_a_follower_stops_at_a_line_that_does_not_follow(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = chained(START, [EVENT] * 3)[0]
    path.write_bytes(lines[0] + lines[2])
    with Follower(path) as follower, pytest.raises(ValueError, match=r"a\.jsonl: expected line 2 after .*…, got line 3 after"):
        list(follower.lines())
    path.write_bytes(b"nonsense\n")
    with Follower(path) as follower, pytest.raises(ValueError, match="expected line 1 after 000000000000…, got b'nonsense"):
        list(follower.lines())
