"""What a model learns, with the time each label is known.

A label of bar t is known at the close of some later bar; its end is that bar's `time`. Nothing later than the end enters the label,
so data that arrives afterwards never changes it. Where the outcome is not known yet, the label and its payoff are nan and its end
is NaT. The payoff is what holding the instrument over the label's own period returned, in bps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.config.models import Direction, ForwardReturn, NextRange, TripleBarrier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BarTarget = ForwardReturn | Direction | TripleBarrier | NextRange
BPS = 1e4


@dataclass(frozen=True, slots=True)
class Target:
    """n labels: `labels` (n,); `ends` (n,), position of the bar at whose close each is known, or -1; `payoffs` (n,) bps or None."""

    labels: Floats
    ends: NDArray[np.int64]
    payoffs: Floats | None


def warm_up(target: BarTarget) -> int:
    """Return the number of first bars that can have no label: those without a volatility to scale barriers with."""
    return target.volatility_window if isinstance(target, TripleBarrier) else 0


def compute_target(frame: pd.DataFrame, target: BarTarget) -> Target:
    """Label every bar of a frame with float64 columns high, low, close."""
    high, low, close = (frame[name].to_numpy(np.float64) for name in ("high", "low", "close"))
    match target:
        case ForwardReturn(horizon=horizon):
            return _forward_return(close, horizon)
        case Direction(horizon=horizon):
            return _direction(close, horizon)
        case NextRange(horizon=horizon):
            return _next_range(high, low, horizon)
        case TripleBarrier():
            return _triple_barrier(high, low, close, target)


def volatility(close: Floats, window: int) -> Floats:
    """Return the rolling standard deviation (n - 1) of log returns, nan for the first `window` bars."""
    changes = np.full(len(close), np.nan)
    np.log(close[1:] / close[:-1], out=changes[1:])
    return pd.Series(changes, copy=False).rolling(window).std().to_numpy()


def _forward_return(close: Floats, horizon: int) -> Target:
    """(close[t+h] - close[t]) / close[t], in bps."""
    values = np.full(len(close), np.nan)
    known = values[: max(len(close) - horizon, 0)]
    np.subtract(close[horizon:], close[: len(known)], out=known)
    known /= close[: len(known)]
    known *= BPS
    return Target(values, _ends(len(close), horizon), values)


def _direction(close: Floats, horizon: int) -> Target:
    """1 where the forward return is above zero, else 0."""
    forward = _forward_return(close, horizon)
    values = np.where(np.isnan(forward.labels), np.nan, (forward.labels > 0.0).astype(np.float64))
    return Target(values, forward.ends, forward.labels)


def _next_range(high: Floats, low: Floats, horizon: int) -> Target:
    """log(highest high / lowest low) of bars t+1 to t+h, in bps."""
    values = np.full(len(high), np.nan)
    known = max(len(high) - horizon, 0)
    if known:
        top = high[1 : known + 1].copy()
        floor = low[1 : known + 1].copy()
        for step in range(2, horizon + 1):
            np.maximum(top, high[step : known + step], out=top)
            np.minimum(floor, low[step : known + step], out=floor)
        values[:known] = np.log(top / floor) * BPS
    return Target(values, _ends(len(high), horizon), None)


def _triple_barrier(high: Floats, low: Floats, close: Floats, target: TripleBarrier) -> Target:
    """1 where close (1 + upper v) is touched before close (1 - lower v), else 0; v = volatility * sqrt(horizon).

    Volatility is the standard deviation (n - 1) of the last `volatility_window` log returns up to t. A barrier is touched by the
    high or the low of one of bars t+1 to t+h; a bar that touches both counts as the lower one, because within a bar the order is
    unknown and the worse must be assumed; so does the next bar where volatility is 0. A touched barrier pays the barrier itself, a
    time-out the close of bar t+h (Lopez de Prado, 2018, chapter 3).
    """
    scale = volatility(close, target.volatility_window) * np.sqrt(target.horizon)
    upper = close * (1.0 + target.upper * scale)
    lower = close * (1.0 - target.lower * scale)
    result = Target(np.full(len(close), np.nan), np.full(len(close), -1, np.int64), np.full(len(close), np.nan))
    waiting = np.flatnonzero(~np.isnan(scale))
    for step in range(1, target.horizon + 1):
        waiting = waiting[: np.searchsorted(waiting, len(close) - step)]
        later = waiting + step
        down = low[later] <= lower[waiting]
        up = ~down & (high[later] >= upper[waiting])
        _settle(result, waiting[down], step, 0.0, lower[waiting[down]])
        _settle(result, waiting[up], step, 1.0, upper[waiting[up]])
        waiting = waiting[~(down | up)]
    _settle(result, waiting, target.horizon, 0.0, close[waiting + target.horizon])
    _to_returns(result, close)
    return result


def _settle(result: Target, rows: NDArray[np.int64], step: int, label: float, price: Floats) -> None:
    """Give these rows their label; the payoff column holds the exit price until `_to_returns`."""
    result.labels[rows] = label
    result.ends[rows] = rows + step
    if result.payoffs is not None:
        result.payoffs[rows] = price


def _to_returns(result: Target, close: Floats) -> None:
    if result.payoffs is not None:
        np.subtract(result.payoffs, close, out=result.payoffs)
        np.divide(result.payoffs, close, out=result.payoffs)
        np.multiply(result.payoffs, BPS, out=result.payoffs)


def _ends(rows: int, horizon: int) -> NDArray[np.int64]:
    ends = np.arange(horizon, rows + horizon, dtype=np.int64)
    ends[ends >= rows] = -1
    return ends
