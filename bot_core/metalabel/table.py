"""The table of events as training reads it: CSV or Parquet, one row per signal of the primary model, in order of time.

Its own columns are the label (0 or 1), the time at which the label was known, where there is one the time of the event itself, and where
there is one the payoff. Every other column of numbers may be a feature. Rows whose label is not known yet are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core._digest import sha256_file
from bot_core.errors import InputError
from bot_core.features.columns import utc_times
from bot_core.features.dataset import FeatureDataset

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

STARTS = ("event_start", "time")
PAYOFF, SIDE = "payoff", "side"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns the table says of itself. Without `start` a label counts as a point at its end."""

    label: str
    end: str
    start: str | None
    payoff: str | None

    @property
    def own(self) -> tuple[str, ...]:
        """Those that can never be features."""
        return tuple(name for name in (self.label, self.end, self.start, self.payoff) if name)


@dataclass(frozen=True, slots=True)
class EventsTable:
    """n labelled events in order of time, with the file they came from."""

    path: Path
    digest: str
    columns: Columns
    frame: pd.DataFrame
    starts: Times
    ends: Times
    labels: Floats
    payoffs: Floats | None

    def numbers(self) -> list[str]:
        """Name the columns of numbers that are not the table's own."""
        return [str(c) for c in self.frame.columns if c not in self.columns.own and self.frame[c].dtype.kind in "biuf"]

    def values(self, name: str) -> Floats:
        """Return a column of numbers."""
        return self.frame[name].to_numpy(np.float64, na_value=np.nan)

    def dataset(self, features: list[str]) -> FeatureDataset:
        """Return these features beside the labels.

        Raises:
            InputError: a feature with a value that is not finite.
        """
        values = np.empty((len(self.frame), len(features)))
        for i, name in enumerate(features):
            values[:, i] = column = self.values(name)
            if not np.isfinite(column).all():
                count, at = int((~np.isfinite(column)).sum()), int(np.argmin(np.isfinite(column)))
                msg = f"{self.path}: {name}: expected a finite number in every row, got {column[at]:g} at {self.starts[at]} ({count} rows)"
                raise InputError(msg, hint=f"mend the table, or leave the column out: --drop-cols {name}")
        return FeatureDataset(tuple(features), self.starts, self.ends, self.labels, values, self.payoffs)


def read_table(path: Path, *, label: str, end: str, start: str | None = None, payoff: str | None = None) -> EventsTable:
    """Read a table of events.

    Args:
        path: a .csv or .parquet file.
        label: the column of zeros and ones.
        end: the column that says when each label was known.
        start: when each event happened; by default `event_start` or `time` where the table has one.
        payoff: what acting paid, in bps; by default `payoff` where the table has one.

    Raises:
        InputError: no such file or column, times or numbers that are none, a label that is neither 0 nor 1 or is known before its event.
    """
    frame = _frame(path)
    names = {str(column) for column in frame.columns}
    start = start or next((name for name in STARTS if name in names and name != end), None)
    columns = Columns(label, end, start, payoff or (PAYOFF if PAYOFF in names else None))
    for name in columns.own:
        if name not in names:
            msg = f"{path}: expected a column {name}, got {', '.join(sorted(names))}"
            raise InputError(msg, hint="--label-column, --time-column, --start-column and --payoff-column name the table's columns")
    return _ordered(path, frame, columns)


def _frame(path: Path) -> pd.DataFrame:
    if path.suffix not in {".csv", ".parquet"} or not path.is_file():
        got = "another name" if path.is_file() else "no file"
        msg = f"{path}: expected a table of events ending in .csv or .parquet, got {got}"
        raise InputError(msg, hint="bot-core meta-label events MODEL writes one")
    try:
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except (ValueError, OSError) as error:  # what pyarrow raises is a ValueError too
        msg = f"{path}: expected a {path.suffix[1:]} table, got one that does not read ({' '.join(str(error).split())[:200]})"
        raise InputError(msg, hint="bot-core meta-label events MODEL writes one") from error


def _ordered(path: Path, frame: pd.DataFrame, columns: Columns) -> EventsTable:
    ends = _times(path, frame, columns.end)
    starts = ends if columns.start is None else _times(path, frame, columns.start)
    labels = _numbers(path, frame, columns.label)
    known = np.flatnonzero(~np.isnan(labels) & ~np.isnat(ends) & ~np.isnat(starts))
    rows = known[np.lexsort((ends[known], starts[known]))]
    payoffs = None if columns.payoff is None else _numbers(path, frame, columns.payoff)[rows]
    table = EventsTable(
        path, sha256_file(path), columns, frame.iloc[rows].reset_index(drop=True), starts[rows], ends[rows], labels[rows], payoffs
    )
    _check(table)
    return table


def _times(path: Path, frame: pd.DataFrame, name: str) -> Times:
    column = frame[name]
    if column.dtype.kind in "biuf":
        msg = f"{path}: {name}: expected times, got {column.dtype}"
        raise InputError(msg, hint="write times as 2026-11-01T12:00:00Z")
    try:
        return utc_times(pd.to_datetime(column, utc=True, format=None if column.dtype.kind == "M" else "ISO8601"))
    except ValueError as error:
        msg = f"{path}: {name}: expected times such as 2026-11-01T12:00:00Z, got something else ({str(error).splitlines()[0]})"
        raise InputError(msg) from error


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> Floats:
    if frame[name].dtype.kind not in "biuf":
        msg = f"{path}: {name}: expected numbers, got {frame[name].dtype}"
        raise InputError(msg)
    return frame[name].to_numpy(np.float64, na_value=np.nan)


def _check(table: EventsTable) -> None:
    wrong = np.flatnonzero((table.labels != 0.0) & (table.labels != 1.0))
    if len(wrong):
        msg = f"{table.path}: {table.columns.label}: expected 0 or 1, got {table.labels[wrong[0]]:g} ({len(wrong)} rows)"
        raise InputError(msg)
    early = np.flatnonzero(table.ends < table.starts)
    if len(early):
        at = early[0]
        msg = f"{table.path}: {table.columns.end}: expected labels known after their event, got {table.ends[at]} for {table.starts[at]}"
        raise InputError(msg)
    if table.payoffs is not None and not np.isfinite(table.payoffs).all():
        missing = int((~np.isfinite(table.payoffs)).sum())
        msg = f"{table.path}: {table.columns.payoff}: expected a number wherever the label is known, got none in {missing} rows"
        raise InputError(msg)
