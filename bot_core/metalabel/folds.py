"""Folds over time. As many as were asked: the rows are cut into one block more, and the first block only teaches.

A fold's training rows all stand before its test block, and three things keep the block's knowledge from them:

1. purge: a row whose label ended at or after the block's first event is out (López de Prado 2018, ch. 7);
2. embargo: so is one whose label ended less than this time before it;
3. gap: of the rows that are left, this many of the newest are out as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.windows import LEAST_ROWS, purge, require_rows
from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]
    Times = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Fold:
    """Row positions: who teaches and who is tested. `purged` rows stand before the test block and do neither."""

    train: Rows
    test: Rows
    purged: int


def expanding_folds(starts: Times, ends: Times, count: int, *, gap: int, embargo: np.timedelta64) -> list[Fold]:
    """Lay out exactly `count` folds.

    Args:
        starts: (n,) when each event happened, in order.
        ends: (n,) when its label was known.
        count: folds.
        gap: rows taken out before each test block beyond the purge.
        embargo: time kept free before it.

    Raises:
        DatasetError: a block or what is left to train on would hold fewer than 30 rows.
    """
    n = len(starts)
    if n < LEAST_ROWS * (count + 1):
        msg = f"folds: expected at least {LEAST_ROWS * (count + 1)} labelled rows for {count} folds, got {n}"
        raise DatasetError(msg, hint="ask for fewer folds (--cv-folds) or bring more events")
    edges = np.linspace(0, n, count + 2).round().astype(int)[1:]
    return [_fold(starts, ends, int(first), int(last), gap, embargo) for first, last in pairwise(edges)]


def _fold(starts: Times, ends: Times, first: int, last: int, gap: int, embargo: np.timedelta64) -> Fold:
    train = newest_out(purge(np.arange(first), ends, starts[first], embargo), gap)
    require_rows(train, f"training before {starts[first]}")
    return Fold(train, np.arange(first, last), first - len(train))


def newest_out(rows: Rows, gap: int) -> Rows:
    """Leave out the newest `gap` rows."""
    return rows[: max(len(rows) - gap, 0)]
