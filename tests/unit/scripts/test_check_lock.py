"""`scripts/check_lock.py` in a repository whose lock was written by hand: what is refused, and what is only said."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from scripts.check_lock import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Changes = dict[str, str]
FILES = {"data/raw.csv": "a", "data": "b", "data/events.parquet": "c", "build/m/config.json": "d", "build/m/data.parquet": "e"}


def lock(changes: Changes) -> str:
    """Spell a lock of three stages: one composes, one makes a table in data/, one reads all of data/."""
    md5 = FILES | changes

    def part(*paths: str) -> list[dict[str, str]]:
        return [{"path": path, "md5": md5[path]} for path in paths]

    stages = {
        "compose@m": {"cmd": "x", "outs": part("build/m/config.json")},
        "events@events": {"cmd": "y", "deps": part("data/raw.csv"), "outs": part("data/events.parquet")},
        "ingest@m": {"cmd": "z", "deps": part("data"), "outs": part("build/m/data.parquet")},
    }
    return yaml.safe_dump({"schema": "2.0", "stages": stages})


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Change some files of a committed lock, and check it; return the exit code and what was said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.lock").write_text(lock({}))
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qm", "lock"]):
        subprocess.run(["git", *words], check=True)

    def run(changes: Changes, *words: str) -> tuple[int, str]:
        (tmp_path / "dvc.lock").write_text(lock(changes))
        return main(list(words)), capsys.readouterr().out

    return run


def test_the_committed_lock_is_in_order(checked: Callable[..., tuple[int, str]]) -> None:
    code, said = checked({})
    assert (code, said.strip()) == (0, "dvc.lock: 9 given facts, 0 differ; 2 computed files, 0 differ")


@pytest.mark.parametrize(("path", "place"), [("data/raw.csv", "events@events: deps"), ("build/m/config.json", "compose@m: outs")])
def test_other_raw_data_and_configurations_are_refused(checked: Callable[..., tuple[int, str]], path: str, place: str) -> None:
    code, said = checked({path: "other"})
    assert code == 20
    assert f"dvc.lock: not as committed: {place}: {path}" in said


def test_a_folder_of_raw_data_alone_is_refused(checked: Callable[..., tuple[int, str]]) -> None:
    assert checked({"data": "other", "build/m/data.parquet": "other"})[0] == 20


def test_a_table_computed_differently_is_said_and_so_is_the_folder_it_lies_in(checked: Callable[..., tuple[int, str]]) -> None:
    code, said = checked({"data/events.parquet": "other", "data": "other"})
    assert code == 0
    assert "dvc.lock: computed differently: events@events: outs: data/events.parquet" in said
    assert "dvc.lock: computed differently: ingest@m: deps: data\n" in said
    assert checked({"data/events.parquet": "other", "data": "other"}, "--strict")[0] == 20
