"""Which rows may teach, and which may judge. Time is never shuffled.

A training row is admitted only when its label ended before the first test row's time less the embargo: purge by label end time, so
that variable label lengths leak nothing. (López de Prado, Advances in Financial Machine Learning, 2018, ch. 7.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.datetime64]
    Rows = NDArray[np.intp]

LEAST_ROWS = 30
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def duration(text: str) -> np.timedelta64:
    """Turn `90m`, `6h`, `5d` or `2w` into a time span.

    >>> duration("6h")
    np.timedelta64(21600,'s')
    """
    return np.timedelta64(int(text[:-1]) * _SECONDS[text[-1]], "s")


def utc(time: np.datetime64) -> str:
    """Spell a time as documents do: `2017-01-01T22:00:00Z`."""
    return f"{np.datetime_as_string(time, unit='s')}Z"


def purge(rows: Rows, label_ends: Times, test_first: np.datetime64, embargo: np.timedelta64) -> Rows:
    """Keep the rows whose label ended before `test_first - embargo`."""
    return rows[label_ends[rows] < test_first - embargo]


@dataclass(frozen=True, slots=True)
class Parts:
    """Row positions of one chronological division; each part is purged against the next."""

    train: Rows
    validation: Rows
    test: Rows
    purged: int


def chronological_split(times: Times, label_ends: Times, shares: tuple[float, float], embargo: np.timedelta64) -> Parts:
    """Divide labelled rows into train, validation and test, oldest first.

    Args:
        times: (n,) in order.
        label_ends: (n,).
        shares: of train and of validation; the rest is test.
        embargo: kept free before validation and before test.

    Raises:
        DatasetError: a part would hold fewer than 30 rows.
    """
    n = len(times)
    first, second = round(n * shares[0]), round(n * (shares[0] + shares[1]))
    if min(first, second - first, n - second) < LEAST_ROWS:
        got = f"{first}, {second - first}, {n - second} of {n}"
        msg = f"train, validation and test: expected at least {LEAST_ROWS} rows each, got {got}"
        raise DatasetError(msg, hint="use more data, or a shorter warm-up or horizon")
    train = purge(np.arange(first), label_ends, times[first], embargo)
    validation = purge(np.arange(first, second), label_ends, times[second], embargo)
    require_rows(train, "training")
    require_rows(validation, "validation")
    return Parts(train, validation, np.arange(second, n), first - len(train) + second - first - len(validation))


@dataclass(frozen=True, slots=True)
class WalkForwardPlan:
    """`windows` test windows of (nearly) equal length after the first training share of the rows.

    `expanding` trains on everything before the test window, `rolling` on as many rows as the first training share holds.
    """

    windows: int
    embargo: np.timedelta64
    mode: Literal["expanding", "rolling"] = "expanding"
    first_train_share: float = 0.4


@dataclass(frozen=True, slots=True)
class TrainTest:
    """Row positions of one walk-forward step."""

    train: Rows
    test: Rows
    purged: int


def walk_forward_windows(times: Times, label_ends: Times, plan: WalkForwardPlan) -> list[TrainTest]:
    """Lay out exactly `plan.windows` windows; they never overlap and never look ahead.

    Raises:
        DatasetError: fewer rows than windows times 5, or a training part of fewer than 30 rows after purging.
    """
    n = len(times)
    start = round(n * plan.first_train_share)
    least = 5 * plan.windows
    if n - start < least:
        msg = f"walk-forward: expected at least {least} labelled rows after the first training share, got {n - start} of {n}"
        raise DatasetError(msg, hint="ask for fewer windows (validation.walk_forward.windows) or use more data")
    edges = np.linspace(start, n, plan.windows + 1).round().astype(int)
    return [_window(times, label_ends, plan, start, int(a), int(b)) for a, b in pairwise(edges)]


def _window(times: Times, label_ends: Times, plan: WalkForwardPlan, length: int, first: int, last: int) -> TrainTest:
    oldest = first - length if plan.mode == "rolling" else 0
    train = purge(np.arange(oldest, first), label_ends, times[first], plan.embargo)
    require_rows(train, f"training before {times[first]}")
    return TrainTest(train, np.arange(first, last), first - oldest - len(train))


def require_rows(rows: Rows, what: str) -> None:
    """Refuse a part too small to learn from or to judge by.

    Raises:
        DatasetError: fewer than 30 rows.
    """
    if len(rows) < LEAST_ROWS:
        msg = f"{what}: expected at least {LEAST_ROWS} rows after purging, got {len(rows)}"
        raise DatasetError(msg, hint="the horizon or the embargo is too long for the data; shorten it or use more data")


def label_overlap(times: Times, label_ends: Times) -> int:
    """Count how many labels of (n,) rows in order of time are alive at once, on average; 1 where there are no rows."""
    if not len(times):
        return 1
    ends = np.searchsorted(times, label_ends, side="left")
    return max(1, round(float(np.mean(ends - np.arange(len(times))))))
