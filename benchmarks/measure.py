"""What every benchmark shares: two callables timed in turn, a figure beside its target, and a result file.

Ours and the peer run alternately in one process, so both see the same machine. Time is CPU time of the process, all threads added:
wall time on a shared machine measures the neighbours.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULTS = Path(__file__).parent / "results"
HEADER = ("figure", "unit", "ours", "peer", "ratio", "target", "met", "peer name")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a result file. Times: `ratio` is peer / ours, `target` its lower bound; differences say so in `figure`."""

    figure: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    target: str
    met: bool


def timed(work: Callable[[], object], *, calls: int = 1) -> float:
    """Return the CPU seconds of one call, averaged over `calls`."""
    start = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - start) / calls


def interleave(
    ours: Callable[[], object], peer: Callable[[], object], runs: int, *, our_calls: int = 1, peer_calls: int = 1
) -> tuple[float, float]:
    """Run both in turn, after one unmeasured call each, and return the two medians of `runs` measurements in CPU seconds.

    Args:
        ours: our side.
        peer: the peer's side.
        runs: measurements of each.
        our_calls: calls averaged into one measurement, where one call is too short for the clock.
        peer_calls: the same for the peer.
    """
    ours()
    peer()
    pairs = [(timed(ours, calls=our_calls), timed(peer, calls=peer_calls)) for _ in range(runs)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def compare(
    figure: str, times: tuple[float, float], *, peer_name: str, at_least: float, unit: Literal["s", "ms", "us"] = "s"
) -> Figure:
    """Make a figure of two times in seconds: how many times faster ours is, and whether that meets the target."""
    scale = {"s": 1.0, "ms": 1e3, "us": 1e6}[unit]
    ours, peer = times
    ratio = peer / ours
    return Figure(
        figure=figure,
        unit=unit,
        ours=ours * scale,
        peer=peer * scale,
        peer_name=peer_name,
        ratio=ratio,
        target=f">= {at_least:g}x",
        met=ratio >= at_least,
    )


def publish(name: str, figures: Sequence[Figure]) -> None:
    """Write `benchmarks/results/<name>.json` and print the same as a table."""
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(list(figures)), indent=2) + b"\n")
    rows = [HEADER, *(_row(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"\n{path.relative_to(RESULTS.parent.parent)}")


def _row(figure: Figure) -> tuple[str, ...]:
    numbers = (f"{figure.ours:.4g}", f"{figure.peer:.4g}", f"{figure.ratio:.4g}")
    return (figure.figure, figure.unit, *numbers, figure.target, "yes" if figure.met else "NO", figure.peer_name)
