"""One trial of the drift alert: shifts planted behind one row of a history, and the first look at which each is seen.

An alert counts when it says more than the same window without the shift does: when it names a shifted feature that is not named there,
or is critical where that one is not. An alert that was there anyway sees nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot_core.ai.drift_alarm import Alarm, Marks, Reading
    from bot_core.ai.drift_shifts import Shift

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

HORIZON = 2  # windows


@dataclass(frozen=True, slots=True)
class Trial:
    """One place: the first look (1, 2, …; 0: none) at which each shift was seen, `first` (s, k + 2), and what could not be seen.

    Columns are the k features alone, then all together by any alert, and all together by a critical one. `already` (k + 2,): every look
    says so without any shift.
    """

    first: Places
    already: Marks

    @classmethod
    def at(cls, alarm: Alarm, rows: Floats, place: int, step: int, planted: Sequence[Shift]) -> Trial:
        """Plant each shift at row `place` of `rows` (n, k), at least a window from the first, and look until two windows have passed."""
        window = alarm.config.window
        part = rows[place - window : place + HORIZON * window]
        before = [_Calm.of(alarm, seen) for seen in _looks(part, window, step)]
        changed = (_looks(shift.plant(part, window, alarm.reference), window, step) for shift in planted)
        first = np.array([_first(alarm, before, after) for after in changed])
        already: Marks = np.logical_and.reduce([_said(alarm, calm.named) for calm in before])
        return cls(first, already)


@dataclass(frozen=True, slots=True)
class _Calm:
    """A window without a shift: what was measured, and the features (k,) it names."""

    reading: Reading
    named: Marks

    @classmethod
    def of(cls, alarm: Alarm, window: Floats) -> _Calm:
        reading = alarm.read(window)
        return cls(reading, alarm.named(reading))


def _said(alarm: Alarm, named: Marks) -> Marks:
    """Turn the features (k,) a window names into what (k + 2,) can be said no more of the same window with a shift."""
    return np.append(named, [named.all(), alarm.status(named) == "critical"])


def _looks(part: Floats, window: int, step: int) -> list[Floats]:
    """Cut the windows that end `step`, 2 `step`, … rows behind the first window's end."""
    return [part[end - window : end] for end in range(window + step, len(part) + 1, step)]


def _first(alarm: Alarm, before: list[_Calm], after: list[Floats]) -> Places:
    """Look until everything has been seen."""
    found = np.zeros(len(before[0].named) + 2, dtype=np.intp)
    for look, (calm, window) in enumerate(zip(before, after, strict=True), start=1):
        found[_fresh(alarm, calm, alarm.read(window), found == 0)] = look
        if found.all():
            break
    return found


def _fresh(alarm: Alarm, calm: _Calm, shifted: Reading, wanted: Marks) -> Marks:
    """Mark the `wanted` alerts (k + 2,) that are due to the shift: in feature i alone, in all features, in all features and critical."""
    seen = np.zeros(len(wanted), dtype=np.bool_)
    for i in np.flatnonzero(shifted.over.any(axis=0) & ~calm.named & wanted[:-2]).tolist():
        alone = alarm.named(calm.reading.taking(i, shifted))
        seen[i] = alone[i] and alarm.status(alone) != "ok"
    together = alarm.named(shifted)
    status = alarm.status(together)
    seen[-2] = bool((together & ~calm.named).any()) and status != "ok"
    seen[-1] = status == "critical" != alarm.status(calm.named)
    return seen & wanted
