"""A data file with more rows at its end: what was there keeps its bytes (CSV) or its schema (Parquet).

Rows added to a CSV file are spelled as the file is: its columns in its order, its delimiter, its line ends, and its way of writing times.
A number keeps the digits the source gave it.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from bot_core.config.models import CsvBars, EventTable
from bot_core.data.contracts import LABEL_END, TIME
from bot_core.data.durations import DAY, microseconds
from bot_core.data.sources.times import zone
from bot_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy import intp
    from numpy.typing import NDArray

    from bot_core.config.models import DataConfig

ENCODING = "utf-8-sig"
TAIL = 65_536
_TIME = re.compile(r"(?P<clock>.*?\d)(?P<offset>Z|[+-]\d{2}(:?\d{2})?)?\s*")
_SPELLINGS = {
    f"0000-00-00{between}00:00:00{offset}": f"%Y-%m-%d{between}%H:%M:%S{offset}"
    for between in ("T", " ")
    for offset in ("", "Z", "+00:00")
} | {"0000-00-00": "%Y-%m-%d"}


def whole_lines(data: bytes) -> tuple[bytes, bool]:
    """Return a text up to its last line end, and whether something stood behind it: a line that may be torn."""
    end = data.rfind(b"\n") + 1
    return data[:end], bool(data[end:].strip())


def csv_with(old: bytes, source: bytes, frame: pd.DataFrame, rows: NDArray[intp], config: DataConfig) -> bytes:
    """Return a CSV file with some rows of another one at its end.

    Args:
        old: the file.
        source: the other file, of whole lines.
        frame: the other file as it was read, a row each.
        rows: which of them to add, counted from 0.
        config: the data's configuration; `path` names the source, for messages.

    Raises:
        InputError: a column of the file is missing, a row has too few fields, or a time cannot be spelled as here.
    """
    delimiter = config.delimiter if isinstance(config, CsvBars) else ","
    header, table = _rows(old.partition(b"\n")[0], delimiter)[0], _rows(_tail(old), delimiter)
    theirs, *lines = _rows(source, delimiter)
    if missing := [name for name in header if name not in theirs]:
        msg = f"{config.path}: expected the columns {', '.join(header)}, got {', '.join(theirs)}"
        raise InputError(msg, hint=f"{missing[0]} is in the file here: the source's layout has changed, mend it there")
    added = [_fields(header, theirs, lines[row], f"{config.path}: row {row + 1}") for row in rows]
    for ours in (TIME, LABEL_END) if isinstance(config, EventTable) else (TIME,):
        _respell(added, header.index(getattr(config.columns, ours)), table, frame[ours].iloc[rows], config)
    return _joined(old, added, delimiter)


def parquet_with(old: bytes, source: bytes, rows: NDArray[intp], where: str) -> bytes:
    """Return a Parquet file with some rows of another one at its end, in its own schema and compression.

    Raises:
        InputError: a column is missing there, or is of a type that does not fit.
    """
    file = pq.ParquetFile(io.BytesIO(old))
    table = file.read()
    try:
        more = pq.read_table(io.BytesIO(source)).select(table.schema.names).take(pa.array(rows)).cast(table.schema)
    except (pa.ArrowException, KeyError) as error:
        msg = f"{where}: expected the columns {', '.join(table.schema.names)} in the types that they have here, got: {error}"
        raise InputError(msg, hint="the source's layout has changed: mend it there") from error
    whole = io.BytesIO()
    pq.write_table(pa.concat_tables([table, more]), whole, compression=file.metadata.row_group(0).column(0).compression)
    return whole.getvalue()


def _rows(data: bytes, delimiter: str) -> list[list[str]]:
    text = io.StringIO(data.decode(ENCODING), newline="")
    return [row for row in csv.reader(text, delimiter=delimiter) if row]


def _tail(data: bytes) -> bytes:
    """Return the last whole lines of a file, without its header; they show how it is spelled."""
    lines = data.partition(b"\n")[2]
    return lines if len(lines) <= TAIL else lines[-TAIL:].partition(b"\n")[2]


def _fields(header: Sequence[str], theirs: Sequence[str], line: Sequence[str], where: str) -> list[str]:
    if len(line) != len(theirs):
        msg = f"{where}: expected {len(theirs)} fields as in the header, got {len(line)}"
        raise InputError(msg, hint="nothing was changed; fetch it again when the source is whole")
    return [line[theirs.index(name)] for name in header]


def _respell(
    added: list[list[str]], column: int, table: list[list[str]], stamps: pd.Series[pd.Timestamp], config: DataConfig
) -> None:
    """Write times as the last one of the file is written, where the source writes them another way."""
    like = next((row[column] for row in reversed(table) if row[column].strip()), None)
    for fields, stamp in zip(added, stamps, strict=True):
        if like is not None and _shape(fields[column]) != _shape(like):
            fields[column] = _spelled(stamp, like, config)


def _spelled(stamp: pd.Timestamp, like: str, config: DataConfig) -> str:
    form = _SPELLINGS.get(_shape(like))
    if form is None:
        msg = f"{config.path}: expected times written as here, such as {like}; got another spelling"
        raise InputError(msg, hint="let the source write times as the file here does")
    whole_days = not isinstance(config, EventTable) and microseconds(config.bar, "data.bar") % DAY == 0
    aware = form[-1] in "Z0"
    return stamp.strftime(form) if aware or whole_days else stamp.tz_convert(zone(config.timezone)).strftime(form)


def _shape(text: str) -> str:
    """Return a time's spelling with its digits made alike; of the offsets only none, Z and +00:00 are told from the others.

    >>> _shape("2017-01-01T22:00:00Z"), _shape("2017-01-01 22:00:00-05:00")
    ('0000-00-00T00:00:00Z', '0000-00-00 00:00:00±')
    """
    found = _TIME.fullmatch(text)
    if found is None or ":" not in text:
        return re.sub(r"\d", "0", text)
    offset = found["offset"] or ""
    return re.sub(r"\d", "0", found["clock"]) + (offset if offset in {"", "Z", "+00:00"} else "±")


def _joined(old: bytes, added: list[list[str]], delimiter: str) -> bytes:
    first = old.find(b"\n")
    ending = "\r\n" if first > 0 and old[first - 1 : first] == b"\r" else "\n"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(added)
    gap = b"" if old.endswith(b"\n") else ending.encode()
    return old + gap + text.getvalue().encode()
