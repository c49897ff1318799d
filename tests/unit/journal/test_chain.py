import hashlib
import json

import pytest

from bot_core.journal.chain import START, Claim, Link, chained, claim, event, link, walk

EVENTS = [b'{"event_type":"decision","n":1}', b'{"event_type":"decision","n":2}', b'{"event_type":"decision","n":3}']


def test_a_line_names_the_hash_of_the_whole_line_before_it() -> None:
    lines, end = chained(START, EVENTS)
    said = [json.loads(line) for line in lines]
    assert [(one["seq"], one["event"]["n"]) for one in said] == [(1, 1), (2, 2), (3, 3)]
    assert [one["prev"] for one in said] == ["0" * 64, *(hashlib.sha256(line).hexdigest() for line in lines[:2])]
    assert end == Link(3, hashlib.sha256(lines[2]).hexdigest())
    assert end.entry == f"3:{end.hash}"


def test_no_events_leave_the_end_where_it_is() -> None:
    assert chained(Link(7, "a" * 64), []) == ([], Link(7, "a" * 64))


def test_a_walk_through_several_batches_ends_where_the_lines_were_made() -> None:
    lines, end = chained(START, EVENTS)
    assert walk([lines[:1], [], lines[1:]], START, {3: end.hash}) == (end, True)
    assert walk([lines[1:]], walk([lines[:1]], START, {})[0], {}) == (end, True)


def test_a_walk_stops_at_the_first_line_that_does_not_follow_or_is_not_as_marked() -> None:
    lines, _ = chained(START, EVENTS)
    first = Link(1, hashlib.sha256(lines[0]).hexdigest())
    assert walk([[lines[0], lines[2]]], START, {}) == (first, False)
    assert walk([lines], START, {1: "f" * 64}) == (first, False)


def test_a_line_can_be_taken_apart() -> None:
    line = chained(START, EVENTS)[0][0]
    assert claim(line) == Claim(1, "0" * 64)
    assert event(line) == EVENTS[0]
    assert link(line) == Link(1, hashlib.sha256(line).hexdigest())


@pytest.mark.parametrize(
    "line", [b"", b"\n", b'{"seq":0,"prev":"x","event":1}\n', b'{"seq":01,"prev":"' + b"0" * 64 + b'","event":1}\n']
)
def test_what_is_no_line_of_a_chain_claims_nothing(line: bytes) -> None:
    assert (claim(line), link(line), event(line)) == (None, None, line)


def test_a_torn_line_may_claim_its_place_and_has_none() -> None:
    line = chained(START, EVENTS)[0][0]
    assert claim(line[:-5]) == Claim(1, "0" * 64)
    assert link(line[:-5]) is None
