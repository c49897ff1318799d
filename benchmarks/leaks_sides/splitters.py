"""Ours and the peers that live in the same environment, each as its documentation says to use it.

Where a splitter takes a number of rows instead of label ends, it gets the mean reach of the set's labels, rounded up; skfolio's
walk-forward also the longest reach, which is safe and pays for it.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import purgedcv  # type: ignore[import-not-found]  # a peer: only in the benchmarks' environment
import skfolio.model_selection as skfolio  # type: ignore[import-not-found]  # a peer: only in the benchmarks' environment
from sklearn.model_selection import KFold, TimeSeriesSplit  # type: ignore[import-untyped]  # no types

from benchmarks.leaks_sides.intervals import SEED, Splitter
from bot_core.ai.windows import WalkForwardPlan, walk_forward_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from benchmarks.leaks_sides.intervals import Intervals

    Splits = Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]


def ours(s: Intervals) -> Splits:
    """Walk forward without embargo, purged by label end."""
    plan = WalkForwardPlan(s.folds, np.timedelta64(0, "s"), "expanding", 0.5)
    yield from ((step.train, step.test) for step in walk_forward_windows(s.times, s.ends, plan))


def k_fold(s: Intervals) -> Splits:
    """Shuffle: what a library offers first."""
    yield from KFold(s.folds, shuffle=True, random_state=SEED).split(s.times)


def time_series_split(s: Intervals) -> Splits:
    """Walk forward without a gap."""
    yield from TimeSeriesSplit(s.folds, test_size=s.test_size).split(s.times)


def time_series_split_with_gap(s: Intervals) -> Splits:
    """Walk forward with a gap of the mean reach."""
    yield from TimeSeriesSplit(s.folds, test_size=s.test_size, gap=_mean_reach(s)).split(s.times)


def skfolio_mean(s: Intervals) -> Splits:
    """Walk forward, purged by the mean reach."""
    return _skfolio(s, _mean_reach(s))


def skfolio_longest(s: Intervals) -> Splits:
    """Walk forward, purged by the longest reach."""
    return _skfolio(s, int(s.reaches.max()))


def _skfolio(s: Intervals, purged: int) -> Splits:
    first = len(s.times) // 2 - purged
    splitter = skfolio.WalkForward(test_size=s.test_size, train_size=first, expand_train=True, purged_size=purged)
    yield from splitter.split(s.times)


def skfolio_combinatorial(s: Intervals) -> Splits:
    """Test two folds at a time, purged by the mean reach."""
    splitter = skfolio.CombinatorialPurgedCV(n_folds=s.folds, n_test_folds=2, purged_size=_mean_reach(s))
    yield from ((train, np.concatenate(tests)) for train, tests in splitter.split(s.times))


def purgedcv_walk_forward(s: Intervals) -> Splits:
    """Walk forward, purged by label end."""
    splitter = purgedcv.WalkForwardSplit(s.folds, s.test_size, prediction_times=s.times, evaluation_times=s.ends)
    yield from splitter.split(s.times)


def purgedcv_k_fold(s: Intervals) -> Splits:
    """Contiguous folds, purged by label end on both sides."""
    yield from purgedcv.PurgedKFold(s.folds, prediction_times=s.times, evaluation_times=s.ends).split(s.times)


def _mean_reach(s: Intervals) -> int:
    return ceil(float(s.reaches.mean()))


OURS = Splitter("walk_forward_windows", past_only=True, split=ours)
PEERS = (
    Splitter("sklearn KFold(shuffle)", past_only=False, split=k_fold),
    Splitter("sklearn TimeSeriesSplit", past_only=True, split=time_series_split),
    Splitter("sklearn TimeSeriesSplit(gap: mean reach)", past_only=True, split=time_series_split_with_gap),
    Splitter("skfolio WalkForward(purged: mean reach)", past_only=True, split=skfolio_mean),
    Splitter("skfolio WalkForward(purged: longest reach)", past_only=True, split=skfolio_longest),
    Splitter("skfolio CombinatorialPurgedCV(purged: mean reach)", past_only=False, split=skfolio_combinatorial),
    Splitter("purgedcv WalkForwardSplit", past_only=True, split=purgedcv_walk_forward),
    Splitter("purgedcv PurgedKFold", past_only=False, split=purgedcv_k_fold),
)
