"""Drift of a window against a reference: our three statistics beside Evidently's `DataDriftPreset` with the same statistic.

What is compared: 50,000 rows of 30 features against 50,000 others, by PSI, Wasserstein and Kolmogorov-Smirnov in turn; then a window of
500 rows against the same 50,000. Both sides start from arrays or tables in memory and end with one number per feature.
Why it is fair: of the batch, ours counts everything from the raw arrays on (sorting the reference too). Of the window, the reference is
prepared beforehand, as it is once per training: Evidently has no such step and reads the reference anew, which is the point. There, ours
computes all three statistics while the peer computes one, its cheapest. Evidently's time includes its data handling, because no
lighter door to these statistics exists in it; it draws no pictures here. Neither side's time includes thresholds: ours are
bootstrapped once per training, Evidently's are constants, but for Kolmogorov-Smirnov, where it counts its p-value.
The last lines compare our numbers with scipy's, over several lengths and with ties: the feature with the largest difference is shown.
CPU time, all threads added; medians of interleaved runs.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from evidently import Report  # type: ignore[import-not-found]  # lives in the benchmarks' own environment
from evidently.presets import DataDriftPreset  # type: ignore[import-not-found]  # the same
from scipy.stats import ks_2samp, wasserstein_distance

from benchmarks.measure import Figure, compare, interleave, publish
from bot_core.ai.drift_statistics import Reference, distances, ks, ordered, psi, wasserstein

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROWS, FEATURES, WINDOW = 50_000, 30, 500
PEER = "Evidently DataDriftPreset"
AT_LEAST = {"psi": 80.0, "wasserstein": 100.0, "ks": 30.0}
RUNS = 3


def main() -> None:
    """Measure, print, write."""
    draw = np.random.default_rng(1)
    past = draw.normal(size=(ROWS, FEATURES))
    newest = draw.normal(0.03, 1.05, size=(ROWS, FEATURES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer divides by zero and says so
        figures = [*batch(past, newest), window(past, newest[:WINDOW])]
    publish("drift", [*figures, *against_scipy(draw)])


def batch(past: Floats, newest: Floats) -> list[Figure]:
    """Time each statistic over the whole batch."""
    figures = []
    for name, at_least in AT_LEAST.items():
        times = interleave(partial(in_one, name, past, newest), peer(name, past, newest), RUNS, our_calls=5)
        figures.append(compare(f"{name}, 50,000 x 30", times, peer_name=PEER, at_least=at_least, unit="ms"))
    return figures


def window(past: Floats, newest: Floats) -> Figure:
    """Time all three statistics of a window against a prepared reference."""
    reference = Reference.prepare(past)
    slabs = reference.slabs(len(newest))
    times = interleave(lambda: distances(reference, slabs, newest), peer("psi", past, newest), RUNS, our_calls=500)
    figure = "psi, ks and wasserstein (peer: psi) of a 500-row window"
    return compare(figure, times, peer_name=PEER, at_least=3000.0, unit="ms")


def in_one(name: str, past: Floats, newest: Floats) -> Floats:
    """Compute one statistic from raw arrays."""
    reference, columns = Reference.prepare(past), ordered(newest)
    if name == "wasserstein":
        return wasserstein(reference, reference.slabs(len(newest)), columns)
    return psi(reference, columns) if name == "psi" else ks(reference, columns)


def peer(method: str, past: Floats, newest: Floats) -> Callable[[], object]:
    """Return the peer's call with the same statistic."""
    names = [f"f{i}" for i in range(past.shape[1])]
    reference, current = pd.DataFrame(past, columns=names), pd.DataFrame(newest, columns=names)
    return lambda: Report([DataDriftPreset(method=method)]).run(current, reference)


def against_scipy(draw: np.random.Generator) -> list[Figure]:
    """Compare KS and Wasserstein with scipy's values: plain, heavy-tailed and tied features, three lengths."""
    shapes = [draw.normal(size=ROWS), draw.standard_t(2.0, ROWS), draw.integers(0, 9, ROWS).astype(np.float64)]
    past = np.column_stack(shapes)
    reference = Reference.prepare(past)
    rows = []
    for length in (WINDOW, 7_777, ROWS):
        newest = past[draw.integers(0, ROWS, length)] * 1.05
        _, distance, area = distances(reference, reference.slabs(length), newest)
        for i, (x, y) in enumerate(zip(past.T, newest.T, strict=True)):
            rows.append((distance[i], ks_2samp(x, y, method="asymp").statistic, area[i] * x.std(), wasserstein_distance(x, y)))
    found = np.array(rows)
    return [equality("ks", found[:, 0], found[:, 1], 0.0), equality("wasserstein", found[:, 2], found[:, 3], 1e-12)]


def equality(name: str, ours: Floats, theirs: Floats, at_most: float) -> Figure:
    """Show the value that differs most."""
    difference = np.abs(ours - theirs)
    worst = int(difference.argmax())
    return Figure(
        figure=f"{name}: the value that differs most (ratio: the difference)",
        unit="statistic",
        ours=float(ours[worst]),
        peer=float(theirs[worst]),
        peer_name="scipy.stats",
        ratio=float(difference[worst]),
        target=f"<= {at_most:g}",
        met=bool(difference[worst] <= at_most),
    )


if __name__ == "__main__":
    main()
