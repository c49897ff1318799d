"""Repositories in which the pages' commands are run: the project's files as they stand, or governed ones with people's keys."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.world import build

if TYPE_CHECKING:
    from tests.world import Stage

ROOT = Path.cwd()
IDENTITY = {
    "GIT_AUTHOR_NAME": "Example",
    "GIT_AUTHOR_EMAIL": "example@example.org",
    "GIT_COMMITTER_NAME": "Example",
    "GIT_COMMITTER_EMAIL": "example@example.org",
}


@dataclass(frozen=True)
class Repository:
    """A folder under git and DVC."""

    path: Path

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script as a reader would, with the environment active; both outputs in one, as a terminal shows them."""
        environment = os.environ | IDENTITY | {"PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}", "PYTHONPATH": str(self.path)}
        environment |= {"COLUMNS": "120", "TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat", "PYTHONDONTWRITEBYTECODE": ""}
        command = ["bash", "-euo", "pipefail", "-c", script]
        pipe = subprocess.PIPE
        return subprocess.run(
            command, cwd=self.path, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True, check=False, timeout=600
        )

    def ok(self, script: str) -> str:
        """Run a script that must succeed and return what it printed."""
        done = self.shell(script)
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout


def make_repository(path: Path) -> Repository:
    """Copy the project's files, committed or not, but none that git ignores; commit them."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    repository = Repository(path)
    repository.ok("git init -q -b main && git add -A && git commit -qm start")
    return repository


@dataclass(frozen=True)
class GovernedRepository(Repository):
    """A governed repository with people's keys in `~/.ssh` and an origin to push to."""

    home: Path

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script with the keys at home."""
        return super().shell(f"export HOME='{self.home}'\n{script}")


def govern(folder: Path, stage: Stage) -> None:
    """Build a governed repository up to a stage; `ready` is merged, so that the model stands in production."""
    world = build(folder, stage)
    (folder / "home").mkdir()
    (folder / "home/.ssh").symlink_to("../keys")
    if stage == "ready":
        world.merge(world.git("rev-parse", "--abbrev-ref", "HEAD"))
    world.git("init", "-q", "--bare", str(folder / "origin.git"))
    world.git("remote", "add", "origin", str(folder / "origin.git"))


def copied(prepared: Path, folder: Path) -> GovernedRepository:
    """Copy a repository that was prepared, with its origin and its people's keys."""
    shutil.copytree(prepared, folder, symlinks=True)
    repository = GovernedRepository(folder / "repository", folder / "home")
    repository.ok(f"git remote set-url origin '{folder / 'origin.git'}'")
    return repository
