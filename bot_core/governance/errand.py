"""The whole errand for somebody who never uses git: a proposal's branch in a folder of its own, and back to where it came from."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.governance.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def errand(here: Desk, remote: str, branch: str) -> Iterator[Desk]:
    """Fetch a branch, hand out a desk on it, and push what was committed there. The own work tree stays as it is.

    Raises:
        GitError: no such branch, or somebody pushed meanwhile.
    """
    git = here.git
    git.text("fetch", "--quiet", remote, branch, expected=f"the branch {branch} at {remote}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "proposal")
        git.text("worktree", "add", "--quiet", "--detach", str(place), "FETCH_HEAD", expected="a folder for the proposal")
        try:
            desk = Desk(place, here.now)
            yield desk
            desk.git.text("push", "--quiet", remote, f"HEAD:refs/heads/{branch}", expected=f"to push to {branch}")
        finally:
            git.text("worktree", "remove", "--force", str(place))
