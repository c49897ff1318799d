"""Defects of prices and volumes: bars that contradict themselves, bars without volume, moves too large to be moves.

A jump's score is |log return| / scale of its neighbourhood: a run of 250 returns (the last run has up to 499). The scale is 1.4826
times the median absolute deviation from the median, which is a normal's standard deviation (Rousseeuw and Croux, 1993). Where more
than half of a run's returns are equal that is zero; then it is 1.2533 times the mean absolute deviation (Iglewicz and Hoaglin,
1993). Where all are equal nothing has jumped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.data.checks.found import Found, found_at, written
from bot_core.data.contracts import PRICES, TIME

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEIGHBOURHOOD = 250
_MEDIAN_TO_STDEV, _MEAN_TO_STDEV = 1.4826, 1.2533


def ohlc_inconsistent(frame: pd.DataFrame) -> Found | None:
    """Find bars whose high is below, or whose low is above another of their prices, with a price ≤ 0 or a volume < 0."""
    opened, high, low, close = (frame[name].to_numpy() for name in PRICES)
    wrong = (high < opened) | (high < close) | (low > opened) | (low > close) | (high < low)
    wrong |= (opened <= 0.0) | (high <= 0.0) | (low <= 0.0) | (close <= 0.0) | (frame["volume"].to_numpy() < 0.0)
    message = "bars contradict themselves: a high or a low is not one, a price is not above zero, or a volume is below zero"
    return found_at("ohlc_inconsistent", _times(frame)[wrong], len(frame), message)


def zero_volume(frame: pd.DataFrame) -> Found | None:
    """Find bars with a volume of zero."""
    return found_at("zero_volume", _times(frame)[frame["volume"].to_numpy() == 0.0], len(frame), "bars have no volume")


def jumps(frame: pd.DataFrame, jump_score: float) -> Found | None:
    """Find moves from one close to the next whose robust score is above `jump_score`. Share: of the moves.

    Bars are taken in order of time (of one time: the last), closes that are not above zero are left out: they have their own codes.
    """
    times, closes = _closes(frame)
    returns = np.diff(np.log(closes))
    at = np.flatnonzero(jump_scores(returns) > jump_score)
    if len(at) == 0:
        return None
    largest = at[np.argmax(np.abs(returns[at]))]
    move, when = np.expm1(returns[largest]), written(times[largest + 1])
    message = (
        f"moves are over {jump_score:g} times what is usual around them, the largest {move:+.1%} at {when}: "
        f"a split, a wrong price, or news"
    )
    return found_at("jumps", times[at + 1], len(returns), message)


def jump_scores(returns: Floats) -> Floats:
    """Return every return's score; see the module's text."""
    if len(returns) == 0:
        return returns
    runs = max(1, len(returns) // NEIGHBOURHOOD)
    even = (runs - 1) * NEIGHBOURHOOD
    scales = np.append(_scales(returns[:even].reshape(runs - 1, NEIGHBOURHOOD)), _scales(returns[None, even:]))
    scale = np.repeat(scales, [NEIGHBOURHOOD] * (runs - 1) + [len(returns) - even])
    return np.divide(np.abs(returns), scale, out=np.zeros_like(returns), where=scale > 0.0)


def _scales(runs: Floats) -> Floats:
    away = np.abs(runs - np.median(runs, axis=1, keepdims=True))
    median = np.median(away, axis=1)
    return np.where(median > 0.0, _MEDIAN_TO_STDEV * median, _MEAN_TO_STDEV * away.mean(axis=1))


def _closes(frame: pd.DataFrame) -> tuple[NDArray[np.datetime64], Floats]:
    times, closes = _times(frame), frame["close"].to_numpy()
    if (times[1:] <= times[:-1]).any():
        order = np.argsort(times, kind="stable")
        times, closes = times[order], closes[order]
        last = np.append(times[1:] != times[:-1], [True])
        times, closes = times[last], closes[last]
    sound = np.isfinite(closes) & (closes > 0.0)
    return (times, closes) if sound.all() else (times[sound], closes[sound])


def _times(frame: pd.DataFrame) -> NDArray[np.datetime64]:
    return frame[TIME].to_numpy("datetime64[us]")
