"""A roster of 1, 10 and 100 compact models: `bot-core repro` beside `dvc repro` of the same roster and beside a plain loop of its stages.

A model is two features of 3,270 daily bars, at most 20 boosting rounds, three walk-forward windows, 100 samples behind each drift
threshold; the models differ in their seed. Every side starts from nothing built, nothing recorded and nothing cached, and takes one
model at a time. The plain loop calls the same stages, model after model, in one process that records nothing: no hash, no cache, no
lock. `dvc repro` starts a process per stage and writes the whole lock after each; a hundred models would take it the better part of an
hour here, so it is measured at 1 and 10.

Seconds per model are of CPU, wall clock beside them. Before they count, the `dvc.lock` of both is compared to the byte. "Start-up": what
the first model costs above each further one. Flat: time per model at 100 over that at 10. Memory: the largest resident set of
the process or of any that it started.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import yaml

from benchmarks.measure import Figure, publish
from benchmarks.noop import DVC, ENVIRONMENT, ROOT, commit

PYTHON = str(ROOT / ".venv/bin/python")
SIZES = (1, 10, 100)
FEATURES = """\
kind: indicators
features:
  - {name: momentum, indicator: momentum, parameters: {period: 5}}
  - {name: volume_ratio, indicator: volume_ratio, parameters: {period: 20}}
"""
OURS = (PYTHON, "-m", "bot_core.cli.main", "repro", "--workers", "1")
LOOP = (PYTHON, "-m", "benchmarks.scale_sides.loop")
FASTER = {1: 1.5, 10: 3.0}
FLAT, BOUNDED, NEAR = 1.1, 1.25, 0.5


class Cost(NamedTuple):
    """One side at one size: seconds of wall clock and of CPU, the largest resident set in MB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Measure every size, compare the locks, publish."""
    ours: dict[int, Cost] = {}
    loop: dict[int, Cost] = {}
    peer: dict[int, Cost] = {}
    for size in SIZES:
        with TemporaryDirectory() as folder:
            tree = Path(folder, "ours")
            prepare(tree, size)
            shutil.copytree(tree, Path(folder, "loop"))
            shutil.copytree(tree, Path(folder, "dvc"))
            ours[size] = measure(tree, *OURS)
            loop[size] = measure(Path(folder, "loop"), *LOOP)
            if size < SIZES[-1]:
                peer[size] = measure(Path(folder, "dvc"), str(DVC), "repro", "--quiet")
                require_equal(tree, Path(folder, "dvc"))
    publish("scale", figures(ours, loop, peer))


def prepare(path: Path, size: int) -> None:
    """Copy the project without what git ignores, with a roster of compact models and nothing built, and commit it."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("build/", "dvc.lock", "pipelines/sentiment/")):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    (path / "conf/features/two.yaml").write_text(FEATURES)
    (path / "params.yaml").write_text(yaml.safe_dump({"models": {f"m{i:03d}": entry(i) for i in range(size)}}, sort_keys=False))
    commit(path)


def entry(seed: int) -> dict[str, object]:
    """Spell a compact model as the roster does."""
    return {
        "data": "msft_1d",
        "features": "two",
        "target": "next_range",
        "model": "trees_range",
        "validation": "daily",
        "set": {
            "model": {"rounds": 20, "seed": seed},
            "validation": {"walk_forward": {"windows": 3}},
            "monitoring": {"drift": {"replicates": 100}},
        },
    }


def measure(path: Path, *command: str) -> Cost:
    """Run a command in a folder, with all that it starts.

    Raises:
        SystemExit: it fails.
    """
    print(f"{path.name}: {' '.join(command[1:])} …", flush=True)
    environment = {**ENVIRONMENT, "PYTHONPATH": str(path)}
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"scale: {' '.join(command)}: expected success, got {process.returncode}")
    cost = Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
    print(f"  {cost.wall:.1f} s, {cost.cpu:.1f} s of CPU, {cost.peak:.0f} MB", flush=True)
    return cost


def require_equal(ours: Path, peer: Path) -> None:
    """Prove that both sides recorded the same, to the byte.

    Raises:
        SystemExit: they did not.
    """
    if (ours / "dvc.lock").read_bytes() != (peer / "dvc.lock").read_bytes():
        sys.exit("scale: expected the same dvc.lock of both sides, got two: nothing to compare")


def figures(ours: dict[int, Cost], loop: dict[int, Cost], peer: dict[int, Cost]) -> list[Figure]:
    """Make the figures of all sizes: times against both peers, then flatness, start-up and memory."""
    small, middle, large = SIZES
    times = [
        faster(size, clock, ours[size][i] / size, peer[size][i] / size)
        for size in (small, middle)
        for i, clock in enumerate(("wall", "CPU"))
    ]
    times += [near(f"{size} models: CPU per model", ours[size].cpu / size, loop[size].cpu / size) for size in SIZES]
    per_model = {size: cost.cpu / size for size, cost in ours.items()}
    further = (ours[middle].cpu - ours[small].cpu) / (middle - small)
    further_peer = (peer[middle].cpu - peer[small].cpu) / (middle - small)
    return [
        *times,
        limited(f"CPU per model at {large} (ratio: over that at {middle})", "s", per_model[large], per_model[middle], FLAT),
        reported("start-up, CPU: the first model less each further one", ours[small].cpu - further, peer[small].cpu - further_peer),
        limited(
            f"peak memory at {large} models (ratio: over that at {middle})", "MB", ours[large].peak, ours[middle].peak, BOUNDED
        ),
    ]


def faster(size: int, clock: str, ours: float, peer: float) -> Figure:
    """Compare with `dvc repro`."""
    ratio, least = peer / ours, FASTER[size]
    return _figure(f"{size} models: {clock} per model", "s", ours, peer, "dvc repro", ratio, f">= {least:g}x", met=ratio >= least)


def near(figure: str, ours: float, peer: float) -> Figure:
    """Compare with the plain loop, which records nothing: what recording costs."""
    return _figure(
        f"{figure}, recorded", "s", ours, peer, "plain loop, records nothing", peer / ours, f">= {NEAR:g}x", met=peer / ours >= NEAR
    )


def limited(figure: str, unit: str, ours: float, base: float, at_most: float) -> Figure:
    """Compare with our own smaller roster."""
    return _figure(figure, unit, ours, base, f"{SIZES[1]} models", ours / base, f"<= {at_most:g}x", met=ours / base <= at_most)


def reported(figure: str, ours: float, peer: float) -> Figure:
    """Make a figure without a target."""
    return _figure(figure, "s", ours, peer, "dvc repro", peer / ours, "none", met=True)


def _figure(figure: str, unit: str, ours: float, peer: float, name: str, ratio: float, target: str, *, met: bool) -> Figure:  # noqa: PLR0913  # a row
    return Figure(figure=figure, unit=unit, ours=ours, peer=peer, peer_name=name, ratio=ratio, target=target, met=met)


if __name__ == "__main__":
    main()
