"""What would the judge say if one file held something else now?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.governance import stages
from bot_core.governance.decide import decide
from bot_core.governance.desk import Desk
from bot_core.governance.overlay import Overlay, with_desired, with_only
from bot_core.governance.promotion import desired
from bot_core.governance.reasons import Refused
from bot_core.governance.snapshot import as_of
from tests.attacks.acts import DAY, HOUR
from tests.memory_view import T0, MemoryView, entry, put_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

NOW = T0 + DAY
PATH = "compliance/environments/paper.yaml"


@pytest.fixture
def below() -> MemoryView:
    view = MemoryView()
    put_environment(view, entry())
    view.put("docs/a.md", b"a", T0)
    return view


def test_only_its_file_is_another(below: MemoryView) -> None:
    over = Overlay(below, PATH, b"new", NOW)
    assert (over.read(PATH), over.read("docs/a.md"), over.read("docs/b.md")) == (b"new", b"a", None)
    assert (over.since(PATH), over.since("docs/a.md")) == (NOW, T0)
    assert over.names("compliance/environments") == ["paper.yaml"]
    assert over.names("docs") == ["a.md"]


def test_a_file_that_was_not_there_is(below: MemoryView) -> None:
    over = Overlay(below, "docs/b.md", b"b", NOW)
    assert over.names("docs") == ["a.md", "b.md"]
    assert [(version.since, version.data) for version in over.versions("docs/b.md")] == [(NOW, b"b")]


def test_its_states_begin_now_with_the_new_one(below: MemoryView) -> None:
    over = Overlay(below, PATH, b"new", NOW)
    assert [version.since for version in over.versions(PATH)] == [NOW, T0]
    assert [version.data for version in over.versions("docs/a.md")] == [b"a"]
    assert (as_of(over, PATH, NOW), as_of(over, PATH, NOW - HOUR)) == (b"new", below.read(PATH))
    assert as_of(over, "docs/a.md", NOW) == b"a"


def test_a_desired_entry_takes_the_place_of_the_model_s(below: MemoryView) -> None:
    other = replace(entry(), rollout=50)
    view = with_desired(below, "paper", other, NOW)
    assert desired(view, "paper").models == [other]
    assert next(stages.runs(view, "paper", other.release)).since == T0
    assert desired(below, "paper").models == [entry()]


def test_nothing_but_an_entry_is_desired_even_where_the_file_is_broken(below: MemoryView) -> None:
    below.put(PATH, b"junk", T0)
    assert desired(with_only(below, "paper", entry(), NOW), "paper").models == [entry()]
    with pytest.raises(Refused):
        with_desired(below, "paper", entry(), NOW)


def test_the_judge_sees_what_a_merge_would_give(world: Callable[[Stage], World]) -> None:
    place = world("paper")
    desk = Desk(place.path, place.now)
    (now,) = desired(desk.view, "paper").models
    for changed, codes in ((now, set()), (replace(now, release="sha256:" + "0" * 64), {"REL-DIGEST"})):
        (decision,) = decide(with_desired(desk.view, "paper", changed, desk.now), "paper", desk.policy, desk.now)
        assert {reason.code for reason in decision.reasons} == codes
        assert (decision.standing is None) == bool(codes)
