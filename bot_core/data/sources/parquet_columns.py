"""A Parquet file becomes typed columns. Its times are timestamps (naive ones are local times) or text; its numbers are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import ArrowException, default_memory_pool

from bot_core.data.contracts import OFFSET, TIME
from bot_core.data.sources import times
from bot_core.data.sources.times import Clock, has_offset
from bot_core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.data.sources.layout import Layout


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns.

    Raises:
        InputError: not a Parquet file.
    """
    try:
        return [str(name) for name in pq.read_schema(path).names]
    except ArrowException as error:
        msg = f"{path}: expected a Parquet file, got something else"
        raise InputError(msg, hint="for text set data.kind: csv, or export the file again") from error


def read_columns(path: Path, layout: Layout, timezone: str, *, whole_days: bool) -> pd.DataFrame:
    """Return the columns of the layout under our names, in file order, with `offset` where text times carry one.

    Raises:
        InputError: no rows, a time that is none, or a number column of another type.
    """
    frame = pd.read_parquet(path, columns=list(dict.fromkeys([*layout.times.values(), *layout.numbers.values()])))
    default_memory_pool().release_unused()  # else Arrow keeps, after decoding, twice the size of the table
    if any(frame.index.names):  # pandas writes a named index as a column and reads it as an index
        frame = frame.reset_index()
    if frame.empty:
        msg = f"{path}: expected at least one row, got none"
        raise InputError(msg, hint="export or download the file again")
    columns: dict[str, pd.Series[pd.Timestamp] | pd.Series[float]] = {}
    offsets = None
    for ours, theirs in layout.times.items():
        columns[ours], found = stamps, _ = _times(path, frame[theirs], Clock(_aware(frame[theirs]), timezone, whole_days))
        offsets = found if ours == TIME else offsets
        bad = stamps.isna() & (frame[theirs].notna() | (ours not in layout.optional))
        if bad.any():
            raise _bad_time(path, frame[theirs], int(np.flatnonzero(bad)[0]), timezone)
    columns |= {ours: _numbers(path, frame[theirs]) for ours, theirs in layout.numbers.items()}
    return pd.DataFrame(columns if offsets is None else {**columns, OFFSET: offsets}, copy=False)


def _aware(column: pd.Series[str]) -> bool:
    texts = column[column.notna()]
    return isinstance(column.dtype, pd.StringDtype) and len(texts) > 0 and has_offset(texts.iloc[0])


def _times(path: Path, column: pd.Series[pd.Timestamp], clock: Clock) -> tuple[pd.Series[pd.Timestamp], pd.Series[int] | None]:
    if isinstance(column.dtype, pd.StringDtype):
        return times.parse(column.astype("str"), clock)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return times.from_zone(column, whole_days=clock.whole_days), None
    if pd.api.types.is_object_dtype(column):  # Arrow's dates come as Python's
        column = pd.to_datetime(column, errors="coerce")
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        msg = f"{path}: column {column.name}: expected timestamps, dates or ISO 8601 text, got {column.dtype}"
        raise InputError(msg, hint="write the column as a timestamp")
    return times.from_local(column, clock), None


def _bad_time(path: Path, raw: pd.Series[str], row: int, timezone: str) -> InputError:
    place = f"{path}: row {row + 1}: column {raw.name}"
    if not raw.notna().iloc[row]:
        return InputError(f"{place}: expected a time, got nothing", hint="every row has a time")
    expected, hint = times.explain(str(raw.iloc[row]), Clock(_aware(raw), timezone))
    return InputError(f"{place}: expected {expected}, got {str(raw.iloc[row])!r}", hint=hint)


def _numbers(path: Path, column: pd.Series[float]) -> pd.Series[float]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype(np.float64)
    msg = f"{path}: column {column.name}: expected numbers, got {column.dtype}"
    raise InputError(msg, hint="write the column as float64")
