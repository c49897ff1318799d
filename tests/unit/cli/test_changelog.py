from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.world import MODEL, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage

PAGE = f"docs/releases/{MODEL}.md"


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def releases(desk: World, *words: str) -> list[str]:
    return [one["version"] for one in json.loads(desk.ok("changelog", *words, "--format", "json"))["releases"]]


def test_an_entry_has_commit_data_figures_and_who_approved(desk: World) -> None:
    text = desk.ok("changelog", MODEL)
    commit = desk.git("log", "-1", "--format=%H", "--", "models")
    assert text.startswith(f"## {desk.version}\n\nReleased ")
    assert f"by eve, trained from commit `000000000000`, brought by commit `{commit[:12]}`." in text
    assert "| paper | risk | ann | approve |" in text
    assert "| Mean absolute error, bps | 4.000 | 5.000 |" in text


def test_programs_get_the_same_facts(desk: World) -> None:
    answer = json.loads(desk.ok("changelog", "--format", "json"))
    (one,) = answer["releases"]
    assert answer["commit"] == desk.git("rev-parse", "HEAD")
    assert (one["model"], one["version"], one["authors"], one["data"]["rows"]) == (MODEL, desk.version, ["eve"], 1400)
    assert [(row["role"], row["signer"]) for row in one["approvals"]] == [("risk", "ann")]


def test_since_names_only_what_came_later(desk: World) -> None:
    before = desk.git("rev-parse", "HEAD")
    desk.shift = desk.shift.__class__(hours=1)
    newest = desk.release()
    assert releases(desk) == [newest, desk.version]
    assert releases(desk, MODEL, "--since", before) == [newest]
    assert desk.ok("changelog", "--since", "HEAD") == "no release since HEAD\n"


def test_only_what_is_committed_counts_and_says_the_same_again(desk: World) -> None:
    first = desk.ok("changelog")
    desk.put(f"models/{MODEL}/20300101T000000Z-00000000.json", "{}")
    assert desk.ok("changelog") == first


def test_the_page_is_written_once_and_then_current(desk: World) -> None:
    assert desk.ok("changelog", "--write") == f"written: {PAGE}\n"
    assert f"## {desk.version}" in desk.read(PAGE)
    assert desk.ok("changelog", "--write") == "1 pages are current\n"
    desk.commit("Changelog")
    assert desk.ok("changelog", "--write") == "1 pages are current\n"


def test_writing_it_does_not_change_what_is_signed(desk: World) -> None:
    desk.ok("changelog", "--write")
    assert desk.git("status", "--porcelain", "-uall") == f"?? {PAGE}"
    desk.commit("Changelog")
    (paper, _) = json.loads(desk.ok("status", "--format", "json"))["environments"]
    assert [model["reasons"] for model in paper["models"]] == [[]]


def test_a_model_without_a_release_is_a_sentence(desk: World, refuse: Refuse) -> None:
    said = refuse(desk, 20, "changelog", "nobody")
    assert f"models/nobody: expected a release, committed here; got none of {MODEL}" in said


def test_an_unknown_commit_is_a_sentence(desk: World, refuse: Refuse) -> None:
    assert "expected a commit named v9" in refuse(desk, 2, "changelog", "--since", "v9")


def test_nothing_released_is_said(world: Callable[[Stage], World]) -> None:
    empty = world("configured")
    assert empty.ok("changelog") == "no release is committed here\n"
    assert empty.ok("changelog", "--write") == "0 pages are current\n"


def test_it_needs_a_repository_with_its_history(elsewhere: Callable[..., None]) -> None:
    elsewhere("changelog")
