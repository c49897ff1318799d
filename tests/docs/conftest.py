"""Repositories in which the pages' commands are run: the project's files as they stand, a history of their own, the real DVC."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.world import build

if TYPE_CHECKING:
    from tests.world import Stage

ROOT = Path.cwd()
BUILT = "aapl_barrier"
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


def govern(folder: Path, stage: Stage) -> GovernedRepository:
    """Build a governed repository up to a stage; `ready` is merged, so that the model stands in production."""
    world = build(folder, stage)
    (folder / "home").mkdir()
    (folder / "home/.ssh").symlink_to(world.keys)
    if stage == "ready":
        world.merge(world.git("rev-parse", "--abbrev-ref", "HEAD"))
    repository = GovernedRepository(world.path, folder / "home")
    repository.ok(f"git init -q --bare '{folder / 'origin.git'}' && git remote add origin '{folder / 'origin.git'}'")
    return repository


@pytest.fixture
def proposed(tmp_path: Path) -> GovernedRepository:
    """A release proposed for production, which nobody has signed yet."""
    return govern(tmp_path, "proposed")


@pytest.fixture
def live(tmp_path: Path) -> GovernedRepository:
    """A release that stands in production."""
    return govern(tmp_path, "ready")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A fresh clone, as it were, in which nothing has been reproduced and nothing is cached."""
    return make_repository(tmp_path / "project")


@pytest.fixture
def reproduced(repository: Repository) -> Repository:
    """One model of the roster reproduced and committed."""
    repository.ok(f"dvc repro --quiet report@{BUILT} && git add -A && git commit -qm reproduced --allow-empty")
    return repository


@pytest.fixture
def cached(repository: Repository) -> Repository:
    """A clone with the working copy's cache: what was computed there is not computed again."""
    repository.ok(f"dvc cache dir --local '{ROOT / '.dvc/cache'}'")
    return repository
