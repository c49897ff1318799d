from __future__ import annotations

import pytest

from bot_core.governance.quorum import missing

ONE_EACH = {"risk": 1, "data": 1, "platform": 1}


@pytest.mark.parametrize(
    ("asked", "signed", "lacking"),
    [
        ({}, {}, {}),
        ({"risk": 1}, {}, {"risk": 1}),
        ({"risk": 2}, {"risk": {"ann"}}, {"risk": 1}),
        ({"risk": 2}, {"risk": {"ann", "bob", "cid"}}, {}),
        ({"risk": 1}, {"data": {"ann"}}, {"risk": 1}),
        (ONE_EACH, {"risk": {"ann"}, "data": {"ann"}, "platform": {"cid"}}, {"risk": 1}),
        (ONE_EACH, {"risk": {"ann", "bob"}, "data": {"ann", "bob"}, "platform": {"ann"}}, {"risk": 1}),
        ({"risk": 1, "data": 2}, {"risk": {"ann"}, "data": {"ann", "bob", "cid"}}, {}),
    ],
)
def test_everybody_fills_one_place(asked: dict[str, int], signed: dict[str, set[str]], lacking: dict[str, int]) -> None:
    found = missing(asked, signed, distinct=True)
    assert sum(found.values()) == sum(lacking.values())
    assert found.keys() <= asked.keys()
    assert bool(found) == bool(lacking)


def test_people_are_moved_to_where_they_are_needed() -> None:
    chain = {"data": {"ann", "bob"}, "platform": {"bob", "cid"}, "risk": {"ann"}}
    assert missing(ONE_EACH, chain, distinct=True) == {}


def test_one_person_may_count_twice_where_the_policy_says_so() -> None:
    signed = {"risk": {"ann"}, "data": {"ann"}}
    assert missing({"risk": 1, "data": 1}, signed, distinct=False) == {}
    assert missing({"risk": 2, "data": 1}, signed, distinct=False) == {"risk": 1}


def test_a_name_given_twice_is_one_person() -> None:
    assert missing({"risk": 2}, {"risk": ["ann", "ann"]}, distinct=False) == {"risk": 1}
    assert missing({"risk": 2}, {"risk": ["ann", "ann"]}, distinct=True) == {"risk": 1}
