"""Walk-forward of 20 expanding windows over 50,000 rows of 30 features: `WalkForwardValidator` beside the usual pandas loop.

Both sides get the same rows, windows, purge, embargo, held-out rows for early stopping and LightGBM parameters (200 rounds,
31 leaves, learning rate 0.05, L2), and give MAE, RMSE, directional accuracy and PnL per window. The peer is `LGBMRegressor` on
DataFrames with the library's default threads, one window after the other. Ours runs as its stage does, in the environment that
`pipelines` pins, two windows at a time with one thread each; besides, it calibrates, scores five naive baselines and tests against
them. The signal is weak, an out-of-sample R² of about 1 %, so that early stopping keeps some 45 rounds per window.

Each measurement is a fresh process, for OpenMP reads its settings once; the sides alternate; medians of three. "Quiet" waits for a
machine of which others take less than 5 %, and says how much they took in the end; "one core busy" means that one other process
spins all the while. The targets are about wall clock (threads against windows); CPU time stands beside it. A pooled MAE that differs
by more than 1 % ends the run: two sides that do not compute the same are not compared.

"The future spoiled": for every window, all features after the middle of its test rows and all labels from its first test row on are
replaced by garbage; counted are the test rows before that middle whose prediction or probability changed in any bit. The peer there
shares LightGBM's bins, found over all rows, between the windows: the usual short cut.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from benchmarks.measure import Figure, compare, publish
from benchmarks.walk_forward_sides.machine import QUIET, others, ticks, wait_until_quiet
from pipelines import PINNED

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PEER = "pandas + LGBMRegressor"
ROWS, RUNS, TRIES = 50_000, 3, 6
SPOILED_ROWS = 5_000
ALIKE = 0.01
OPENMP = ("OMP_", "GOMP_", "KMP_", "OPENBLAS_", "MKL_")


class Measured(msgspec.Struct, frozen=True):
    """One process: seconds of wall clock and of CPU, the pooled MAE, and the share of the machine that others took meanwhile."""

    wall: float
    cpu: float
    mae: float
    others: float = 0.0


class Changed(msgspec.Struct, frozen=True):
    """How many rows a spoiled future changed."""

    ours: int
    peer: int


def main() -> None:
    """Measure, compare, publish."""
    publish("walk_forward", [*timings("quiet", 1.35), *timings("one core busy", 5.0), future()])


def timings(state: Literal["quiet", "one core busy"], at_least: float) -> list[Figure]:
    """Compare wall clock, CPU time, what came out, and how quiet the machine was."""
    with nullcontext() if state == "quiet" else spinning():
        pairs = quiet_pairs() if state == "quiet" else [(measure("ours"), measure("peer")) for _ in range(RUNS)]
    ours, peer = (median([pair[side] for pair in pairs]) for side in (0, 1))
    what = f"walk-forward, 20 windows, 50,000 x 30, {state}"
    return [
        compare(f"{what}: wall", (ours.wall, peer.wall), peer_name=PEER, at_least=at_least),
        reported(f"{what}: CPU", "s", ours.cpu, peer.cpu),
        reported(f"{what}: taken by other processes meanwhile", "share", ours.others, peer.others),
        *([same_result(ours, peer)] if state == "quiet" else []),
    ]


def quiet_pairs() -> list[tuple[Measured, Measured]]:
    """Run both sides alternately, each once the machine is quiet, until enough pairs stayed undisturbed; return the quietest."""
    pairs: list[tuple[Measured, Measured]] = []
    while len(pairs) < TRIES and sum(disturbance(pair) < QUIET for pair in pairs) < RUNS:
        pairs.append((measure_quietly("ours"), measure_quietly("peer")))
    return sorted(pairs, key=disturbance)[:RUNS]


def disturbance(pair: tuple[Measured, Measured]) -> float:
    """Return the larger share of the machine that others took."""
    return max(run.others for run in pair)


def median(runs: list[Measured]) -> Measured:
    """Take the median of each figure; the MAE is the same in every run."""
    wall, cpu, taken = (statistics.median(values) for values in zip(*((r.wall, r.cpu, r.others) for r in runs), strict=True))
    return Measured(wall, cpu, runs[0].mae, taken)


def measure_quietly(side: Literal["ours", "peer"]) -> Measured:
    """Wait for quiet, then measure."""
    wait_until_quiet()
    return measure(side)


def measure(side: Literal["ours", "peer"]) -> Measured:
    """Run one side once in a process of its own."""
    before = ticks()
    found = msgspec.json.decode(run(side, ROWS, environment(side)), type=Measured)
    found = msgspec.structs.replace(found, others=others(before, ticks()))
    print(f"{side}: {found.wall:.1f} s, {found.cpu:.1f} s of CPU, others took {found.others:.0%} of the machine", flush=True)
    return found


def future() -> Figure:
    """Count the rows that a spoiled future changes."""
    found = msgspec.json.decode(run("future", SPOILED_ROWS, environment("ours")), type=Changed)
    return Figure(
        figure="rows whose prediction changed when the future was spoiled (count)",
        unit="rows",
        ours=found.ours,
        peer=found.peer,
        peer_name="bins shared from all rows",
        ratio=found.ours / found.peer,
        target="= 0",
        met=found.ours == 0,
    )


def same_result(ours: Measured, peer: Measured) -> Figure:
    """Compare the two pooled MAEs.

    Raises:
        SystemExit: they differ by more than 1 %.
    """
    difference = abs(ours.mae - peer.mae) / peer.mae
    if difference > ALIKE:
        sys.exit(f"walk_forward: expected pooled MAEs within 1 %, got {ours.mae:.5f} and {peer.mae:.5f}: nothing to compare")
    return Figure(
        figure="pooled out-of-sample MAE (ratio: relative difference)",
        unit="bps",
        ours=ours.mae,
        peer=peer.mae,
        peer_name=PEER,
        ratio=difference,
        target="<= 0.01",
        met=True,
    )


def reported(figure: str, unit: Literal["s", "share"], ours: float, peer: float) -> Figure:
    """Make a figure without a target."""
    return Figure(
        figure=figure, unit=unit, ours=ours, peer=peer, peer_name=PEER, ratio=peer / max(ours, 1e-9), target="none", met=True
    )


def environment(side: Literal["ours", "peer"]) -> dict[str, str]:
    """Ours gets what the stages pin; the peer what a shell without any threading settings gives."""
    plain = {key: value for key, value in os.environ.items() if key not in PINNED and not key.startswith(OPENMP)}
    return {**plain, "PYTHONPATH": str(ROOT), **(PINNED if side == "ours" else {})}


def run(module: str, count: int, env: dict[str, str]) -> bytes:
    """Run a module of `walk_forward_sides` and return what it printed."""
    command = [sys.executable, "-m", f"benchmarks.walk_forward_sides.{module}", str(count)]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE).stdout


@contextmanager
def spinning() -> Iterator[subprocess.Popen[bytes]]:
    """Keep one core busy with a process that does nothing else."""
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield spinner
    finally:
        spinner.kill()
        spinner.wait()


if __name__ == "__main__":
    main()
