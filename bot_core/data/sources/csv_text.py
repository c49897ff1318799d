"""A CSV file becomes typed columns, in pieces of bounded size. What cannot be read is named by file, line, column and value.

Numbers are parsed to the nearest double. An empty field, or one of pandas' words for it (NA, NaN, null, …), is NaN in a number
column; a column of True and False is 1 and 0.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.data.contracts import OFFSET, TIME
from bot_core.data.sources import times
from bot_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.data.sources.layout import Layout

ROWS_AT_ONCE = 100_000
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "a space"}
_ENCODING = "utf-8-sig"


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file, its delimiter, its header and its first row."""

    path: Path
    delimiter: str
    header: list[str]
    first: list[str]

    def field(self, column: str) -> str:
        """Return a field of the first row."""
        return self.first[self.header.index(column)]


def open_csv(path: Path, delimiter: str) -> CsvFile:
    """Read the header and the first row.

    Raises:
        InputError: not UTF-8, no rows, another delimiter, or a first row of another length than the header.
    """
    rows = list(zip(range(2), _rows(path, delimiter), strict=False))
    header = rows[0][1][1] if rows else []
    if len(header) == 1:
        _suspect_delimiter(path, delimiter, header[0])
    if len(rows) < 2:  # noqa: PLR2004  # the header and one row
        msg = f"{path}: expected at least one row after the header, got none"
        raise InputError(msg, hint="export or download the file again")
    line, first = rows[1][1]
    if len(first) != len(header):
        msg = f"{path}: line {line}: expected {len(header)} fields as in the header, got {len(first)}"
        raise InputError(msg, hint="every row has one field per column")
    return CsvFile(path, delimiter, header, first)


def read_columns(file: CsvFile, layout: Layout, clock: times.Clock) -> pd.DataFrame:
    """Return the columns of the layout under our names, in file order, with `offset` where the times carry one.

    Raises:
        InputError: a field is no time or no number, a row has too many fields, or the file is not UTF-8.
    """
    try:
        pieces = [_typed(piece, file, layout, clock) for piece in _pieces(file, layout)]
    except pd.errors.ParserError as error:
        raise _bad_row(file, error) from error
    except UnicodeDecodeError as error:
        raise _not_text(file.path, error) from error
    except ValueError as error:
        raise _bad_number(file, layout) from error
    return pd.concat(pieces, ignore_index=True)


def _pieces(file: CsvFile, layout: Layout, *, numbers_as_text: bool = False) -> Iterator[pd.DataFrame]:
    """Yield the file in pieces, every column of it: told to read some, pandas would overlook rows with too many fields."""
    numbers = set() if numbers_as_text else set(layout.numbers.values())
    types = {name: "float64" if name in numbers else "str" for name in file.header}
    with pd.read_csv(file.path, sep=file.delimiter, dtype=types, chunksize=ROWS_AT_ONCE, encoding=_ENCODING) as reader:
        yield from reader


def _typed(piece: pd.DataFrame, file: CsvFile, layout: Layout, clock: times.Clock) -> pd.DataFrame:
    columns: dict[str, pd.Series[pd.Timestamp] | pd.Series[float]] = {}
    offsets = None
    for ours, theirs in layout.times.items():
        columns[ours], found = times.parse(piece[theirs], clock)
        offsets = found if ours == TIME else offsets
        bad = columns[ours].isna() & (piece[theirs].notna() | (ours not in layout.optional))
        if bad.any():
            raise _bad_time(file, piece[theirs], int(np.flatnonzero(bad)[0]), clock)
    columns |= {ours: piece[theirs] for ours, theirs in layout.numbers.items()}
    return pd.DataFrame(columns) if offsets is None else pd.DataFrame({**columns, OFFSET: offsets})


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the fields of every row that is not blank."""
    try:
        with path.open(encoding=_ENCODING, newline="") as text:
            reader = csv.reader(text, delimiter=delimiter)
            yield from ((reader.line_num, row) for row in reader if row)
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from error


def _line(file: CsvFile, row: int) -> int:
    """Return the line of a data row counted from 0."""
    return next(line for index, (line, _) in enumerate(_rows(file.path, file.delimiter)) if index == row + 1)


def _suspect_delimiter(path: Path, delimiter: str, header: str) -> None:
    counts = {other: header.count(other) for other in _NAMES if other != delimiter}
    likely = max(counts, key=lambda other: counts[other])
    if counts[likely]:
        expected = _NAMES.get(delimiter, delimiter)
        msg = f"{path}: line 1: expected columns separated by {expected}, got what looks separated by {_NAMES[likely]}"
        raise InputError(msg, hint="declare it as data.delimiter (bars), or save the file with commas (events)")


def _bad_time(file: CsvFile, texts: pd.Series[str], at: int, clock: times.Clock) -> InputError:
    line, text = _line(file, int(texts.index[at])), texts.iloc[at]
    if not texts.notna().iloc[at]:
        return InputError(
            f"{file.path}: line {line}: column {texts.name}: expected a time, got nothing", hint="every row has a time"
        )
    expected, hint = times.explain(text, clock)
    return InputError(f"{file.path}: line {line}: column {texts.name}: expected {expected}, got {text!r}", hint=hint)


def _bad_number(file: CsvFile, layout: Layout) -> InputError:
    for piece in _pieces(file, layout, numbers_as_text=True):
        texts = piece[list(layout.numbers.values())]
        bad = texts.notna() & texts.apply(pd.to_numeric, errors="coerce").isna()
        if bad.any(axis=None):
            at, column = divmod(int(np.flatnonzero(bad)[0]), texts.shape[1])
            line, value = _line(file, int(texts.index[at])), texts.iloc[at, column]
            msg = f"{file.path}: line {line}: column {texts.columns[column]}: expected a number, got {value!r}"
            return InputError(msg, hint="leave the field empty where there is no value; decimals have a point")
    return InputError(f"{file.path}: expected numbers in {', '.join(layout.numbers.values())}, got text")


def _bad_row(file: CsvFile, error: pd.errors.ParserError) -> InputError:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if found is None:
        return InputError(f"{file.path}: expected a CSV file, got {' '.join(str(error).rpartition('C error: ')[2].split())}")
    msg = f"{file.path}: line {found[2]}: expected {found[1]} fields as in the header, got {found[3]}"
    return InputError(msg, hint="every row has one field per column")


def _not_text(path: Path, error: UnicodeDecodeError) -> InputError:
    msg = f"{path}: expected UTF-8 text, got the byte 0x{error.object[error.start]:02x}"
    return InputError(msg, hint="a CSV file is plain text; for a Parquet file set data.kind: parquet")
