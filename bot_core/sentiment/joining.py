"""What was known of the news when a bar closed: an as-of join of scores to bars, by publication time, that cannot look ahead.

A score counts for a bar when it was published, plus `delay` for the way to us, at or before the bar's close, and at most `max_age`
before it. Of those: the last one, their mean, and how many. Where there is none the count is 0 and the others are nothing. What is
published later, or changes later, changes no row. `as_of` gives one row and is what a running process asks; both agree to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot_core.errors import ConfigError, InputError
from bot_core.features.columns import utc_times

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

PUBLISHED, SCORE, TEXT = "published", "score", "text"
FEATURES = ("sentiment_last", "sentiment_mean", "sentiment_count")
"""The columns that a table of events gets, in order."""


@dataclass(frozen=True, slots=True)
class Scores:
    """m scores in order of publication: `published` (m,) datetime64[us] UTC, `scores` (m,) from -1 to 1."""

    published: Times
    scores: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Scores:
        """Take `published` (times; without a zone UTC) and `score` from a table in any order; of equal times the later row counts as later.

        Raises:
            InputError: a column is missing, a time is, or a score is not between -1 and 1.
        """
        for name in (PUBLISHED, SCORE):
            if name not in frame.columns:
                msg = f"scores: expected a column {name}, got {', '.join(map(str, frame.columns))}"
                raise InputError(msg, hint=f"a table of scores has the columns {PUBLISHED} and {SCORE}")
        if frame[PUBLISHED].dtype.kind != "M" or frame[SCORE].dtype.kind not in "if":
            msg = f"scores: expected times and numbers, got {frame[PUBLISHED].dtype} and {frame[SCORE].dtype}"
            raise InputError(msg, hint="write times as 2017-01-02T08:00:00Z")
        published, values = utc_times(frame[PUBLISHED]), frame[SCORE].to_numpy(np.float64)
        bad = np.isnat(published) | ~(np.abs(values) <= 1.0)
        if bad.any():
            at = int(np.argmax(bad))
            msg = f"scores: row {at + 1}: expected a time and a score from -1 to 1, got {published[at]} and {values[at]:g}"
            raise InputError(msg, hint="leave out what has no score")
        order = np.argsort(published, kind="stable")
        return cls(published[order], values[order])


@dataclass(frozen=True, slots=True)
class Joined:
    """n rows: `last` and `mean` (n,), nan where `count` (n,) is 0."""

    last: Floats
    mean: Floats
    count: NDArray[np.int64]

    def features(self) -> dict[str, Floats]:
        """Return the columns of `FEATURES`; without a score the first two are 0, neutral, and the count says why."""
        columns = (np.nan_to_num(self.last, nan=0.0), np.nan_to_num(self.mean, nan=0.0), self.count.astype(np.float64))
        return dict(zip(FEATURES, columns, strict=True))


def join_scores(closes: Times, scores: Scores, *, max_age: np.timedelta64, delay: np.timedelta64) -> Joined:
    """Join scores to bars.

    Args:
        closes: when each bar is known, (n,) datetime64[us] UTC (`bot_core.sentiment.joining_closes`), in any order.
        scores: what was published.
        max_age: how long before the close a score may have been published.
        delay: how long after its publication a score is known here.

    Raises:
        ConfigError: an age that is not above the delay, or a delay below 0: nothing would count, or the future would.
    """
    if not np.timedelta64(0, "us") <= delay < max_age:
        msg = f"scores: expected 0 <= delay < max_age, got {delay} and {max_age}"
        raise ConfigError(msg, hint="a delay such as 1m, an age such as 1d")
    stop = np.searchsorted(scores.published + delay, closes, side="right")
    start = np.minimum(np.searchsorted(scores.published, closes - max_age, side="left"), stop)
    last, mean = np.full(len(closes), np.nan), np.full(len(closes), np.nan)
    for row in np.flatnonzero(stop > start):
        known = scores.scores[start[row] : stop[row]]
        last[row], mean[row] = known[-1], known.mean()
    return Joined(last, mean, (stop - start).astype(np.int64))


def as_of(moment: np.datetime64, scores: Scores, *, max_age: np.timedelta64, delay: np.timedelta64) -> dict[str, float]:
    """Return the features known at one moment; see `join_scores` for what is raised."""
    joined = join_scores(np.array([moment], dtype="datetime64[us]"), scores, max_age=max_age, delay=delay)
    return {name: float(column[0]) for name, column in joined.features().items()}
