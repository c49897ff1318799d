"""One row through 200 trees of 31 leaves over 30 features: `Predictor` beside `Booster.predict` and the scikit-learn wrapper.

What is compared: one prediction at a time over 1,000 distinct rows in turn, for one row again and again stays in the processor's
caches and flatters everything. Ours takes a list of floats, `Booster.predict` a (1, 30) array, `LGBMRegressor.predict` a DataFrame of one
row; all three are made beforehand, although only the list is what a request brings. Both peers are told to use one thread, as ours
does: their default takes more time for one row, not less. Then the same in 100,000 rows, to the last bit, a tenth of the values
missing.
"Beside a busy thread": another Python thread computes all the while, as the rest of a server does; wall clock, for waiting is the cost.
"Start": a process that reads an artifact of these trees from disk, checks its 16 golden vectors and predicts once, beside one that
does nothing but `import lightgbm`; both have compiled bytecode and warm disk caches. Counted too are the libraries each has loaded
then, of lightgbm, numpy, pandas, scipy and scikit-learn.
CPU time, all threads and child processes added, unless a line says wall; medians of interleaved runs.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import lightgbm as lgb
import msgspec
import numpy as np
import pandas as pd

from benchmarks.gate_sides.clock import CLOCKS, in_turn
from benchmarks.measure import Figure, compare, interleave, publish
from benchmarks.render import NO_TARGET
from bot_core._parse import encode_json
from bot_core.ai.predictor import Predictor
from bot_core.documents.artifact import GoldenVector, TreeState
from tests.evidence import artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from bot_core.documents.artifact import ModelArtifact

    Floats = NDArray[np.float64]

Row = TypeVar("Row")
ROOT = Path(__file__).parents[1]
FEATURES, LEARNED, DISTINCT, COMPARED, GOLDEN = 30, 20_000, 1_000, 100_000, 16
RUNS, STARTS, CALLS = 15, 11, 1_000
START = 0.3
BOOSTER, WRAPPER, IMPORT = "Booster.predict, one thread", "LGBMRegressor.predict, one thread", "import lightgbm"
LOADED = """
heavy = {"lightgbm", "numpy", "pandas", "scipy", "sklearn"}
print(len(heavy & set(sys.modules)))
"""
OURS = """
import sys
import msgspec
from bot_core.ai.predictor import Predictor
from bot_core.documents.artifact import ModelArtifact
with open(sys.argv[1], "rb") as stream:
    model = msgspec.json.decode(stream.read(), type=ModelArtifact)
Predictor.load(model).predict(model.golden[0].features)
"""
PEER = """
import sys
import lightgbm
"""


class Sides(NamedTuple):
    """The same trees three times."""

    ours: Predictor
    booster: lgb.Booster
    wrapper: lgb.LGBMRegressor


def main() -> None:
    """Train, measure in turn, publish."""
    draw = np.random.default_rng(1)
    wrapper = train(draw)
    model = release(wrapper.booster_, spread(draw, GOLDEN))
    sides = Sides(Predictor.load(model), wrapper.booster_, wrapper)
    found = [*one_row(sides, spread(draw, DISTINCT)), equal(sides, spread(draw, COMPARED)), *start(model)]
    publish("predictor", found)


def spread(draw: np.random.Generator, count: int) -> Floats:
    """Draw (count, 30) values, a tenth of them missing."""
    values = draw.normal(size=(count, FEATURES))
    values[draw.uniform(size=values.shape) < 0.1] = np.nan
    return values


def train(draw: np.random.Generator) -> lgb.LGBMRegressor:
    """Fit 200 trees of 31 leaves to a target that keeps them all busy."""
    values = spread(draw, LEARNED)
    known = np.nan_to_num(values)
    target = known[:, 0] * known[:, 1] + np.sin(known @ draw.normal(size=FEATURES)) + draw.normal(size=LEARNED)
    frame = pd.DataFrame(values, columns=names())
    return lgb.LGBMRegressor(n_estimators=200, num_leaves=31, n_jobs=1, random_state=1, verbosity=-1).fit(frame, target)


def names() -> list[str]:
    """Name the features."""
    return [f"f{i:02d}" for i in range(FEATURES)]


def release(booster: lgb.Booster, golden: Floats) -> ModelArtifact:
    """Put the trees into an artifact with golden vectors, as training and the release do; JSON knows no missing value, so 0 there."""
    made = artifact("benchmark", "20261101T000000Z-00000000", dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    calibrated = Predictor(lambda _: 0.0, made.calibration).probability
    rows = np.nan_to_num(golden)
    vectors = [
        GoldenVector(features=row.tolist(), prediction=float(found), probability=calibrated(float(found)))
        for row, found in zip(rows, np.asarray(booster.predict(rows, num_threads=1)), strict=True)
    ]
    state = TreeState(text=booster.model_to_string())
    return msgspec.structs.replace(made, feature_names=names(), model_state=state, golden=vectors)


def one_row(sides: Sides, rows: Floats) -> list[Figure]:
    """Time one prediction at a time: bare, with the probability, and beside a busy thread."""
    ours = in_order(sides.ours.predict, rows.tolist())
    decided = in_order(lambda row: sides.ours.probability(sides.ours.predict(row)), rows.tolist())
    booster = in_order(partial(sides.booster.predict, num_threads=1), [row[None, :] for row in rows])
    frames = [pd.DataFrame(row[None, :], columns=names()) for row in rows]
    wrapper = in_order(sides.wrapper.predict, frames)
    what = "one row, 200 trees x 31 leaves x 30 features"
    timed = partial(interleave, runs=RUNS, our_calls=CALLS)
    return [
        compare(what, timed(ours, booster, peer_calls=CALLS), peer_name=BOOSTER, at_least=2.2, unit="us"),
        compare(what, timed(ours, wrapper, peer_calls=CALLS), peer_name=WRAPPER, at_least=30.0, unit="us"),
        untargeted(f"{what}, and its probability", timed(decided, booster, peer_calls=CALLS), BOOSTER),
        untargeted(f"{what}, beside a busy thread: wall", beside(ours, booster), BOOSTER),
    ]


def in_order(predict: Callable[[Row], object], rows: Sequence[Row]) -> Callable[[], object]:
    """Return a call that predicts the next row, and the first after the last."""
    following = cycle(rows).__next__
    return lambda: predict(following())


def beside(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Return the wall-clock seconds of one call of each while another thread of this process computes."""
    with busy():
        pairs = [(wall(ours), wall(peer)) for _ in range(RUNS)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def wall(work: Callable[[], object]) -> float:
    """Return the wall-clock seconds of one call, averaged over as many as the rows."""
    begin = time.perf_counter()
    for _ in range(CALLS):
        work()
    return (time.perf_counter() - begin) / CALLS


@contextmanager
def busy() -> Iterator[threading.Thread]:
    """Keep another Python thread computing."""
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            sum(range(100))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()


def equal(sides: Sides, rows: Floats) -> Figure:
    """Count the rows in which any bit differs."""
    expected = np.asarray(sides.booster.predict(rows, num_threads=1), dtype=np.float64)
    found = np.array([sides.ours.predict(row) for row in rows.tolist()])
    different = int((found.view(np.uint64) != expected.view(np.uint64)).sum())
    return none(
        f"rows of {len(rows):,} that differ in a bit (count; ratio: the share)", "rows", different, len(rows), "rows compared"
    )


def start(model: ModelArtifact) -> list[Figure]:
    """Compare whole processes: both clocks, and how many heavy libraries were loaded."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        path.write_bytes(encode_json(model))
        ours, peer = (partial(process, code, path, Path(folder) / "bytecode") for code in (OURS, PEER))
        costs = in_turn({"ours": ours, "peer": peer}, STARTS)
        loaded = ours(), peer()
    times = [
        bounded(f"process start to first prediction: {clock} (ratio: ours / peer)", (costs["ours"][i], costs["peer"][i]))
        for i, clock in enumerate(CLOCKS)
    ]
    return [
        *times,
        none("heavy libraries loaded by the first prediction (count; ratio: ours / peer)", "libraries", *loaded, IMPORT),
    ]


def process(code: str, path: Path, bytecode: Path) -> int:
    """Run code in a Python of its own and return how many heavy libraries it loaded; a failure ends the benchmark with its words."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(bytecode)}
    done = subprocess.run([sys.executable, "-c", code + LOADED, path], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"predictor: expected a process that succeeds, got {done.returncode}: {done.stderr}")
    return int(done.stdout)


def bounded(figure: str, times: tuple[float, float]) -> Figure:
    """Make a figure of two times in seconds whose ratio, ours / peer, has an upper bound."""
    ours, peer = times
    ratio = ours / peer
    return Figure(
        figure=figure,
        unit="s",
        ours=ours,
        peer=peer,
        peer_name=f"python -c '{IMPORT}'",
        ratio=ratio,
        target=f"<= {START:g}x",
        met=ratio <= START,
    )


def none(figure: str, unit: str, ours: int, peer: int, peer_name: str) -> Figure:
    """Make a figure of a count that must be nought."""
    return Figure(
        figure=figure, unit=unit, ours=ours, peer=peer, peer_name=peer_name, ratio=ours / peer, target="= 0", met=ours == 0
    )


def untargeted(figure: str, times: tuple[float, float], peer_name: str) -> Figure:
    """Make a figure of two times in seconds that has no target."""
    found = compare(figure, times, peer_name=peer_name, at_least=0.0, unit="us")
    return msgspec.structs.replace(found, target=NO_TARGET)


if __name__ == "__main__":
    main()
