"""What the commands that write need of git: what is tracked and changed here, commit some paths, push."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from bot_core.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def head(root: Path) -> str:
    """Return the commit that is checked out."""
    return _git(root, "rev-parse", "HEAD").strip()


def tracked(root: Path, places: Sequence[str]) -> list[str]:
    """List the tracked files under some places, as paths from the root, sorted."""
    return sorted(line for line in _git(root, "ls-files", "-z", "--", *places).split("\0") if line)


def changed(root: Path, places: Sequence[str]) -> list[str]:
    """List the paths under some places that differ from the commit, untracked files included."""
    lines = _git(root, "status", "--porcelain", "-z", "--untracked-files=all", "--", *places).split("\0")
    return sorted(line[3:] for line in lines if line)


def require_nothing_staged(root: Path) -> None:
    """Refuse to make a commit of its own while other changes are staged.

    Raises:
        GitError: the index differs from the commit.
    """
    staged = [line for line in _git(root, "diff", "--cached", "--name-only", "-z").split("\0") if line]
    if staged:
        msg = f"{root}: expected nothing staged, for the commit holds one subject only; got {', '.join(staged[:3])}"
        raise GitError(msg, hint="git commit or git restore --staged, then run the same command again")


def commit(root: Path, paths: Sequence[str], message: str) -> str:
    """Commit some paths and nothing else; return the commit."""
    _git(root, "add", "--", *paths)
    try:
        _git(root, "commit", "--quiet", "--message", message, "--only", "--", *paths)
    except GitError:
        _git(root, "reset", "--quiet", "--", *paths)  # so that the same command can be run again
        raise
    return head(root)


def deleted(root: Path, places: Sequence[str]) -> list[str]:
    """List the tracked files under some places that are gone from the work tree."""
    return sorted(line for line in _git(root, "ls-files", "-z", "--deleted", "--", *places).split("\0") if line)


def branch(root: Path) -> str:
    """Return the branch that is checked out, or `HEAD` where none is."""
    return _git(root, "rev-parse", "--abbrev-ref", "HEAD").strip()


def switch_to_new(root: Path, name: str) -> None:
    """Make a branch here and check it out."""
    _git(root, "switch", "--quiet", "--create", name)


def author(root: Path) -> str:
    """Return the e-mail address that git commits with here."""
    return _git(root, "config", "user.email").strip()


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607  # fixed words
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or "no answer"
        msg = f"{root}: expected `git {words[0]}` to succeed, got: {said}"
        raise GitError(msg, hint="run inside a clone with a commit; see what git says")
    return done.stdout
