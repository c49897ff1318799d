"""One new bar: `OnlineFeatures.update` beside recomputing the batch for that bar, after 1,000 to 1,000,000 bars of history.

What is compared: one bar of `conf/features/bars_hourly.yaml` (18 features) and of `conf/features/bars_all.yaml` (30). All histories end at
the same bar of a random walk and go on with the same bars, so nothing but their length differs. The peer is
`FeatureEngineer.build_dataset`, called for the newest row: over the shortest window that has a value for every feature, and over the
whole history. The window is the cheaper of the two, and the target stands against it; but exponential means remember more than a window
holds, and the table says how many of its values differ from the whole history's, which are what `update` gives.
Why it is fair: the peer's checks of the bars and its target are part of the one call there is. A short window runs as plain Python,
because compiling takes seconds; "compiled before" leaves them out, for a process that can keep what it compiled. A whole history runs
compiled from 200,000 bars on, as it does by default, and there too compiling is left out.
Equality is of real bars, all four bar specs of `conf/features`, against the compiled batch. CPU time, medians of interleaved runs.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import yaml

from benchmarks.features import synthetic_bars
from benchmarks.measure import Figure, compare, publish, timed
from benchmarks.render import NO_TARGET
from bot_core.config.models import ForwardReturn, IndicatorFeatures
from bot_core.features.columns import as_bars, bar_columns, cut, opening_times
from bot_core.features.engineer import COMPILE_FROM, FeatureEngineer
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from bot_core.features.indicators.indicator import Bar

    Row = list[float]

ROOT = Path(__file__).parents[1]
TIMED = ("bars_hourly", "bars_all")
SPECS = (*TIMED, "bars_daily", "volatility")
HOURLY, DAILY = ("eurusd_1h",), ("aapl_1d", "goog_1d", "ibm_1d", "msft_1d")
HISTORIES = SHORTEST, _, _, LONGEST = (1_000, 10_000, 100_000, 1_000_000)
NEXT, CHUNK = 2_000, 10_000
RUNS, WHOLE_RUNS = 15, 3
FASTER, FLAT = 100.0, 1.2
TARGET = ForwardReturn(horizon=1)


def main() -> None:
    """Measure, print, write."""
    frame = synthetic_bars(LONGEST + NEXT)
    timings = [figure for name in TIMED for figure in one_bar(load_spec(name), frame)]
    publish("online", [*timings, equal("data/eurusd_1h.csv", HOURLY), equal("the daily bars in data/", DAILY)])


def load_spec(name: str) -> FeatureSpec:
    """Read the features of a file of `conf/features`."""
    raw = yaml.safe_load((ROOT / f"conf/features/{name}.yaml").read_text(encoding="utf-8"))
    return FeatureSpec.of(msgspec.convert(raw, IndicatorFeatures))


def one_bar(spec: FeatureSpec, frame: pd.DataFrame) -> list[Figure]:
    """Time one bar after every history, and recomputing it; then compare what both give for the newest bar."""
    past, following = frame.head(LONGEST), list(bars(frame.tail(NEXT)))
    streams = {length: OnlineFeatures(spec) for length in HISTORIES}
    newest = {length: take(stream, bars(past.tail(length))) for length, stream in streams.items()}
    window = past.tail(spec.warm_up + 1 + TARGET.horizon)
    in_window, in_all = recompute(spec, window), recompute(spec, past)
    what = f"{len(spec.definitions)} features of the newest bar"
    return [
        *against_window(spec, streams, following, window),
        *against_all(spec, streams, following, past),
        differing(f"{what}, online: unlike the whole history's", newest[LONGEST], in_all, target="= 0"),
        differing(f"{what}, batch over {len(window)} bars: unlike the whole history's", in_window, in_all, target=NO_TARGET),
    ]


def against_window(
    spec: FeatureSpec, streams: Mapping[int, OnlineFeatures], following: Sequence[Bar], window: pd.DataFrame
) -> list[Figure]:
    """Time all streams in turn with the batch over a window, plain and compiled."""
    steps = [partial(take, stream, following) for stream in streams.values()]
    batches = [partial(recompute, spec, window, compile_from) for compile_from in (COMPILE_FROM, 0)]
    *totals, plain, compiled = in_turn([*steps, *batches], RUNS)
    ours = dict(zip(streams, (total / len(following) for total in totals), strict=True))
    peer = f"batch over {len(window)} bars"
    return [
        *(faster(spec, length, (seconds, plain), peer, FASTER) for length, seconds in ours.items()),
        faster(spec, LONGEST, (ours[LONGEST], compiled), f"{peer}, compiled before", None),
        flat(spec, ours[LONGEST], ours[SHORTEST]),
    ]


def against_all(
    spec: FeatureSpec, streams: Mapping[int, OnlineFeatures], following: Sequence[Bar], past: pd.DataFrame
) -> list[Figure]:
    """Time the streams of the shortest and the longest history in turn with the batch over all of it."""
    figures = []
    for length in (SHORTEST, LONGEST):
        history = past.tail(length)
        total, whole = in_turn([partial(take, streams[length], following), partial(recompute, spec, history)], WHOLE_RUNS)
        figures.append(faster(spec, length, (total / len(following), whole), f"batch over all {length:,} bars", None))
    return figures


def bars(frame: pd.DataFrame) -> Iterator[Bar]:
    """Yield a frame's bars."""
    columns = bar_columns(frame, opening_times(frame))
    for start in range(0, len(frame), CHUNK):
        yield from as_bars(cut(columns, start, start + CHUNK))


def take(stream: OnlineFeatures, following: Iterable[Bar]) -> Row | None:
    """Give bars to a stream; return the last row."""
    row = None
    for bar in following:
        row = stream.update(bar)
    return row


def recompute(spec: FeatureSpec, frame: pd.DataFrame, compile_from: int = COMPILE_FROM) -> Row:
    """Compute the newest row as one does without a stream."""
    values = FeatureEngineer(frame, compile_from=compile_from).build_dataset(spec, TARGET).values  # noqa: PD011  # not a frame
    row: Row = values[-1].tolist()
    return row


def in_turn(sides: Sequence[Callable[[], object]], runs: int) -> list[float]:
    """Run all sides in turn, after one unmeasured round; return the median CPU seconds of each."""
    for work in sides:
        work()
    rounds = [[timed(work) for work in sides] for _ in range(runs)]
    return [median(side) for side in zip(*rounds, strict=True)]


def faster(spec: FeatureSpec, length: int, times: tuple[float, float], peer: str, at_least: float | None) -> Figure:
    """Make a figure of one bar's time after a history."""
    what = f"{len(spec.definitions)} features, one bar after {length:,} bars"
    found = compare(what, times, peer_name=peer, at_least=at_least or 0.0, unit="us")
    return found if at_least else msgspec.structs.replace(found, target=NO_TARGET)


def flat(spec: FeatureSpec, longest: float, shortest: float) -> Figure:
    """Make the figure that says whether the length of the history costs anything."""
    ratio = longest / shortest
    return Figure(
        figure=f"{len(spec.definitions)} features, one bar after {LONGEST:,} bars (ratio: ours / peer)",
        unit="us",
        ours=longest * 1e6,
        peer=shortest * 1e6,
        peer_name=f"after {SHORTEST:,} bars",
        ratio=ratio,
        target=f"<= {FLAT:g}x",
        met=ratio <= FLAT,
    )


def differing(figure: str, found: Row | None, expected: Row, *, target: str) -> Figure:
    """Count the values of a row in which any bit differs."""
    wrong = int((bits([found or []]) != bits([expected])).sum())
    return count(f"{figure} (count; ratio: the share)", "values", wrong, len(expected), target)


def equal(where: str, names: Sequence[str]) -> Figure:
    """Count the rows of real bars in which any bit differs between stream and batch."""
    pairs = [both(load_spec(spec), read_bars(name)) for name in names for spec in SPECS]
    wrong = sum(int((bits(ours) != bits(batch)).any(axis=1).sum()) for ours, batch in pairs)
    rows = sum(len(batch) for _, batch in pairs)
    return count(f"rows of {where} that differ in a bit, four specs (count; ratio: the share)", "rows", wrong, rows, "= 0")


def read_bars(name: str) -> pd.DataFrame:
    """Read a file of bars."""
    frame = pd.read_csv(ROOT / f"data/{name}.csv").astype({"volume": np.float64})
    frame["time"] = pd.to_datetime(frame["time"], utc=True).astype("datetime64[us, UTC]")
    return frame


def both(spec: FeatureSpec, frame: pd.DataFrame) -> tuple[list[Row], list[Row]]:
    """Return the rows of the stream and those of the compiled batch."""
    stream = OnlineFeatures(spec)
    rows = [row for bar in bars(frame) if (row := stream.update(bar)) is not None]
    values = FeatureEngineer(frame, compile_from=0).build_dataset(spec, TARGET).values  # noqa: PD011  # not a frame
    return rows, values.tolist()


def bits(rows: list[Row]) -> NDArray[np.int64]:
    """Return rows as the whole numbers that their bits spell."""
    return np.array(rows, dtype=np.float64).view(np.int64)


def count(figure: str, unit: str, wrong: int, compared: int, target: str) -> Figure:
    """Make a figure of a count, with a target that must be nought."""
    return Figure(
        figure=figure,
        unit=unit,
        ours=wrong,
        peer=compared,
        peer_name=f"{unit} compared",
        ratio=wrong / compared,
        target=target,
        met=target == NO_TARGET or wrong == 0,
    )


if __name__ == "__main__":
    main()
