"""Take what is new at a source into the data file, or change nothing: rows are added at the end, and no history is rewritten.

1. The source is fetched whole (`fetching`). A CSV file's last line counts once it has its end.
2. It is read by the reader of the data file, so that it meets the same contract.
3. `choosing` says which rows are new, and refuses a source that contradicts what is here.
4. `appending` spells them as the file is spelled. The result is read once more: it must be what was here and what was chosen.
5. It replaces the file in one step. A run that was killed before starts over; one killed after finds nothing new.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from bot_core._parse import read_bytes, write_bytes
from bot_core.data import sources
from bot_core.data.checks.found import written
from bot_core.data.contracts import OFFSET, TIME
from bot_core.data.web import shown
from bot_core.errors import InputError
from bot_core.retraining.appending import csv_with, parquet_with, whole_lines
from bot_core.retraining.choosing import choose
from bot_core.retraining.fetching import fetch
from bot_core.retraining.freshness import as_of, require_fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot_core.config.models import DataConfig

TORN = "the source's last line has no end: left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What came. Times are UTC.

    `first` and `last` are of the rows added, nothing where there are none. `as_of` is what the data's configuration should say now. `note`
    is a sentence for people. `pointer` is DVC's file beside the data, where there is one: then `dvc add` must follow.
    """

    rows_added: int
    first: str | None
    last: str | None
    as_of: str
    note: str
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """A source's bytes, the rows that were read from them, and what is to be said of it."""

    data: bytes
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def ingest(
    root: Path,
    config: DataConfig,
    now: dt.datetime,
    *,
    home: Path | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Ingested:
    """Add a source's new rows to the data file.

    Args:
        root: the work tree that is changed.
        config: the data's configuration; without `update` nothing happens.
        now: the time, with its zone.
        home: where a relative path of a source starts; the work tree, if not given.
        wait: called with seconds between two attempts to reach the source.

    Raises:
        InputError: the source is down, late or broken, or contradicts what is here; nothing was changed.
        ConfigError: an address, a time zone or a bar length that is none.
        AuditError: the file could not be written; nothing was changed.
    """
    update = config.update
    if update is None:
        note = "no source of newer rows is declared"
        return Ingested(rows_added=0, first=None, last=None, as_of=config.as_of, note=note)
    target, instant = root / config.path, _instant(now)
    here, old = sources.read(_at(config, target)), read_bytes(target)
    with TemporaryDirectory(prefix="bot-core-") as folder:
        place, data = Path(folder, f"source{target.suffix}"), fetch(update, home or root, wait)
        named = _at(config, shown(update.source))
        found = _source(named, data, place, here)
        choice = choose(here, found.frame, named, instant)
        taken = found.frame.iloc[choice.rows].reset_index(drop=True)
        newest = max([_newest(here), *([_newest(taken)] if len(taken) else [])])
        require_fresh(named, newest, instant)
        if len(taken):
            whole = _appended(old, found, choice.rows, named)
            _require_same(named, place, whole, pd.concat([here, taken], ignore_index=True))
            write_bytes(target, whole, sync=True)
    return _told(config, target, taken, (*choice.notes, *found.notes), as_of(config, newest))


def _source(config: DataConfig, data: bytes, place: Path, here: pd.DataFrame) -> _Source:
    """Read a source's bytes with the reader of the data file; a header alone says that there is nothing."""
    if place.suffix == ".parquet":
        return _Source(data, _read(config, data, place))
    _require_text(data, config.path)
    whole, torn = whole_lines(data)
    notes = (TORN,) if torn else ()
    if whole.strip() and not whole.partition(b"\n")[2].strip():
        return _Source(whole, here.iloc[:0], notes)
    return _Source(whole, _read(config, whole, place), notes)


def _require_text(data: bytes, name: str) -> None:
    """Refuse what servers send with status 200 in place of a table: a page, or an error as JSON."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    kinds = {b"<": "an HTML or XML page", b"{": "JSON"}
    if start in kinds:
        msg = f"{name}: expected a CSV file, got {kinds[start]}"
        raise InputError(msg, hint="open the address in a browser: it may ask to log in, or say that it has moved")


def _read(config: DataConfig, data: bytes, place: Path) -> pd.DataFrame:
    """Read bytes by way of a passing file; messages name what it holds."""
    write_bytes(place, data)
    try:
        return sources.read(_at(config, place))
    except InputError as error:
        raise InputError(error.message.replace(str(place), config.path), hint=error.hint) from error


def _appended(old: bytes, found: _Source, rows: NDArray[np.intp], config: DataConfig) -> bytes:
    if old[:4] == b"PAR1":
        return parquet_with(old, found.data, rows, config.path)
    return csv_with(old, found.data, found.frame, rows, config)


def _require_same(config: DataConfig, place: Path, whole: bytes, expected: pd.DataFrame) -> None:
    """Read the new file and compare it with what was proven of its parts."""
    got = _read(config, whole, place).drop(columns=OFFSET, errors="ignore")
    if not got.equals(expected[list(got.columns)]):
        msg = f"{config.path}: expected to read again what was here and what is new, got other values"
        raise InputError(msg, hint="nothing was changed; let the source write its rows as the file here does")


def _told(config: DataConfig, target: Path, taken: pd.DataFrame, notes: tuple[str, ...], moment: str) -> Ingested:
    pointer = target.with_name(f"{target.name}.dvc")
    told = Ingested(
        rows_added=len(taken),
        first=None,
        last=None,
        as_of=moment,
        note="; ".join(["nothing new", *notes]),
        pointer=f"{config.path}.dvc" if pointer.is_file() else None,
    )
    if not len(taken):
        return told
    first, last = written(taken[TIME].to_numpy("datetime64[us]").min()), written(_newest(taken))
    added = f"{len(taken):,} {'row' if len(taken) == 1 else 'rows'} added, {first} to {last}"
    return replace(told, first=first, last=last, note="; ".join([added, *notes]))


def _at(config: DataConfig, path: Path | str) -> DataConfig:
    return msgspec.structs.replace(config, path=str(path))


def _newest(frame: pd.DataFrame) -> np.datetime64:
    newest: np.datetime64 = frame[TIME].to_numpy("datetime64[us]").max()
    return newest


def _instant(now: dt.datetime) -> np.datetime64:
    return np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")
