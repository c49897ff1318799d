"""Online drift: how soon a shift is seen, how often nothing is called drift, and what one observation costs, beside river alone.

What is compared: `bot_core.routing.series.Series` with its default ADWIN or Page-Hinkley, beside `river.drift.ADWIN` and
`river.drift.PageHinkley` as they come. Streams: Bernoulli errors that jump from 0.1 to 0.3, at once or over 1,000 values, and that do not;
hourly EURUSD and daily MSFT returns, in blocks dealt anew so that nothing but the planted shift changes, with their mean moved by one or
half a standard deviation, or not at all; and the EURUSD series as they really came. Delays are medians over 200 streams, in observations
after the shift; what is not seen within 1,500 counts as 1,500.
Why it is fair: both sides see the same values in the same order, and both detectors have the same delta. River's ADWIN is made for values
between 0 and 1; ours brings a series to its own spread first, for which it spends its first 200 values, which count for both sides as
before the shift. That is the whole difference in delay: given the brought values, the first alarm of both is the same one
(`tests/unit/routing/test_adwin.py`). A Page-Hinkley test has no unit of its own; river's defaults stand for what one gets without choosing.
Cost: CPU time of the process, both sides in turn, medians; ours runs two windows, one for the warning, where river runs one.
"""

from __future__ import annotations

import csv
import math
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from river.drift import ADWIN, PageHinkley

from benchmarks.measure import Figure, interleave, publish
from benchmarks.render import NO_TARGET
from bot_core.config.routing import AdwinDetector, PageHinkleyDetector
from bot_core.routing.adwin import Adwin
from bot_core.routing.page_hinkley import PageHinkley as Test
from bot_core.routing.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Draw = Callable[[np.random.Generator, float], list[float]]

ROOT = Path(__file__).parents[1]
WARM_UP, BEFORE, HORIZON, STREAMS, CALM = 200, 1_000, 1_500, 200, 5_000
CALLS, RUNS = 20_000, 15
BLOCK = 20


class Detects(Protocol):
    """One side, over one stream."""

    def __call__(self, value: float, /) -> bool:
        """Take a value; say whether it makes drift known."""


def main() -> None:
    """Measure, print, write."""
    eurusd, msft = returns("eurusd_1h"), returns("msft_1d")
    shifts: dict[str, Draw] = {
        "errors 0.1 to 0.3, at once": lambda draw, size: errors(draw, size, over=1),
        "errors 0.1 to 0.3, over 1,000": lambda draw, size: errors(draw, size, over=1_000),
        "EURUSD returns, mean by 1 standard deviation": lambda draw, size: moved(eurusd, draw, size),
        "EURUSD returns, mean by 0.5": lambda draw, size: moved(eurusd, draw, size / 2.0),
        "MSFT returns, mean by 1 standard deviation": lambda draw, size: moved(msft, draw, size),
    }
    calm: dict[str, Draw] = {
        "errors at 0.1": lambda draw, _: (draw.random(CALM) < 0.1).astype(np.float64).tolist(),
        "standard normal values": lambda draw, _: draw.normal(size=CALM).tolist(),
        "EURUSD returns, blocks dealt anew": lambda draw, _: dealt(eurusd, draw, CALM).tolist(),
    }
    figures = [figure for what, draw in shifts.items() for figure in delays(what, draw)]
    figures += [figure for what, draw in calm.items() for figure in false_alarms(what, draw)]
    publish("drift_online", [*cost(), *figures, *as_they_came()])


# --- streams ---


def returns(name: str) -> Floats:
    """Read a file's closes as log returns."""
    with (ROOT / f"data/{name}.csv").open(encoding="utf-8") as lines:
        closes = np.array([float(row["close"]) for row in csv.DictReader(lines)])
    return np.diff(np.log(closes))


def errors(draw: np.random.Generator, size: float, *, over: int) -> list[float]:
    """Draw a model's errors, 0 or 1: one in ten, from the shift on more."""
    rise = np.clip((np.arange(BEFORE + HORIZON) - BEFORE + 1) / over, 0.0, 1.0)
    found: list[float] = (draw.random(BEFORE + HORIZON) < 0.1 + 0.2 * size * rise).astype(np.float64).tolist()
    return found


def dealt(series: Floats, draw: np.random.Generator, rows: int) -> Floats:
    """Deal a series anew in blocks."""
    starts = draw.integers(0, len(series) - BLOCK, math.ceil(rows / BLOCK))
    return np.concatenate([series[start : start + BLOCK] for start in starts])[:rows]


def moved(series: Floats, draw: np.random.Generator, size: float) -> list[float]:
    """Deal a series anew, and move its mean from the shift on."""
    values = dealt(series, draw, BEFORE + HORIZON)
    values[BEFORE:] += size * series.std() * draw.choice([-1.0, 1.0])
    found: list[float] = values.tolist()
    return found


# --- sides ---


def ours(declared: AdwinDetector | PageHinkleyDetector, block: int = 1) -> Detects:
    """Watch as a router does."""
    series = Series(WARM_UP, [declared], block)
    return lambda value: any(alarm.level == "drift" for alarm in series.observe(value))


def river(kind: type[ADWIN | PageHinkley]) -> Detects:
    """Watch as river does by default."""
    detector = kind()

    def detects(value: float, /) -> bool:
        detector.update(value)  # type: ignore[no-untyped-call]  # the same
        return bool(detector.drift_detected)

    return detects


SIDES: tuple[tuple[str, AdwinDetector | PageHinkleyDetector, type[ADWIN | PageHinkley]], ...] = (
    ("ADWIN", AdwinDetector(), ADWIN),
    ("Page-Hinkley", PageHinkleyDetector(), PageHinkley),
)


# --- figures ---


def delays(what: str, draw: Draw) -> list[Figure]:
    """Measure the median delay of both detectors on a kind of shift; a target is set where the series has a unit of its own."""
    figures = []
    for name, declared, kind in SIDES:
        streams = [draw(np.random.default_rng(seed), 1.0) for seed in range(STREAMS)]
        mine = statistics.median(delay(ours(declared), stream) for stream in streams)
        theirs = statistics.median(delay(river(kind), stream) for stream in streams)
        is_real = "returns" in what
        figures.append(
            Figure(
                figure=f"{name}, {what}: delay (ratio: peer / ours)",
                unit="values",
                ours=mine,
                peer=theirs,
                peer_name=f"river.drift.{kind.__name__}",
                ratio=theirs / mine,
                target=">= 2x" if is_real else NO_TARGET,
                met=not is_real or theirs / mine >= 2.0,
            )
        )
    return figures


def delay(detects: Detects, stream: Sequence[float]) -> int:
    """Return how many values after the shift drift is first said; the horizon if never."""
    after = (row - BEFORE + 1 for row, value in enumerate(stream) if detects(value) and row >= BEFORE)
    return next(after, HORIZON)


def false_alarms(what: str, draw: Draw) -> list[Figure]:
    """Count the streams without a shift in which drift is said."""
    figures = []
    for name, declared, kind in SIDES:
        streams = [draw(np.random.default_rng(1_000 + seed), 0.0) for seed in range(STREAMS)]
        mine = sum(any(map(ours(declared), stream)) for stream in streams) / STREAMS
        theirs = sum(any(map(river(kind), stream)) for stream in streams) / STREAMS
        figures.append(
            Figure(
                figure=f"{name}, {what}: streams of 5,000 that are called drift (ratio: ours)",
                unit="share",
                ours=mine,
                peer=theirs,
                peer_name=f"river.drift.{kind.__name__}",
                ratio=mine,
                target="<= 0.02",
                met=mine <= 0.02,
            )
        )
    return figures


def as_they_came() -> list[Figure]:
    """Count alarms in the real EURUSD series, whose days have a rhythm: hour by hour, and by means of 24 hours."""
    with (ROOT / "data/eurusd_1h.csv").open(encoding="utf-8") as lines:
        ranges = [math.log(float(row["high"]) / float(row["low"])) for row in csv.DictReader(lines)]
    figures = []
    for what, values in (("returns", returns("eurusd_1h").tolist()), ("log ranges", ranges)):
        for block in (1, 24):
            mine = sum(map(ours(AdwinDetector(), block), values))
            theirs = sum(map(river(ADWIN), values))
            figures.append(
                Figure(
                    figure=f"ADWIN, EURUSD {what} as they came, block {block}: drift said (count; ratio: ours)",
                    unit="alarms",
                    ours=mine,
                    peer=theirs,
                    peer_name="river.drift.ADWIN",
                    ratio=mine,
                    target=NO_TARGET,
                    met=True,
                )
            )
    return figures


def cost() -> list[Figure]:
    """Time one observation: the detector alone, and a series with it."""
    values = np.random.default_rng(7).normal(size=CALLS).tolist()
    sides: list[tuple[str, Callable[[float], object], type[ADWIN | PageHinkley], str]] = [
        ("ADWIN, drift and warning", Adwin().update, ADWIN, "<= 1 us"),
        ("ADWIN in a series, brought to its spread", Series(WARM_UP, [AdwinDetector()]).observe, ADWIN, NO_TARGET),
        ("Page-Hinkley, drift and warning", Test().update, PageHinkley, NO_TARGET),
        ("a series with both", Series(WARM_UP, [AdwinDetector(), PageHinkleyDetector()]).observe, ADWIN, NO_TARGET),
    ]
    return [timed_figure(what, update, peer(), values, target) for what, update, peer, target in sides]


def timed_figure(
    what: str, update: Callable[[float], object], peer: ADWIN | PageHinkley, values: Sequence[float], target: str
) -> Figure:
    """Time both sides over the same values."""
    mine, theirs = (
        seconds / len(values) * 1e6 for seconds in interleave(lambda: fed(update, values), lambda: fed(peer.update, values), RUNS)
    )
    return Figure(
        figure=f"{what}: one observation (ratio: ours / peer; the target is ours)",
        unit="us",
        ours=mine,
        peer=theirs,
        peer_name=f"river.drift.{type(peer).__name__}",
        ratio=mine / theirs,
        target=target,
        met=target == NO_TARGET or mine <= 1.0,
    )


def fed(update: Callable[[float], object], values: Sequence[float]) -> None:
    """Give all values to a detector."""
    for value in values:
        update(value)


if __name__ == "__main__":
    main()
