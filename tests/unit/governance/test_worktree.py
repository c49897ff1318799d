from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.errors import GitError
from bot_core.governance import worktree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("configured")


def test_a_commit_holds_the_named_paths_and_nothing_else(desk: World) -> None:
    desk.put("docs/a b.md", "1")
    desk.put("docs/c.md", "1")
    done = worktree.commit(desk.path, ["docs/a b.md"], "Add one")
    assert desk.git("show", "--name-only", "--format=%s", "HEAD").split("\n") == ["Add one", "", "docs/a b.md"]
    assert done == worktree.head(desk.path) == desk.git("rev-parse", "HEAD")
    assert desk.git("status", "--porcelain") == "?? docs/c.md"


def test_what_is_tracked_changed_and_gone_is_listed(desk: World) -> None:
    desk.put("conf/new.yaml", "1")
    desk.put("conf/decision/trade_entry.yaml", "changed")
    (desk.path / "conf/decision/delay_notice.yaml").unlink()
    assert worktree.tracked(desk.path, ["conf"]) == [
        "conf/decision/delay_notice.yaml",
        "conf/decision/trade_entry.yaml",
        "conf/decision/trade_gate.yaml",
    ]
    assert worktree.changed(desk.path, ["conf"]) == [
        "conf/decision/delay_notice.yaml",
        "conf/decision/trade_entry.yaml",
        "conf/new.yaml",
    ]
    assert worktree.deleted(desk.path, ["conf"]) == ["conf/decision/delay_notice.yaml"]
    assert worktree.changed(desk.path, ["docs"]) == []


def test_staged_changes_are_refused_by_name(desk: World) -> None:
    desk.put("docs/a.md", "1")
    worktree.require_nothing_staged(desk.path)
    desk.git("add", "docs/a.md")
    with pytest.raises(GitError) as caught:
        worktree.require_nothing_staged(desk.path)
    expected = f"{desk.path}: expected nothing staged, for the commit holds one subject only; got docs/a.md"
    assert caught.value.message == expected


def test_branches_and_the_author_are_known(desk: World) -> None:
    worktree.switch_to_new(desk.path, "proposal")
    assert worktree.branch(desk.path) == "proposal"
    desk.git("switch", "-q", "--detach")
    assert worktree.branch(desk.path) == "HEAD"
    assert worktree.author(desk.path) == "dev@desk.example"


def test_outside_a_repository_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="expected `git rev-parse` to succeed"):
        worktree.head(tmp_path)
