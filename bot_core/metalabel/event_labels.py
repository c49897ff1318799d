"""What a trade on a signal comes to: the triple barrier of the target, with a side.

A long trade gains by a rise to its profit barrier, a short one by a fall. A barrier is touched by the high or the low of a later bar; a
bar that touches both counts as the loss, because within a bar the order is unknown and the worse must be assumed. A touched barrier
pays the barrier itself, a time-out the close of the last bar (Lopez de Prado, Advances in Financial Machine Learning, 2018, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot_core.features.targets import BPS, volatility

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from bot_core.config.events import Barriers

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trades:
    """m trades: `ends` (m,), position of the bar at whose close each is over, or -1; `returns` (m,) bps before costs, or nan."""

    ends: Places
    returns: Floats


@dataclass(frozen=True, slots=True)
class _Levels:
    """(m,) prices at which a trade is won or lost, and which of them are long."""

    won: Floats
    lost: Floats
    long: NDArray[np.bool_]


def settle(frame: pd.DataFrame, places: Places, sides: Floats, barriers: Barriers) -> Trades:
    """Follow trades from the closes of some bars to their ends.

    Args:
        frame: bars in order of time, with float64 columns high, low, close.
        places: (m,) positions of the bars at whose closes the trades begin, in order.
        sides: (m,) 1 for long, -1 for short.
        barriers: when a trade ends.
    """
    high, low, close = (frame[name].to_numpy(np.float64) for name in ("high", "low", "close"))
    entries = close[places]
    levels = _levels(entries, sides, volatility(close, barriers.volatility_window)[places], barriers)
    ends, exits = np.full(len(places), -1, np.int64), np.full(len(places), np.nan)
    waiting = np.flatnonzero(~np.isnan(levels.won))
    for step in range(1, barriers.horizon + 1):
        waiting = waiting[places[waiting] + step < len(close)]
        later = places[waiting] + step
        lost, won = _touched(levels, waiting, high[later], low[later])
        for touched, price in ((lost, levels.lost), (won, levels.won)):
            ends[waiting[touched]], exits[waiting[touched]] = later[touched], price[waiting[touched]]
        waiting = waiting[~(lost | won)]
    ends[waiting] = places[waiting] + barriers.horizon
    exits[waiting] = close[ends[waiting]]
    return Trades(ends, sides * ((exits - entries) / entries * BPS))


def _levels(entries: Floats, sides: Floats, moves: Floats, barriers: Barriers) -> _Levels:
    scale = moves * np.sqrt(barriers.horizon)
    return _Levels(
        won=entries * (1.0 + sides * (barriers.profit * scale)),
        lost=entries * (1.0 - sides * (barriers.loss * scale)),
        long=sides > 0.0,
    )


def _touched(levels: _Levels, rows: Places, high: Floats, low: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which trades a bar ends at the loss, and which at the profit."""
    long, won, lost = levels.long[rows], levels.won[rows], levels.lost[rows]
    is_lost = np.where(long, low <= lost, high >= lost)
    is_won = ~is_lost & np.where(long, high >= won, low <= won)
    return is_lost, is_won
