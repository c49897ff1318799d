"""The clone that a run works in: its own work tree, its own branch, the same cache. The user's files are never touched.

A clone of the repository here, at the newest commit of the protected branch as the remote has it; without a remote, as it is here. What
a run makes is pushed to that remote, or without one becomes a branch here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bot_core._parse import write_bytes
from bot_core.errors import GitError, RetrainingError

_COPIED = ("user.name", "user.email")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A clone at `tree` of the repository at `root`; `remote` is where its branches go, an address or the root itself."""

    root: Path
    tree: Path
    remote: str

    @classmethod
    def of(cls, root: Path, tree: Path, remote: str | None) -> Checkout:
        """Say where a clone is or will be.

        Args:
            root: the repository here.
            tree: the clone's folder.
            remote: a remote's name; without one `origin` where there is such a remote, else the repository here.

        Raises:
            GitError: no such remote.
        """
        names = _git(root, "remote").split()
        if remote is not None and remote not in names:
            msg = f"{root}: expected a remote called {remote}, got {', '.join(names) or 'none'}"
            raise GitError(msg, hint=f"git remote add {remote} ADDRESS")
        name = remote or ("origin" if "origin" in names else None)
        return cls(root, tree, _git(root, "remote", "get-url", name).strip() if name else str(root.resolve()))

    def begin(self, branch: str) -> str:
        """Clone anew at the newest commit of a branch; return that commit.

        Raises:
            GitError: the remote does not answer, or has no such branch.
        """
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.parent.mkdir(parents=True, exist_ok=True)
        _git(self.root, "clone", "--quiet", "--local", "--no-checkout", str(self.root.resolve()), str(self.tree.resolve()))
        _git(self.tree, "remote", "set-url", "origin", self.remote)
        for name in _COPIED:
            value = _git(self.root, "config", "--get", "--default", "", name).strip()
            if value:
                _git(self.tree, "config", name, value)
        _git(self.tree, "fetch", "--quiet", "--no-tags", "origin", f"refs/heads/{branch}")
        _git(self.tree, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        self._share_cache()
        return self.head

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return _git(self.tree, "rev-parse", "HEAD").strip()

    def unlock(self) -> None:
        """Remove the locks that a killed git has left; the caller is the only one here."""
        for lock in (self.tree / ".git").rglob("*.lock"):
            lock.unlink(missing_ok=True)

    def restore(self, commit: str) -> None:
        """Go back to a commit; what git ignores stays.

        Raises:
            GitError: git refuses.
        """
        _git(self.tree, "reset", "--quiet", "--hard", commit)
        _git(self.tree, "clean", "--quiet", "-d", "--force")

    def commit(self, message: str) -> str:
        """Commit all that changed, if anything did; return the commit.

        Raises:
            GitError: git refuses.
        """
        _git(self.tree, "add", "--all")
        if _git(self.tree, "status", "--porcelain"):
            _git(self.tree, "commit", "--quiet", "--no-verify", "--message", message)
        return self.head

    def branches(self, prefix: str) -> dict[str, str]:
        """Return what the remote has under a prefix: commit by branch.

        Raises:
            GitError: it does not answer.
        """
        lines = _git(self.tree, "ls-remote", "--heads", "origin", f"refs/heads/{prefix}*").splitlines()
        return {name.removeprefix("refs/heads/"): commit for commit, name in (line.split("\t") for line in lines)}

    def push(self, branch: str) -> None:
        """Make what is checked out a branch at the remote; it is never moved by force.

        Raises:
            GitError: the remote refuses, or does not answer.
        """
        _git(self.tree, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")

    def bot_core(self, *words: str) -> str:
        """Run a `bot-core` command of the clone's own code there; return what it prints.

        Raises:
            RetrainingError: it fails; its sentence is passed on.
        """
        return self.python("bot_core.cli.main", *words)

    def python(self, module: str, *words: str) -> str:
        """Run a module of the clone's own code there; see `bot_core`."""
        command = [sys.executable, "-m", module, *words]
        done = _said(command, self.tree)
        if done.returncode != 0:
            told = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["no answer"]
            sentence = next((line for line in told if line.startswith("error[")), told[-1])
            hint = next((line.strip().removeprefix("→ ") for line in told if line.startswith("  →")), f"see {self.tree}")
            msg = f"{self.tree}: expected `{' '.join([module, *words])}` to succeed, got exit {done.returncode}: {sentence}"
            raise RetrainingError(msg, hint=hint)
        return done.stdout

    def remove(self) -> None:
        """Remove the clone."""
        shutil.rmtree(self.tree, ignore_errors=True)

    def _share_cache(self) -> None:
        """Let DVC find what was built before: a run computes what is new and nothing else."""
        told = _said([sys.executable, "-m", "dvc", "cache", "dir"], self.root)
        cache = (self.root / told.stdout.strip()).resolve()
        if told.returncode != 0:
            msg = f"{self.root}: expected `dvc cache dir` to name a folder, got: {' '.join(told.stderr.split())}"
            raise RetrainingError(msg, hint="dvc doctor")
        write_bytes(self.tree / ".dvc" / "config.local", f"[cache]\n    dir = {cache}\n".encode())


def _said(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one of our own modules, or DVC, as this interpreter's environment has them."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # fixed words


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "core.hooksPath=/dev/null", *words]
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603  # fixed words
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or "no answer"
        msg = f"{folder}: expected `git {words[0]}` to succeed, got: {said}"
        raise GitError(msg, hint="nothing was proposed; see what git says, then run the same command again")
    return done.stdout
