"""What is known of a release is what the files say, whenever somebody begins to follow it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from bot_core.runtime.following import PerformanceFollower
from tests.degrading import LEARNED, MODEL, Watching
from tests.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.documents.degradation import Block


@pytest.fixture
def it(tmp_path: Path) -> Watching:
    return Watching(Machine(tmp_path))


@contextlib.contextmanager
def follower(it: Watching, environment: str = "paper") -> Iterator[PerformanceFollower]:
    """Follow the machine's journal."""
    plans = it.machine.plans()
    found = PerformanceFollower(plans, it.machine.journal, it.feeds, environment=environment, enforce=True)
    with contextlib.closing(found):
        yield found


def blocks(found: PerformanceFollower) -> list[list[Block]]:
    return [one.judge.blocks for one in found.followed.values()]


def test_a_release_that_comes_to_be_followed_later_knows_what_was_recorded_before(it: Watching) -> None:
    it.decide(LEARNED + 100)
    active = it.machine.folder.active()
    assert active is not None
    it.machine.put()  # nothing is in force
    with follower(it) as found:
        assert found.read() == []
        assert found.followed == {}
        it.machine.folder.write(active)
        assert found.read() == []
        assert [len(known) for known in blocks(found)] == [4]
        assert blocks(found) == blocks(it.read())


def test_a_release_that_stands_no_more_keeps_what_it_has_shown_and_goes_on_when_it_is_back(it: Watching) -> None:
    with follower(it) as found:
        for record in (it.record(), it.record(days=2), it.record()):
            it.machine.put(record)
            it.decide(it.next + 50)
            assert found.read() == []
        assert [len(known) for known in blocks(found)] == [
            4,
            2,
        ]  # a row whose label came in another's time counts once bars come again
        assert blocks(found)[0] == it.read().followed[MODEL, it.record().version].judge.blocks


def test_decisions_of_another_environment_are_not_its_own(it: Watching) -> None:
    it.decide(LEARNED + 60)
    with follower(it, "production") as found:
        found.read()
        assert blocks(found) == [[]]


def test_a_feed_that_does_not_come_here_is_no_ground_to_compare_on(it: Watching) -> None:
    it.decide(LEARNED + 20)
    found = PerformanceFollower(it.machine.plans(), it.machine.journal, {}, environment="paper", enforce=True)
    with contextlib.closing(found):
        assert found.read() == []
    (why,) = found.unwatched.values()
    assert "expected a model that decides on bars which come here; got none" in str(why)
