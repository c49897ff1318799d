"""Killed at any point: nothing lost, never two models active, never an unverified one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256_file
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.runtime_world import RuntimeWorld

    Runtimes = Callable[..., RuntimeWorld]

ROOT = Path.cwd()
KEPT = ("var", "logs")


@contextmanager
def killer(desk: RuntimeWorld, *words: str) -> Iterator[Callable[[int], int]]:
    """Give a function that runs a pass which dies at a step, and returns how it ended."""
    command = [sys.executable, "-m", "tests.killing", *words, "reconcile", "--once", "--repo", str(desk.origin)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, cwd=desk.path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(step: int) -> int:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{step}\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    with process:
        yield run
        process.communicate()


def put(source: Path, target: Path) -> None:
    """Make what a machine keeps like another's."""
    for name in KEPT:
        shutil.rmtree(target / name, ignore_errors=True)
        if (source / name).exists():
            shutil.copytree(source / name, target / name, symlinks=True)


def activations(desk: RuntimeWorld) -> list[object]:
    return [event["metadata"]["version"] for event in desk.journal() if event["event_type"] == "ai_model_activated"]  # type: ignore[index]


def holds(desk: RuntimeWorld, old: str | None, new: str) -> None:
    """Prove what a loop sees that is just deciding: the old or the new, whole and recorded."""
    folder = StateFolder(desk.path / "var/models")
    now = ActivePlans(folder).current()
    assert now.problem is None
    seen = now.plans[MODEL].record.version if now.plans else None
    assert seen in {old, new}
    assert len(now.plans) <= 1
    if seen is not None:
        assert now.plans[MODEL].inference.is_ready
    if seen == new:
        assert new in [json.loads(line)["event"]["metadata"].get("version") for line in journal(desk)]
    memory = folder.memory()
    assert seen != new or (memory is not None and memory.accepted == desk.git("rev-parse", "main"))


def journal(desk: RuntimeWorld) -> list[str]:
    """Return the whole lines of the journal; a torn one is none yet."""
    text = desk.read("logs/decision_journal/decisions.jsonl")
    return text[: text.rfind("\n") + 1].splitlines()


def recovers(desk: RuntimeWorld, new: str) -> None:
    """Let the next pass finish, and prove that nothing is lost."""
    code, status = desk.reconcile()
    assert code == 0, status
    assert desk.active() == new
    assert set(activations(desk)) >= {new}
    desk.ok("journal", "verify", "logs/decision_journal/decisions.jsonl")
    memory = desk.state("memory")
    assert (memory["accepted"], len(memory["revoked"])) == (desk.git("rev-parse", "main"), 2)  # type: ignore[arg-type]
    assert not [path for path in (desk.path / "var").rglob("*.part") if ".git" not in str(path)]
    assert {path.name for path in (desk.path / "var").rglob("*.lock")} <= {"fetch.lock"}


def to_come(desk: RuntimeWorld) -> str:
    """Push a third release, and the revocation of the first; return what will decide."""
    first = min(desk.path.glob(f"models/{MODEL}/*.release.yaml"))
    version = desk.compact(99)
    desk.promote(version)
    desk.ok("revoke", "release", sha256_file(first), "--reason", "x", *signed_by(desk, "cid"))
    desk.push()
    return version


def killed(desk: RuntimeWorld, pristine: Path, steps: Iterable[int], *words: str, old: str | None, new: str) -> int:
    """Kill a pass at each step until one is through; return how many were killed."""
    with killer(desk, *words) as kill:
        for done, step in enumerate(steps):
            put(pristine, desk.path)
            ended = kill(step)
            if ended != -9:
                assert ended == 0
                return done
            holds(desk, old, new)
            recovers(desk, new)
    raise AssertionError(desk)


def begun(runtime: Runtimes, pristine: Path, *, cold: bool) -> tuple[RuntimeWorld, str | None, str]:
    """Give a machine that has something new to follow, and what decides before and afterwards."""
    desk = runtime(followed=not cold)
    put(desk.path, pristine)
    return desk, None if cold else desk.version, to_come(desk)


@pytest.mark.parametrize(("cold", "every", "least"), [(False, 1, 35), (True, 6, 9)])
def test_before_each_change_that_a_pass_makes(runtime: Runtimes, tmp_path: Path, *, cold: bool, every: int, least: int) -> None:
    desk, old, new = begun(runtime, tmp_path / "pristine", cold=cold)
    assert killed(desk, tmp_path / "pristine", count(1, every), old=old, new=new) >= least


@pytest.mark.slow
@pytest.mark.parametrize("cold", [False, True])
def test_before_the_lines_that_write(runtime: Runtimes, tmp_path: Path, *, cold: bool) -> None:
    desk, old, new = begun(runtime, tmp_path / "pristine", cold=cold)
    assert killed(desk, tmp_path / "pristine", count(1, 7), "--lines", old=old, new=new) >= 50


def test_a_kill_between_two_passes_that_nobody_noticed(runtime: Runtimes, tmp_path: Path) -> None:
    """Killed again and again, each time a little later, with no clean pass between: it gets there all the same."""
    desk, old, new = begun(runtime, tmp_path / "pristine", cold=False)
    with killer(desk) as kill:
        for step in count(1, 3):
            if kill(step) == 0:
                break
            holds(desk, old, new)
    recovers(desk, new)
