"""Leaked rows under labels of variable length: training rows whose label reaches into their own test window, in 10,000 random sets.

Each set has 96 to 168 rows at irregular times and four to six folds; every splitter gets the same sets, is used as its documentation
says, and is counted by the same rule (`leaks_sides/intervals.py`). Leaving everything out would be no art: so the share of the largest
leak-free training set that is kept, leaked rows not counted, stands beside it. Walk-forward splitters are held to the rows before the
test window and all test the same windows; k-folds are held to the rows on both sides. `PurgedKFold` of mlfinpy starts a test window
where its first label ends, which its own check then finds out: the splits it made before that are counted.

mlfinpy needs an older numpy and runs by the interpreter of `.bench-venv-mlfinpy`; `BENCH_MLFINPY_PYTHON` names another.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from benchmarks.leaks_sides.intervals import Tally, draw, save, tally
from benchmarks.leaks_sides.splitters import OURS, PEERS
from benchmarks.measure import Figure, publish

if TYPE_CHECKING:
    from benchmarks.leaks_sides.intervals import Intervals

ROOT = Path(__file__).parents[1]
MLFINPY = os.environ.get("BENCH_MLFINPY_PYTHON", str(ROOT / ".bench-venv-mlfinpy/bin/python"))
SETS = 10_000


def main() -> None:
    """Draw, count, publish."""
    sets = list(draw(SETS))
    mine = tally(sets, OURS)
    peers = [told(tally(sets, peer)) for peer in PEERS]
    peers.append(told(mlfinpy(sets)))
    publish("leaks", [*(leaks(mine, peer) for peer in peers), *(kept(mine, peer) for peer in peers)])


def told(found: Tally) -> Tally:
    """Say that one more splitter is through."""
    print(f"{found.splitter}: {found.leaked:,} leaked rows in {found.splits:,} splits", flush=True)
    return found


def mlfinpy(sets: list[Intervals]) -> Tally:
    """Let mlfinpy's environment tally the same sets.

    Raises:
        SystemExit: that environment is not there.
    """
    if not Path(MLFINPY).is_file():
        sys.exit(f"leaks: expected the interpreter of mlfinpy's environment at {MLFINPY}, got no file (make bench builds it)")
    with TemporaryDirectory() as folder:
        path = Path(folder, "intervals.npz")
        save(sets, path)
        command = [MLFINPY, "-m", "benchmarks.leaks_sides.purged_kfold", str(path)]
        printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return msgspec.json.decode(printed, type=Tally)


def leaks(mine: Tally, peer: Tally) -> Figure:
    """Compare leaked rows; the ratio is ours over the peer's."""
    return Figure(
        figure="leaked rows in 10,000 sets (ratio: ours / peer)",
        unit="rows",
        ours=mine.leaked,
        peer=peer.leaked,
        peer_name=peer.splitter,
        ratio=mine.leaked / max(peer.leaked, 1),
        target="= 0",
        met=mine.leaked == 0,
    )


def kept(mine: Tally, peer: Tally) -> Figure:
    """Compare the share of the largest leak-free training set that was kept; the ratio is ours over the peer's."""
    ours, theirs = mine.honest / mine.largest, peer.honest / peer.largest
    return Figure(
        figure="honest training rows kept, of all there are (ratio: ours / peer)",
        unit="share",
        ours=ours,
        peer=theirs,
        peer_name=peer.splitter,
        ratio=ours / theirs,
        target="none",
        met=True,
    )


if __name__ == "__main__":
    main()
