"""Features: the thirty of `conf/features/bars_all.yaml`, beside the same thirty in pandas and in polars.

What is compared: `FeatureEngineer.build_dataset` over 1,000,000 synthetic bars (with checks of the bars, target, label ends,
and one table in C order at the end) against pandas and polars computing the same features as columns; and one new bar: one
`OnlineFeatures.update` against pandas over the shortest tail that still gives every value to 1e-6.
Why it is fair: on all sides an indicator is one function of the bars, because a configuration combines them freely; inside one, nothing
is computed twice. What several have in common polars finds itself in the one lazy query it gets, and it runs on all cores. All three
agree within 1e-6 before anything is timed (exponential means are seeded differently: from row 5,000 on).
Compiling ours costs seconds once per process; it is left out of the other figures and has a line of its own, without a target.
Ours and polars use all cores, pandas one, so CPU time of the whole process and wall clock both stand in the table: CPU time is the one
to hold us to against pandas, wall clock against polars. Medians of interleaved runs. The C library is told to keep freed memory, for all
sides alike: finding fresh memory on a virtual machine costs what its host makes of it, up to ten times the work itself.
Ten million bars run in processes of their own. Memory is the peak during `build_dataset`, bars and compiling included, over the bytes of
the bars and of the dataset; linearity is the CPU time over that of the first tenth of the bars.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import yaml

from benchmarks.features_sides.pandas_peer import in_pandas
from benchmarks.measure import Figure, interleave, publish
from bot_core.config.models import ForwardReturn, IndicatorFeatures
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.indicators.indicator import Bar
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot_core.features.dataset import FeatureDataset

    Cost = tuple[float, float]

ROOT = Path(__file__).parents[1]
MILLION = 1_000_000
SETTLED = 5_000
TAIL = 300
TARGET = ForwardReturn(horizon=1)
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}


def main() -> None:
    """Collect the figures of three child processes, print and write them; or be one of them."""
    if sys.argv[1:]:
        print(msgspec.json.encode(PARTS[sys.argv[1]]()).decode())
    else:
        publish("features", [*child("speed", KEEP), *child("memory", {}), *child("linearity", KEEP)])


def child(part: str, environment: dict[str, str]) -> list[Figure]:
    """Run one part in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.features", part]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=list[Figure])


def load_spec() -> FeatureSpec:
    """Read the thirty features."""
    raw = yaml.safe_load((ROOT / "conf/features/bars_all.yaml").read_text())
    return FeatureSpec.of(msgspec.convert(raw, IndicatorFeatures))


def synthetic_bars(rows: int) -> pd.DataFrame:
    """Make bars of a random walk reflected between 37 and 272; the same rows come first whatever their number."""
    noise = np.random.default_rng(7).normal(0.0, 1.0, (rows, 5))
    close = 100.0 * np.exp(np.abs((0.003 * noise[:, 0].cumsum() + 1.0) % 4.0 - 2.0) - 1.0)
    open_ = np.roll(close, 1) * np.exp(0.0006 * noise[:, 1])
    open_[0] = 100.0
    bars = {"open": open_, "high": np.maximum(open_, close) * np.exp(0.0015 * np.abs(noise[:, 2]))}
    bars |= {"low": np.minimum(open_, close) * np.exp(-0.0015 * np.abs(noise[:, 3])), "close": close}
    bars["volume"] = np.round(1000.0 * np.exp(noise[:, 4])) + 1.0
    return pd.DataFrame({"time": pd.date_range("2000-01-01", periods=rows, freq="min", unit="us"), **bars}, copy=False)


def build(spec: FeatureSpec, frame: pd.DataFrame) -> FeatureDataset:
    """Do our side."""
    return FeatureEngineer(frame, compile_from=0).build_dataset(spec, TARGET)


def speed() -> list[Figure]:
    """Compare a million bars with both peers, say what compiling costs, and compare one new bar."""
    import polars as pl  # type: ignore[import-not-found]  # noqa: PLC0415  # the child process does without

    from benchmarks.features_sides.polars_peer import in_polars  # noqa: PLC0415

    spec, frame = load_spec(), synthetic_bars(MILLION)
    table = pl.from_pandas(frame)
    compiling = cost(lambda: build(spec, frame.head(1000)))
    expected = build(spec, frame)
    for peer in (in_pandas(frame).to_numpy(), in_polars(table).to_numpy()):
        assert_agreement(spec, expected, peer[spec.warm_up :])
    sides = [lambda: build(spec, frame), lambda: in_pandas(frame), lambda: in_polars(table)]
    ours, pandas, polars = medians(sides, runs=7)
    what = "30 features, 1,000,000 bars"
    return [
        ratio(f"{what}: CPU time", ours[0], pandas[0], "pandas", 4.0),
        ratio(f"{what}: wall clock", ours[1], pandas[1], "pandas, one core"),
        ratio(f"{what}: wall clock", ours[1], polars[1], "polars, all cores", 2.5),
        ratio(f"{what}: CPU time", ours[0], polars[0], "polars"),
        ratio("compiling the 30, once per process: CPU time", compiling[0], pandas[0], "pandas, the million bars once"),
        online_figure(spec, frame),
    ]


def assert_agreement(spec: FeatureSpec, ours: FeatureDataset, peer: NDArray[np.float64]) -> None:
    """Stop unless every value agrees within 1e-6."""
    worst = np.abs(ours.values[SETTLED:] - peer[SETTLED:]).max(axis=0)  # noqa: PD011  # not a frame
    wrong = [(name, float(gap)) for name, gap in zip(spec.names, worst, strict=True) if not gap < 1e-6]
    if wrong:
        msg = f"expected equal features, got {wrong}"
        raise SystemExit(msg)


def online_figure(spec: FeatureSpec, frame: pd.DataFrame) -> Figure:
    """Compare one new bar: a step of ours with pandas over a tail."""
    recent = frame.tail(20_000)
    last = in_pandas(recent).to_numpy()[-1]
    if not np.abs(in_pandas(recent.tail(TAIL)).to_numpy()[-1] - last).max() < 1e-6:
        msg = f"expected {TAIL} bars to be enough for pandas"
        raise SystemExit(msg)
    seconds = recent["time"].to_numpy("datetime64[us]").view(np.int64) / 1e6
    columns = (recent[name].tolist() for name in ("open", "high", "low", "close", "volume"))
    bars = cycle([Bar(*row) for row in zip(seconds.tolist(), *columns, strict=True)])
    stream, tail = OnlineFeatures(spec), recent.tail(TAIL)
    for bar in islice(bars, len(recent)):
        stream.update(bar)
    ours, peer = interleave(lambda: stream.update(next(bars)), lambda: in_pandas(tail), 15, our_calls=4000, peer_calls=10)
    figure = ratio("30 features, one new bar: CPU time", ours, peer, f"pandas on {TAIL} bars", 500.0)
    return msgspec.structs.replace(figure, unit="us", ours=ours * 1e6, peer=peer * 1e6)


def memory() -> list[Figure]:
    """Measure the peak of ten million bars, compiling and bars included."""
    spec, frame = load_spec(), synthetic_bars(10 * MILLION)
    inputs = int(frame.memory_usage(index=False).sum())
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # start the high-water mark again
    dataset = build(spec, frame)
    peak = resident("VmHWM") - before + inputs
    values = dataset.values  # noqa: PD011  # not a frame
    columns = (dataset.times, dataset.label_ends, dataset.targets, values, dataset.payoffs)
    outputs = sum(column.nbytes for column in columns if column is not None)
    sizes = (peak / 1e9, (inputs + outputs) / 1e9)
    return [at_most("30 features, 10,000,000 bars: peak memory over column data", "GB", sizes, "bars and dataset", 4.0)]


def linearity() -> list[Figure]:
    """Measure ten million bars and the first million of them, after one unmeasured run of both."""
    spec, frame = load_spec(), synthetic_bars(10 * MILLION)
    first = frame.head(MILLION)
    million, ten = medians([lambda: build(spec, first), lambda: build(spec, frame)], runs=3)
    return [at_most("30 features, 10,000,000 bars over 1,000,000: CPU time", "s", (ten[0], million[0]), "1,000,000 bars", 12.0)]


def resident(field: str) -> int:
    """Read one of the kernel's memory figures of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def cost(work: Callable[[], object]) -> Cost:
    """Return CPU and wall seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def medians(sides: list[Callable[[], object]], runs: int) -> list[Cost]:
    """Run all sides in turn, after one unmeasured round; return each side's median CPU and wall seconds."""
    for work in sides:
        work()
    rounds = [[cost(work) for work in sides] for _ in range(runs)]
    return [
        (statistics.median(cpu for cpu, _ in side), statistics.median(wall for _, wall in side))
        for side in zip(*rounds, strict=True)
    ]


def ratio(figure: str, ours: float, peer: float, peer_name: str, at_least: float | None = None) -> Figure:
    """Make a figure of two times, how many times faster ours is; without a target it only informs."""
    times = peer / ours
    return Figure(
        figure=figure,
        unit="s",
        ours=ours,
        peer=peer,
        peer_name=peer_name,
        ratio=times,
        target="none" if at_least is None else f">= {at_least:g}x",
        met=at_least is None or times >= at_least,
    )


def at_most(figure: str, unit: str, values: Cost, peer_name: str, bound: float) -> Figure:
    """Make a figure of a quotient that may not exceed a bound."""
    ours, peer = values
    return Figure(
        figure=figure,
        unit=unit,
        ours=ours,
        peer=peer,
        peer_name=peer_name,
        ratio=ours / peer,
        target=f"<= {bound:g}",
        met=ours / peer <= bound,
    )


PARTS: dict[str, Callable[[], list[Figure]]] = {"speed": speed, "memory": memory, "linearity": linearity}

if __name__ == "__main__":
    main()
