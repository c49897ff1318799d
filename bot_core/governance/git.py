"""What is read from git, through the git command."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from bot_core.errors import ReleaseError

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


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607  # fixed words
    if done.returncode != 0:
        msg = f"{root}: expected a git repository with a commit, got: {done.stderr.strip() or 'no answer from git'}"
        raise ReleaseError(msg, hint="run inside a clone; commit first")
    return done.stdout
