"""Random label intervals of variable length, and what a splitter does to them: rows that leak, and honest rows kept.

A training row leaks when its label interval and that of some test row of the same split share a stretch of time; intervals that only
touch do not, which favours whoever admits them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Times = NDArray[np.datetime64]
    Index = NDArray[np.intp]

SEED = 7
START = np.datetime64("2020-01-01T00:00", "us")
MINUTE = np.timedelta64(1, "m")
SPACING = 60
LONGEST = 8


class Intervals(NamedTuple):
    """One set: row i was decided at `times[i]` and its label known at `ends[i]`; (n,), in order of time, no two times the same.

    `folds` test windows of `test_size` rows fill the second half.
    """

    times: Times
    ends: Times
    folds: int
    test_size: int

    @property
    def reaches(self) -> NDArray[np.intp]:
        """Return how many later rows each label reaches over."""
        return np.asarray(np.searchsorted(self.times, self.ends, side="left") - np.arange(len(self.times)) - 1, dtype=np.intp)


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over all sets and splits; `largest` is the largest leak-free training set of the same splits."""

    splitter: str
    splits: int
    leaked: int
    honest: int
    largest: int


@dataclass(frozen=True, slots=True)
class Splitter:
    """A named way to split a set; `past_only`: nothing after the test rows may be used, so nothing there can be lost."""

    name: str
    past_only: bool
    split: Callable[[Intervals], Iterable[tuple[Index, Index]]]


def draw(count: int) -> Iterator[Intervals]:
    """Draw sets of 96 to 168 rows, four to six folds, an hour between rows and labels of log-normal length, at most eight hours."""
    rng = np.random.default_rng(SEED)
    for _ in range(count):
        folds, test_size = int(rng.integers(4, 7)), int(rng.integers(12, 15))
        rows = 2 * folds * test_size
        gaps = 1 + rng.exponential(SPACING, rows).astype(int)
        lengths = np.clip(rng.lognormal(np.log(2 * SPACING), 1.0, rows), 1, LONGEST * SPACING).astype(int)
        times = START + np.cumsum(gaps) * MINUTE
        yield Intervals(times, times + lengths * MINUTE, folds, test_size)


def save(sets: list[Intervals], path: Path) -> None:
    """Write sets for a process of another environment."""
    shape = np.array([(len(s.times), s.folds, s.test_size) for s in sets])
    np.savez(path, shape=shape, times=np.concatenate([s.times for s in sets]), ends=np.concatenate([s.ends for s in sets]))


def load(path: Path) -> Iterator[Intervals]:
    """Read what `save` wrote."""
    with np.load(path) as stored:
        shape, times, ends = stored["shape"], stored["times"], stored["ends"]
    lasts = np.cumsum(shape[:, 0])
    for last, (rows, folds, test_size) in zip(lasts, shape, strict=True):
        yield Intervals(times[last - rows : last], ends[last - rows : last], int(folds), int(test_size))


def tally(sets: Iterable[Intervals], splitter: Splitter) -> Tally:
    """Count over all sets."""
    counts = np.array([count for intervals in sets for count in _counts(intervals, splitter)])
    leaked, honest, largest = counts.sum(axis=0).tolist()
    return Tally(splitter=splitter.name, splits=len(counts), leaked=leaked, honest=honest, largest=largest)


def _counts(intervals: Intervals, splitter: Splitter) -> Iterator[tuple[int, int, int]]:
    """Yield leaked rows, honest rows and the largest possible number of honest rows of each split."""
    times, ends = intervals.times.astype(np.int64), intervals.ends.astype(np.int64)
    overlap = (times[:, None] < ends) & (times < ends[:, None])
    for train, test in splitter.split(intervals):
        reaches = np.asarray(overlap[:, test].any(axis=1))
        allowed = np.arange(len(times)) < test.min() if splitter.past_only else np.ones(len(times), dtype=bool)
        leaked = int(reaches[train].sum())
        yield leaked, len(train) - leaked, int((allowed & ~reaches).sum())
