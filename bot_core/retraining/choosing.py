"""Which rows of a source are new, and does it still tell the history that we have? Pure: two tables and the time.

- A row that equals one here is known. A row of a time that is here, with other values, is a rewritten history: refused.
- New are the rows later than the last one here; of events also those of the last time that are not here yet. What is older and not here
  is left out: rows are only added at the end.
- Bars that are not over yet are left out, and come when they are; a row from beyond the present is refused.
- Events come with their outcome. They are taken up to the first one whose outcome is open, so that it can follow in its place; when that
  one is older than `late_after`, it is given up.
- Where `adjusted_close` is declared the last row here must be among the source's: a dividend or split changes the whole column, and
  nothing else shows that both speak of the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.config.models import EventTable
from bot_core.data.checks.found import written
from bot_core.data.contracts import LABEL, LABEL_END, OFFSET, PAYOFF, TIME
from bot_core.data.durations import SECOND, microseconds
from bot_core.data.repairs import repair, require_usable
from bot_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from bot_core.config.models import DataConfig

    Mask = NDArray[np.bool_]
    Times = NDArray[np.datetime64]

SLACK = np.timedelta64(300 * SECOND, "us")
_OUTCOME = (LABEL_END, LABEL, PAYOFF)


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows of the source to add, counted from 0 in its order, and what else is to be said."""

    rows: NDArray[np.intp]
    notes: tuple[str, ...]


def choose(here: pd.DataFrame, there: pd.DataFrame, config: DataConfig, now: np.datetime64) -> Choice:
    """Choose the rows to add.

    Args:
        here: the table as it is, in file order.
        there: the source's table, in its order.
        config: the data's configuration; `path` names the source, for messages.
        now: the time, UTC.

    Raises:
        InputError: another history, rows from the future, rows that cannot be used, columns that are missing.
    """
    columns = _compared(here, there, config)
    ours, theirs = _times(here), _times(there)
    _require_past(there, config, now)
    known = np.isin(_hashes(there, columns), _hashes(here, columns))
    unseen = ~known & ~_settled(here, there, columns)
    _require_same_history(here, there, config, unseen & (theirs <= ours.max()))
    if isinstance(config, EventTable):
        later = unseen & (theirs >= ours.max())
        rows, notes = _with_outcome(there, np.flatnonzero(later), config, now)
    else:
        later = unseen & (theirs > ours.max()) & ~there.duplicated(columns).to_numpy()
        rows, notes = _over(there, np.flatnonzero(later), microseconds(config.bar, "data.bar"), now)
    if len(rows):
        _require_same_adjustment(here, there, config, known)
        _require_usable(there, rows, config)
    older = int(np.count_nonzero(unseen & ~later & (theirs <= ours.max())))
    return Choice(rows, (*notes, *_note(older, "older and not here: left out, since rows are only added at the end")))


def _compared(here: pd.DataFrame, there: pd.DataFrame, config: DataConfig) -> list[str]:
    """Name the columns that say what happened; how a time was written does not."""
    columns = [str(name) for name in here.columns if name != OFFSET]
    if missing := [name for name in columns if name not in there.columns]:
        got = ", ".join(str(name) for name in there.columns)
        msg = f"{config.path}: expected the columns that are here, {', '.join(missing)} among them; got {got}"
        raise InputError(msg, hint="the source's layout has changed: mend it there")
    return columns


def _require_past(there: pd.DataFrame, config: DataConfig, now: np.datetime64) -> None:
    """Refuse what cannot have happened yet: of bars one length ahead is allowed, of events a clock's error."""
    names = (TIME, LABEL_END) if isinstance(config, EventTable) else (TIME,)
    ahead = SLACK if isinstance(config, EventTable) else np.timedelta64(microseconds(config.bar, "data.bar"), "us")
    for name in names:
        late = _times(there, name) > now + ahead
        if late.any():
            msg = f"{config.path}: column {name}: expected times up to {written(now)}, got {written(_times(there, name)[late][0])}"
            raise InputError(msg, hint="look at data.timezone and at the clocks, here and at the source")


def _settled(here: pd.DataFrame, there: pd.DataFrame, columns: list[str]) -> Mask:
    """Say which events are here with an open outcome: knowing it now rewrites no history."""
    if LABEL_END not in columns:
        return np.zeros(len(there), dtype=bool)
    open_here = here[here[LABEL_END].isna()]
    features = [name for name in columns if name not in _OUTCOME]
    return np.isin(_hashes(there, features), _hashes(open_here, features))


def _require_same_history(here: pd.DataFrame, there: pd.DataFrame, config: DataConfig, doubtful: Mask) -> None:
    """Refuse a row of a time that is here with other values. Of events a time may have several: one of ours must be gone."""
    columns = [str(name) for name in here.columns if name != OFFSET]
    against = _times(here)
    if isinstance(config, EventTable):
        gone = ~np.isin(_hashes(here, columns), _hashes(there, columns)) & here[LABEL_END].notna().to_numpy()
        against = against[gone]
    rewritten = doubtful & np.isin(_times(there), against)
    if not rewritten.any():
        return
    first = int(np.argmax(rewritten))
    when = _times(there)[first]
    old = here.iloc[int(np.flatnonzero(_times(here) == when)[-1])]
    other = [name for name in columns if name != TIME and not _equal(old[name], there[name].iloc[first])]
    values = f"{other[0]} {there[other[0]].iloc[first]} for {old[other[0]]}" if other else "other rows"
    msg = f"{config.path}: {written(when)}: expected the values that are here, got {values}: the history was rewritten"
    hint = "ask the source what it corrected; to take its history, replace the whole file by a commit of your own"
    raise InputError(msg, hint=hint)


def _require_same_adjustment(here: pd.DataFrame, there: pd.DataFrame, config: DataConfig, known: Mask) -> None:
    if isinstance(config, EventTable) or config.columns.adjusted_close is None:
        return
    last = _times(here).max()
    if not (known & (_times(there) == last)).any():
        msg = f"{config.path}: expected the last row that is here, of {written(last)}, among the source's; got none"
        raise InputError(msg, hint="without it nothing shows that adjusted_close is adjusted alike: let the source overlap")


def _over(there: pd.DataFrame, rows: NDArray[np.intp], bar: int, now: np.datetime64) -> tuple[NDArray[np.intp], list[str]]:
    done = _times(there)[rows] + np.timedelta64(bar, "us") <= now
    return rows[done], _note(len(rows) - int(done.sum()), "not over yet: left out")


def _with_outcome(
    there: pd.DataFrame, rows: NDArray[np.intp], config: EventTable, now: np.datetime64
) -> tuple[NDArray[np.intp], list[str]]:
    """Leave out events without an outcome, and what follows the first of them that may still get one."""
    times, ends = _times(there)[rows], _times(there, LABEL_END)[rows]
    opened = np.isnat(ends) | (ends > now)
    patience = config.update.late_after if config.update else None
    given_up = np.zeros(len(rows), dtype=bool)
    if patience is not None:
        given_up = opened & (times < now - np.timedelta64(microseconds(patience, "data.update.late_after"), "us"))
    waiting = times[opened & ~given_up]
    taken = ~opened
    notes = _note(int(given_up.sum()), "without an outcome for too long: given up")
    if len(waiting):
        taken &= times < waiting.min()
        notes += _note(
            len(rows) - int((taken | given_up).sum()), f"left out until the event of {written(waiting.min())} has its outcome"
        )
    return rows[taken], notes


def _require_usable(there: pd.DataFrame, rows: NDArray[np.intp], config: DataConfig) -> None:
    """Refuse rows that no later stage could use after the declared repairs."""
    fresh, _ = repair(there.iloc[rows].reset_index(drop=True), config)
    require_usable(fresh, config, () if isinstance(config, EventTable) else None)


def _times(frame: pd.DataFrame, column: str = TIME) -> Times:
    return frame[column].to_numpy("datetime64[us]")


def _hashes(frame: pd.DataFrame, columns: Iterable[str]) -> NDArray[np.uint64]:
    """Return 64 bits per row; two missing values are equal."""
    return np.asarray(pd.util.hash_pandas_object(frame[list(columns)], index=False), dtype=np.uint64)


def _equal(one: object, other: object) -> bool:
    return one == other or bool(pd.isna(one) and pd.isna(other))  # type: ignore[call-overload]  # values of one column


def _note(rows: int, what: str) -> list[str]:
    return [f"{rows:,} {'row' if rows == 1 else 'rows'} {what}"] if rows else []
