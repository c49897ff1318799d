from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from bot_core._parse import encode_json
from bot_core.errors import GitError
from bot_core.governance import branches, extracts, layout, operation
from bot_core.governance.desk import Desk
from bot_core.governance.git import Git
from tests.evidence import extracts as shown
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def here(desk: World) -> Desk:
    with contextlib.chdir(desk.path):
        return Desk.here()


def find(desk: World, place: str = "audit-log", version: str = "") -> extracts.Found:
    return extracts.to_bring(here(desk), place, "paper", MODEL, version or desk.version)


def put(desk: World, files: dict[str, bytes]) -> None:
    """Publish files as they are."""
    git = Git(desk.path)
    tip = branches.fetched(git, None, extracts.BRANCH)
    assert branches.moved(git, None, extracts.BRANCH, tip, branches.commit(git, tip, files, "Junk", "mallory"))


def test_the_place_is_the_server_s_branch_before_the_one_here(desk: World) -> None:
    git = Git(desk.path)
    assert extracts.published(git, None) is None
    desk.publish()
    assert extracts.published(git, None) == "audit-log"
    desk.git("update-ref", "refs/remotes/origin/audit-log", "audit-log")
    assert extracts.published(git, None) == "origin/audit-log"
    assert extracts.published(git, "audit-log~0") == "audit-log~0"
    with pytest.raises(GitError, match="expected a commit named nowhere"):
        extracts.published(git, "nowhere")


def test_what_is_published_and_not_here_is_to_be_brought(desk: World) -> None:
    files = desk.publish()
    found = find(desk)
    assert (dict(found.files), found.notes, set(found.extracts)) == (files, (), {"scheduler", "journal"})
    for path, data in files.items():
        desk.put(path, data)
    desk.commit()
    assert (find(desk).files, set(find(desk).extracts)) == ({}, {"scheduler", "journal"})


def test_nothing_is_published_of_another_release(desk: World) -> None:
    desk.publish()
    found = find(desk, version="20200101T000000Z-0a1b2c3d")
    assert (found.files, found.notes, found.extracts) == ({}, (), {})


def test_what_is_not_proven_is_left_out_for_an_older_one_that_is(desk: World) -> None:
    files = desk.publish()
    _, journal = shown(MODEL, desk.version, desk.now.replace(year=desk.now.year + 1))
    path, data = operation.path_of(journal), encode_json(journal)
    put(desk, {path: data, path + layout.SIG: files[next(name for name in files if name.endswith(layout.SIG))]})
    found = find(desk)
    assert dict(found.files) == files
    assert [(note.code, note.path) for note in found.notes] == [("SIG-BAD", path)]


def test_times_and_policy_are_those_of_here(desk: World) -> None:
    put(desk, {layout.POLICY: b"junk"})
    desk.publish()
    now = here(desk)
    view = extracts.at(now.view, now.git.resolve("audit-log"), "paper", desk.version)
    (path, _) = extracts.newest(view, "paper", MODEL, desk.version, now.crew).extracts["journal"]
    assert view.since(path) == now.now
    assert [version.data for version in view.versions(layout.environment("paper"))] == [
        version.data for version in now.view.versions(layout.environment("paper"))
    ]
