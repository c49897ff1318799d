"""The bars' times against the calendar: missing bars, bars at other times, a stale end, bars of another length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot_core.data.calendars import expected_times
from bot_core.data.checks.found import Found, found_at, written
from bot_core.data.contracts import TIME
from bot_core.data.durations import microseconds
from bot_core.documents.data_quality import Gap

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from bot_core.config.models import CsvBars, ParquetBars
    from bot_core.data.calendars import Times

LONGEST = 50


@dataclass(frozen=True, slots=True)
class Timeline:
    """The different times of the bars in order, the times due between the first and the last one, and which of these are missing.

    `missing` are positions in `due`.
    """

    bar: int
    times: Times
    due: Times
    missing: NDArray[np.intp]


def timeline(frame: pd.DataFrame, config: CsvBars | ParquetBars) -> Timeline:
    """Put the bars' times beside the calendar's.

    Raises:
        ConfigError: an unknown calendar, or a bar length of zero.
    """
    bar = microseconds(config.bar, "data.bar")
    times = frame[TIME].to_numpy("datetime64[us]")
    if (times[1:] <= times[:-1]).any():
        times = np.sort(times, kind="stable")  # fast where little is out of order, which np.unique's hashing is not
        times = times[np.append(times[1:] != times[:-1], [True])]
    due = expected_times(config.calendar, times[0], times[-1], bar)
    return Timeline(bar, times, due, np.flatnonzero(_absent(due, times)))


def missing_bars(line: Timeline, config: CsvBars | ParquetBars) -> Found | None:
    """Find bars due by the calendar between the first and the last bar that are not there. Share: of the bars due."""
    runs = gaps(line, limit=1)
    if not runs:
        return None
    breaks = 1 + int(np.count_nonzero(np.diff(line.missing) > 1))
    message = (
        f"bars due by the calendar {config.calendar} are missing, in {breaks:,} gaps; the longest has {runs[0].bars:,} bars "
        f"from {runs[0].first} to {runs[0].last}"
    )
    return found_at("missing_bars", line.due[line.missing], len(line.due), message)


def outside_calendar(line: Timeline, config: CsvBars | ParquetBars) -> Found | None:
    """Find bars at times at which the calendar has none."""
    outside = line.times[_absent(line.times, line.due)]
    message = (
        f"bars are at times when the calendar {config.calendar} has none; the calendar, the time zone or the bar may be another"
    )
    return found_at("outside_calendar", outside, len(line.times), message)


def stale_tail(line: Timeline, config: CsvBars | ParquetBars) -> Found | None:
    """Find bars due after the newest one, up to and including the declared `as_of`. Share: of all bars then due."""
    newest, as_of = line.times[-1], np.datetime64(config.as_of.removesuffix("Z"), "us")
    if as_of <= newest:
        return None
    due = expected_times(config.calendar, newest + 1, as_of, line.bar)
    message = f"bars up to the declared {config.as_of} have not come; the newest is from {written(newest)}"
    return found_at("stale_tail", due, len(line.times) + len(due), message)


def bar_length(line: Timeline, config: CsvBars | ParquetBars) -> Found | None:
    """Find steps from one bar to the next that are no multiple of the declared bar. Share: of the steps."""
    odd = np.flatnonzero(np.diff(line.times).astype(np.int64) % line.bar) + 1
    message = f"steps from one bar to the next are no multiple of the declared {config.bar}"
    return found_at("bar_length", line.times[odd], len(line.times) - 1, message)


def gaps(line: Timeline, limit: int = LONGEST) -> list[Gap]:
    """Return the longest runs of missing bars, in order of time; of equal ones the earlier."""
    if len(line.missing) == 0:
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(line.missing) > 1) + 1])
    lengths = np.diff(np.append(starts, len(line.missing)))
    longest = np.sort(np.argsort(-lengths, kind="stable")[:limit])
    firsts = line.missing[starts[longest]]
    return [
        Gap(first=written(line.due[first]), last=written(line.due[first + bars - 1]), bars=int(bars))
        for first, bars in zip(firsts, lengths[longest], strict=True)
    ]


def _absent(wanted: Times, present: Times) -> NDArray[np.bool_]:
    """Say which wanted times are not among the present ones; both are sorted."""
    if len(wanted) == len(present) and (wanted == present).all():
        return np.zeros(len(wanted), dtype=bool)
    if len(present) == 0:
        return np.ones(len(wanted), dtype=bool)
    at = np.searchsorted(present, wanted)
    absent: NDArray[np.bool_] = present[np.minimum(at, len(present) - 1)] != wanted
    return absent
