"""A commit on a branch that is checked out nowhere: built in an index of its own, and pushed. No work tree and no index is touched.

What is pushed lands whole or not at all: a branch moves by one commit, from the tip that the commit was built on. Whoever was faster wins,
and the slower one builds again on what is there now.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot_core.errors import GitError
from bot_core.governance.git import FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.governance.git import Git

_NONE = "0" * 40


def fetched(git: Git, remote: str | None, branch: str) -> str | None:
    """Return the tip that a branch has at a remote, fetched; without a remote the one here; nothing where there is no such branch.

    Raises:
        GitError: the remote does not answer, or its branch does not descend from the one fetched before.
    """
    if remote is None:
        return git.text("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}") or None
    there = git.text("ls-remote", remote, f"refs/heads/{branch}", expected=f"the branches of {remote}")
    if not there:
        return None
    words = ("fetch", "--quiet", "--no-tags", remote, f"refs/heads/{branch}:{_tracking(remote, branch)}")
    git.text(*words, expected=f"a branch {branch} at {remote} that only grows")
    return git.resolve(_tracking(remote, branch))


def commit(git: Git, tip: str | None, files: Mapping[str, bytes], message: str, author: str) -> str:
    """Make a commit on top of a tip with some files more; return it. No branch moves.

    Args:
        git: the repository.
        tip: the commit it follows; nothing begins a history.
        files: bytes by path, plain files all.
        message: what it says.
        author: who is said to have made it.

    Raises:
        GitError: git refuses.
    """
    with TemporaryDirectory() as folder:
        blobs = _blobs(git, Path(folder), files)
        who = {f"GIT_{role}_{what}": text for role in ("AUTHOR", "COMMITTER") for what, text in _named(author)}
        environment = who | {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        if tip is not None:
            _run(git, "read-tree", tip, environment=environment)
        lines = "".join(f"{FILE} {blob}\t{path}\0" for path, blob in blobs.items())
        _run(git, "update-index", "-z", "--add", "--index-info", said=lines, environment=environment)
        tree = _run(git, "write-tree", environment=environment)
        parents = () if tip is None else ("-p", tip)
        return _run(git, "commit-tree", *parents, "-m", message, tree, environment=environment)


def moved(git: Git, remote: str | None, branch: str, tip: str | None, new: str) -> bool:
    """Move a branch from a tip to a new commit, at a remote or here; False where somebody else moved it meanwhile.

    Raises:
        GitError: it did not move for another reason; everything is as it was.
    """
    try:
        if remote is None:
            git.text("update-ref", f"refs/heads/{branch}", new, tip or _NONE, expected=f"to move {branch}")
        else:
            git.text("push", "--quiet", remote, f"{new}:refs/heads/{branch}", expected=f"to push to {branch}")
            git.text("update-ref", _tracking(remote, branch), new)
    except GitError:
        if fetched(git, remote, branch) != tip:
            return False
        raise
    return True


def _blobs(git: Git, folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Put files into the repository as they are; return the name of each."""
    places = [folder / str(number) for number in range(len(files))]
    for place, data in zip(places, files.values(), strict=True):
        place.write_bytes(data)
    said = "".join(f"{place}\n" for place in places)
    names = _run(git, "hash-object", "-w", "--no-filters", "--stdin-paths", said=said).split()
    return dict(zip(files, names, strict=True))


def _named(author: str) -> tuple[tuple[str, str], ...]:
    return ("NAME", author), ("EMAIL", f"{author}@bot-core")


def _tracking(remote: str, branch: str) -> str:
    return f"refs/remotes/{remote}/{branch}"


def _run(git: Git, *words: str, said: str = "", environment: Mapping[str, str] | None = None) -> str:
    command = ["git", "-C", str(git.root), "-c", "core.hooksPath=/dev/null", *words]
    whole = os.environ | (environment or {})
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False, env=whole)  # noqa: S603  # fixed words
    if done.returncode != 0:
        got = " ".join(done.stderr.split()) or "no answer"
        msg = f"{git.root}: expected `git {words[0]}` to succeed, got: {got}"
        raise GitError(msg, hint="nothing was published; see what git says")
    return done.stdout.strip()
