"""The runtime's own bare clone: it fetches one branch, without hooks, prompts or replace-refs, and forgets no accepted commit."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot_core.errors import AuditError, GitError
from bot_core.governance.git import Git

TIP, ACCEPTED = "refs/bot-core/tip", "refs/bot-core/accepted"
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "fetch.recurseSubmodules=false")


@dataclass(frozen=True)
class Clone:
    """A clone of one branch.

    Args:
        root: where it lies; made at the first fetch.
        source: a path or an address that git can fetch from.
        branch: the protected branch.
        timeout_s: after so long a fetch has failed.
    """

    root: Path
    source: str
    branch: str
    timeout_s: float = 20.0

    def fetch(self) -> str:
        """Return the commit that the branch has at its source now.

        Raises:
            GitError: it cannot be reached, has no such branch, or its history was cut off.
        """
        if not self.root.exists():
            self._begin()
        self._unlock(TIP)
        self._git("fetch", "--quiet", "--no-tags", "--force", self._address(), f"refs/heads/{self.branch}:{TIP}")
        if not (self.root / "FETCH_HEAD").read_bytes():  # git takes no commit whose history is cut off, and calls that a success
            msg = f"{self.source}: expected the full history, got a shallow one"
            raise GitError(msg, hint="name a full clone as the repository")
        return self.resolve(TIP)

    def hold(self, commit: str) -> None:
        """Keep an accepted commit, whatever happens to the branch; the caller holds the state folder.

        Raises:
            AuditError: it could not be written.
        """
        self._unlock(ACCEPTED)
        try:
            self._git("update-ref", ACCEPTED, commit)
        except GitError as error:
            msg = f"{self.root}: expected to keep {commit[:12]}, got: {error.message}"
            raise AuditError(msg, hint="free space or fix permissions; remove the folder and it is fetched anew") from error

    def resolve(self, name: str) -> str:
        """Return the commit of a name; a GitError where there is none."""
        return Git(self.root).resolve(name)

    def _begin(self) -> None:
        """Make the repository beside its place, then move it there: a killed `git init` leaves half a one."""
        part = self.root.with_name(f"{self.root.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        self._git("init", "--quiet", "--bare", str(part), here=False)
        part.rename(self.root)

    def _unlock(self, ref: str) -> None:
        """Remove what a killed git left; the caller's lock says that nobody else writes the ref now."""
        (self.root / f"{ref}.lock").unlink(missing_ok=True)

    def _address(self) -> str:
        """Say where to fetch from; a path is made whole, for git would look for it from the clone."""
        path = Path(self.source)
        return str(path.resolve()) if path.exists() else self.source

    def _git(self, *words: str, here: bool = True) -> None:
        place = ["--git-dir", str(self.root)] if here else []  # never another repository that lies around it
        whole = os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}
        try:
            done = subprocess.run(  # noqa: S603  # fixed words, a path and a branch
                ["git", *place, *_SAFE, *words],  # noqa: S607  # the git that is installed
                capture_output=True,
                text=True,
                check=False,
                timeout=self.timeout_s,
                env=whole,
            )
        except subprocess.TimeoutExpired as error:
            msg = f"{self.source}: expected an answer within {self.timeout_s:g} s, got none"
            raise GitError(msg, hint="see whether the server can be reached; what was proven goes on deciding") from error
        if done.returncode != 0:
            msg = f"{self.source}: expected the branch {self.branch}, got: {' '.join(done.stderr.split()) or 'no answer'}"
            raise GitError(msg, hint="see whether the server can be reached; what was proven goes on deciding")
