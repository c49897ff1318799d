"""Defects of rows, whatever they hold: repeated, out of order, not finite, timed by another clock, labelled too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.config.models import EventTable
from bot_core.data.checks.found import Found, found_at
from bot_core.data.contracts import LABEL_END, OFFSET, TIME
from bot_core.data.repairs import not_finite
from bot_core.data.sources.times import zone

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from bot_core.config.models import DataConfig


def duplicates(frame: pd.DataFrame, config: DataConfig) -> Found | None:
    """Find bars with the time of an earlier row; events that equal an earlier row in every column."""
    times = _times(frame)
    if isinstance(config, EventTable):
        repeated = frame.duplicated().to_numpy()
        return found_at("duplicates", np.sort(times[repeated]), len(frame), "rows repeat an earlier row in every column")
    ordered = times if (times[1:] >= times[:-1]).all() else np.sort(times, kind="stable")
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    return found_at("duplicates", again, len(frame), "rows have the time of another row")


def disorder(frame: pd.DataFrame) -> Found | None:
    """Find rows that are older than the row before them, in file order."""
    times = _times(frame)
    return found_at("disorder", times[1:][times[1:] < times[:-1]], len(frame), "rows are older than the row before them")


def non_finite(frame: pd.DataFrame, config: DataConfig) -> Found | None:
    """Find rows with a NaN or an infinity in a column of numbers; a label only counts where its label end is known."""
    bad = {name: rows for name, rows in not_finite(frame, config).items() if rows.any()}
    if not bad:
        return None
    rows = np.logical_or.reduce(list(bad.values()))
    return found_at("non_finite", _times(frame)[rows], len(frame), f"rows lack a finite number, in {', '.join(bad)}")


def offset_change(frame: pd.DataFrame, config: DataConfig) -> Found | None:
    """Find rows whose UTC offset differs from the row before, unless both are what the declared time zone has at those times."""
    if OFFSET not in frame.columns:
        return None
    offsets = frame[OFFSET].to_numpy()
    changed = np.flatnonzero(offsets[1:] != offsets[:-1]) + 1
    if len(changed) == 0:
        return None
    both = np.stack([changed - 1, changed])
    explained = (offsets[both] == _declared(frame, both.ravel(), config.timezone).reshape(2, -1)).all(axis=0)
    message = f"rows have another UTC offset than the row before, and the time zone {config.timezone} does not explain it"
    return found_at("offset_change", _times(frame)[changed[~explained]], len(frame), message)


def label_order(frame: pd.DataFrame) -> Found | None:
    """Find events whose label was known before they happened."""
    early = (frame[LABEL_END] < frame[TIME]).to_numpy()
    return found_at("label_order", _times(frame)[early], len(frame), "labels end before their event")


def _times(frame: pd.DataFrame) -> NDArray[np.datetime64]:
    return frame[TIME].to_numpy("datetime64[us]")


def _declared(frame: pd.DataFrame, rows: NDArray[np.intp], timezone: str) -> NDArray[np.int64]:
    """Return the offsets in minutes that a time zone has at some rows."""
    utc = frame[TIME].iloc[rows]
    local = utc.dt.tz_convert(zone(timezone)).dt.tz_localize(None).to_numpy("datetime64[us]")
    minutes: NDArray[np.int64] = (local - utc.to_numpy("datetime64[us]")) // np.timedelta64(1, "m")
    return minutes
