"""A real repository to work in: the project's files, a git history of its own, a small roster, the real DVC."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path.cwd()
SMALL: dict[str, object] = {
    "models": {
        "small": {
            "data": "msft_1d",
            "features": "bars_daily",
            "target": "direction_5",
            "model": "logistic",
            "validation": "daily_probability",
            "set": {"validation": {"walk_forward": {"windows": 3}}, "monitoring": {"drift": {"replicates": 100}}},
        }
    }
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the scenarios on one worker, so that they share the reproduced repository."""
    for item in items:
        if "scenarios" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("scenarios"))


@dataclass(frozen=True)
class Repository:
    """A folder under git and DVC."""

    path: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command there, as a user would with the environment active."""
        path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "PYTHONPATH": str(self.path), "COLUMNS": "120"}
        return subprocess.run(words, cwd=self.path, env=environment, capture_output=True, text=True, check=False)

    def ok(self, *words: str) -> str:
        """Run a command that must succeed and return what it printed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.ok("git", "add", "-A")
        self.ok("git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-qm", message)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text that must be there."""
        path = self.path / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def clone(self, path: Path) -> Repository:
        """Copy with everything, caches included."""
        shutil.copytree(self.path, path, symlinks=True)
        return Repository(path)


def make_repository(path: Path, roster: dict[str, object], *, sentiment: bool = False) -> Repository:
    """Copy the project's files (as they stand, but none that git ignores), commit, and reproduce nothing yet.

    The pipeline of the sentiment head comes along only when it is asked for: DVC orders a first lock of fewer stages than half of all by
    chance, and small rosters have fewer than that pipeline.
    """
    left = ("build/", "dvc.lock", "tests/", "docs/", *(() if sentiment else ("pipelines/sentiment/",)))
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if name.startswith(left) or not (ROOT / name).is_file():
            continue
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, path / name)
    (path / "params.yaml").write_text(yaml.safe_dump(roster, sort_keys=False))
    repository = Repository(path)
    repository.ok("git", "init", "-q", "-b", "main")
    repository.commit("start")
    return repository


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The small roster, reproduced and committed; read only: clone it to change it."""
    repository = make_repository(tmp_path_factory.mktemp("reproduced") / "project", SMALL)
    repository.ok("dvc", "repro")
    repository.commit("reproduced")
    return repository


@pytest.fixture
def repository(reproduced: Repository, tmp_path: Path) -> Repository:
    """A copy to change."""
    return reproduced.clone(tmp_path / "project")
