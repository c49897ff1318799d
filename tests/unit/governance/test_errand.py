from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.errors import GitError
from bot_core.governance.desk import Desk
from bot_core.governance.errand import errand
from tests.memory_view import T0

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    """A desk with a remote that holds a proposal, and with work of its own under way."""
    found = world("configured")
    found.git("switch", "-q", "-c", "proposal")
    found.put("docs/proposed.md", "1")
    found.commit("Propose")
    remote = found.path.parent / "remote.git"
    found.git("init", "-q", "--bare", str(remote))
    found.git("remote", "add", "origin", str(remote))
    found.git("push", "-q", "origin", "main", "proposal")
    found.git("switch", "-q", "main")
    found.git("branch", "-q", "-D", "proposal")
    found.put("docs/mine.md", "unfinished")
    found.put("README.md", "staged")
    found.git("add", "README.md")
    return found


def test_what_is_committed_there_is_pushed_and_the_own_files_stay(desk: World) -> None:
    before = (desk.git("status", "--porcelain"), desk.git("rev-parse", "HEAD"), desk.git("branch", "--list"))
    with errand(Desk(desk.path, T0), "origin", "proposal") as there:
        assert (there.now, there.root != desk.path) == (T0, True)
        assert (there.root / "docs/proposed.md").read_text() == "1"
        assert not (there.root / "docs/mine.md").exists()
        (there.root / "docs/signed.md").write_text("1")
        there.git.text("add", "docs/signed.md")
        there.git.text("commit", "-qm", "Sign")
    assert (desk.git("status", "--porcelain"), desk.git("rev-parse", "HEAD"), desk.git("branch", "--list")) == before
    assert desk.git("worktree", "list").count("\n") == 0
    desk.git("fetch", "-q", "origin")
    assert desk.git("log", "--format=%s", "-2", "origin/proposal") == "Sign\nPropose"


def test_an_errand_that_failed_pushes_nothing_and_leaves_nothing(desk: World) -> None:
    def fail() -> None:
        with errand(Desk(desk.path, T0), "origin", "proposal") as there:
            (there.root / "docs/signed.md").write_text("1")
            there.git.text("commit", "-qm", "Sign", "--allow-empty")
            msg = "no signature"
            raise ValueError(msg)

    with pytest.raises(ValueError, match="no signature"):
        fail()
    assert desk.git("worktree", "list").count("\n") == 0
    desk.git("fetch", "-q", "origin")
    assert desk.git("log", "--format=%s", "-1", "origin/proposal") == "Propose"


def test_no_such_branch_or_remote_is_a_sentence(desk: World) -> None:
    for remote, branch in (("origin", "nowhere"), ("elsewhere", "proposal")):
        with pytest.raises(GitError) as caught, errand(Desk(desk.path, T0), remote, branch):
            pytest.fail("no desk to work at")
        assert caught.value.message.startswith(f"{desk.path}: expected the branch {branch} at {remote}, got: fatal: ")


def test_who_was_overtaken_is_told(desk: World) -> None:
    def late() -> None:
        with errand(Desk(desk.path, T0), "origin", "proposal") as first:
            first.git.text("commit", "-qm", "First", "--allow-empty")
            desk.git("commit", "-q", "-m", "Overtake")
            desk.git("push", "-q", "-f", "origin", "main:refs/heads/proposal")

    with pytest.raises(GitError, match="expected to push to proposal, got: "):
        late()
