from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import GitError
from bot_core.governance.branches import commit, fetched, moved
from bot_core.governance.git import Git

if TYPE_CHECKING:
    from pathlib import Path

LOG = "audit-log"
FILES = {"a/b.json": b"one\r\n", "c.md": b"\xff"}


def run(folder: Path, *words: str) -> str:
    """Run git; it must succeed."""
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def here(tmp_path: Path) -> Git:
    """A clone of an empty server, with a commit, a staged change, an edited file and one that nobody tracks."""
    run(tmp_path, "init", "-q", "--bare", "server.git")
    run(tmp_path, "clone", "-q", "server.git", "here")
    folder = tmp_path / "here"
    for name, value in (("user.name", "Dev"), ("user.email", "dev@desk.example"), ("core.autocrlf", "true")):
        run(folder, "config", name, value)
    for name in ("kept", "edited"):
        (folder / name).write_text("1\n")
    run(folder, "add", "-A")
    run(folder, "commit", "-qm", "Start")
    (folder / "edited").write_text("2\n")
    (folder / "staged").write_text("3\n")
    run(folder, "add", "staged")
    (folder / "mine").write_text("4\n")
    return Git(folder)


def state(git: Git) -> tuple[str, ...]:
    return tuple(
        run(git.root, *words)
        for words in (("status", "--porcelain", "-uall"), ("diff",), ("diff", "--cached"), ("rev-parse", "HEAD"))
    )


def publish(git: Git, files: dict[str, bytes], remote: str | None = "origin") -> str:
    tip = fetched(git, remote, LOG)
    new = commit(git, tip, files, "Publish", "runtime-1")
    assert moved(git, remote, LOG, tip, new)
    return new


@pytest.mark.parametrize("remote", ["origin", None])
def test_a_branch_grows_by_one_commit_and_nothing_else_changes(here: Git, remote: str | None) -> None:
    before = state(here)
    assert fetched(here, remote, LOG) is None
    first = publish(here, FILES, remote)
    second = publish(here, {"c.md": b"two"}, remote)
    assert state(here) == before
    assert fetched(here, remote, LOG) == second
    assert here.text("rev-list", second).split() == [second, first]
    assert {name: here.blob(second, name) for name in FILES} == FILES | {"c.md": b"two"}
    assert here.text("ls-tree", "-r", "--format=%(objectmode)", second).split() == ["100644", "100644"]
    assert here.text("log", "-1", "--format=%an %ae %cn %s", second) == "runtime-1 runtime-1@bot-core runtime-1 Publish"
    mine, theirs = run(here.root, "branch"), run(here.root.parent / "server.git", "branch")
    assert (LOG in mine, LOG in theirs) == (remote is None, remote is not None)


def test_whoever_was_faster_wins_and_nothing_is_lost(here: Git) -> None:
    tip = fetched(here, "origin", LOG)
    slow = commit(here, tip, {"slow": b"1"}, "Slow", "runtime-1")
    fast = publish(here, {"fast": b"1"})
    assert not moved(here, "origin", LOG, tip, slow)
    assert fetched(here, "origin", LOG) == fast
    late = commit(here, fast, {"slow": b"1"}, "Slow", "runtime-1")
    assert not moved(here, "origin", LOG, tip, slow)
    assert moved(here, "origin", LOG, fast, late)
    assert {item.name for item in here.items(late, "")} == {"fast", "slow"}


def test_of_two_on_a_branch_here_one_wins_too(here: Git) -> None:
    tip = publish(here, FILES, None)
    one, two = (commit(here, tip, {name: b"1"}, name, "runtime-1") for name in ("one", "two"))
    assert moved(here, None, LOG, tip, one)
    assert not moved(here, None, LOG, tip, two)
    assert fetched(here, None, LOG) == one


def test_a_push_that_is_refused_is_said_and_moves_nothing(here: Git) -> None:
    tip = publish(here, FILES)
    server = here.root.parent / "server.git"
    hook = server / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    new = commit(here, tip, {"d": b"1"}, "More", "runtime-1")
    with pytest.raises(GitError, match=r"expected to push to audit-log, got: .*not today"):
        moved(here, "origin", LOG, tip, new)
    assert fetched(here, "origin", LOG) == tip == run(server, "rev-parse", LOG)


def test_a_server_that_is_not_there_is_said(here: Git) -> None:
    with pytest.raises(GitError, match="expected the branches of nowhere"):
        fetched(here, "nowhere", LOG)


def test_a_branch_that_was_rewritten_is_not_followed(here: Git) -> None:
    publish(here, FILES)
    other = commit(here, None, {"e": b"1"}, "Another history", "runtime-1")
    run(here.root.parent / "server.git", "fetch", "-q", str(here.root), f"+{other}:refs/heads/{LOG}")
    with pytest.raises(GitError, match="expected a branch audit-log at origin that only grows"):
        fetched(here, "origin", LOG)
