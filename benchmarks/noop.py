"""`dvc repro` with nothing to do: this repository's whole roster beside an empty pipeline, DVC's own price for looking.

Ours is a copy of the project's files as they stand, under git, reproduced once (from the working copy's cache where that knows the
result) so that nothing is left to do; the peer is a repository whose `dvc.yaml` has no stages. Both run the same `dvc` of `.venv`, with
analytics and the check for updates off, alternately; medians. Before anything is timed, ours must say that it is up to date.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.measure import Figure, publish

ROOT = Path(__file__).parents[1]
DVC = ROOT / ".venv/bin/dvc"
RUNS = 11
AT_MOST = 2.0
UP_TO_DATE = "Data and pipelines are up to date."
WHO = {
    f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "b"), ("EMAIL", "b@example.org"))
}
ENVIRONMENT = {**os.environ, **WHO, "PATH": f"{DVC.parent}:{os.environ['PATH']}", "PYTHONPATH": ""}


class Cost(NamedTuple):
    """Seconds of one process: wall clock, and CPU with its children."""

    wall: float
    cpu: float


def main() -> None:
    """Prepare, measure in turn, publish."""
    with TemporaryDirectory() as folder:
        ours, empty = Path(folder, "ours"), Path(folder, "empty")
        prepare(ours)
        prepare_empty(empty)
        pairs = [(repro(ours), repro(empty)) for _ in range(RUNS)]
        stages = run(ours, DVC, "stage", "list", "--name-only").count("\n")
    publish("noop", [figure(clock, i, pairs, stages) for i, clock in enumerate(("wall", "CPU"))])


def prepare(path: Path) -> None:
    """Copy the project without what git ignores, commit it, reproduce it, and see that nothing is left to do.

    Raises:
        SystemExit: a second `dvc repro` still has something to do.
    """
    for name in run(ROOT, "git", "ls-files", "-co", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    commit(path)
    run(path, DVC, "cache", "dir", "--local", str(ROOT / ".dvc/cache"))
    print("reproducing the roster in a copy …", flush=True)
    run(path, DVC, "repro", "--quiet")
    said = run(path, DVC, "repro")
    if UP_TO_DATE not in said:
        sys.exit(f"noop: expected {UP_TO_DATE!r} of a second dvc repro, got {said[-300:]!r}")


def prepare_empty(path: Path) -> None:
    """Make a repository with a pipeline of no stages."""
    path.mkdir()
    run(path, "git", "init", "-q")
    run(path, DVC, "init", "-q")
    shutil.copy(ROOT / ".dvc/config", path / ".dvc/config")
    (path / "dvc.yaml").write_text("stages: {}\n")
    commit(path)
    run(path, DVC, "repro")


def commit(path: Path) -> None:
    """Put everything under git."""
    run(path, "git", "init", "-q")
    run(path, "git", "add", "-A")
    run(path, "git", "commit", "-qm", "start")


def repro(path: Path) -> Cost:
    """Time one `dvc repro`."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run(path, DVC, "repro")
    wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run(path: Path, program: str | Path, *arguments: str) -> str:
    """Run a command in a folder and return what it printed; a failure ends the benchmark with the command's own words."""
    command = [str(program), *arguments]
    done = subprocess.run(command, cwd=path, env=ENVIRONMENT, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"noop: {' '.join(command)}: expected success, got {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def figure(clock: str, index: int, pairs: list[tuple[Cost, Cost]], stages: int) -> Figure:
    """Compare the medians of one clock; the ratio is ours over the peer's."""
    ours, peer = (statistics.median(pair[side][index] for pair in pairs) for side in (0, 1))
    return Figure(
        figure=f"dvc repro with nothing to do, {stages} stages: {clock} (ratio: ours / peer)",
        unit="s",
        ours=ours,
        peer=peer,
        peer_name="dvc repro, no stages",
        ratio=ours / peer,
        target=f"<= {AT_MOST:g}x",
        met=ours / peer <= AT_MOST,
    )


if __name__ == "__main__":
    main()
