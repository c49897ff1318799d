"""What can never be a feature, and what cannot be one if it looks like this: the check before anything is trained.

A column is refused, by its name and with the reason, when

1. it is the table's own: label, times, payoff;
2. its name says that it is a time, or belongs to the future: an end, an exit, a forward or realised return, an outcome, a target;
3. it orders the events as their times do: a clock under another name;
4. it goes with what the label is made of: the payoff, the payoff times the side, the label itself by a correlation of 0.5, or the length of
   the label by 0.9, Pearson's or Spearman's;
5. alone, it separates the labels as nothing known at the time does: the area under its ROC curve (López de Prado 2018, ch. 8, asks the
   same of each feature by itself).

The twenty honest features of `data/events.parquet` reach areas of 0.50 to 0.53 and correlations with the payoff of 0.05, so both bounds are
far away from all of them. Of few events chance alone makes large areas: an area must also lie five standard errors above one half.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from bot_core.errors import ConfigError, LeakError
from bot_core.metalabel.table import SIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bot_core.metalabel.table import EventsTable

    Floats = NDArray[np.float64]

MADE_OF, AS_LONG, CLOCK = 0.5, 0.9, 0.999
_STANDARD_ERRORS = 5.0
_FUTURE = {
    "future",
    "forward",
    "fwd",
    "ahead",
    "next",
    "realised",
    "realized",
    "outcome",
    "pnl",
    "profit",
    "payoff",
    "label",
    "target",
}
_LATER = {"after", "end", "ends", "exit", "expiry", "barrier", "timestamp", "datetime", "date"}
_TIMES = re.compile(r"^(time|t0|t1|.*_time|.*_at)$")
_HINT = "leave it out: --drop-cols {name}; if it is known at the event's time, give it a name that says so"


def choose_features(table: EventsTable, asked: list[str] | None, dropped: list[str]) -> list[str]:
    """Return the features: those asked for, else every column of numbers that is not the table's own; less those dropped.

    Raises:
        ConfigError: a name that is no column of numbers, the same name twice, or nothing left.
        LeakError: one asked for is the table's own.
    """
    names = table.numbers()
    for name in asked or ():
        if name in table.columns.own:
            reason = "a column of the table's own: it is the answer, or when the answer was known"
            raise _refused(table, name, reason, hint="take it out of --feature-cols")
    for name in (*(asked or ()), *dropped):
        if name not in names:
            msg = f"{table.path}: {name}: expected one of the columns of numbers {', '.join(names)}; got {name}"
            raise ConfigError(msg)
    chosen = [name for name in asked or names if name not in dropped]
    if not chosen or len(set(chosen)) < len(chosen):
        msg = f"{table.path}: expected features, each once, got {', '.join(chosen) or 'none'}"
        raise ConfigError(msg)
    return chosen


def refuse_leaks(table: EventsTable, features: list[str], most_auc: float) -> None:
    """Stop at the first feature that gives the label away.

    Raises:
        LeakError: with the column's name and the reason.
    """
    made_of = list(_ingredients(table))
    bound = max(most_auc, 0.5 + _STANDARD_ERRORS * _standard_error(table.labels))
    for name in features:
        _refuse_name(table, name)
        column = table.values(name)
        if not np.isfinite(column).all() or not float(np.ptp(column)) > 0:
            continue  # `EventsTable.dataset` refuses the first by name; the second says nothing
        for what, values, most in made_of:
            found = _association(column, values)
            if found >= most:
                raise _refused(table, name, f"a correlation of {found:.3f} with {what} (below {most:g} is allowed)")
        area = float(roc_auc_score(table.labels, column)) if 0.0 < table.labels.mean() < 1.0 else 0.5
        if max(area, 1.0 - area) >= bound:
            reason = f"an area under the ROC curve of {max(area, 1.0 - area):.3f} by itself (below {bound:.3f} is allowed)"
            raise _refused(table, name, reason)


def _refuse_name(table: EventsTable, name: str) -> None:
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    said = words & (_FUTURE | _LATER)
    if said or _TIMES.match(name.lower()):
        what = f"the word {min(said)} in its name" if said else "the name of a time"
        raise _refused(table, name, what)


def _ingredients(table: EventsTable) -> Iterator[tuple[str, Floats, float]]:
    """Yield what a label is made of, with how much of each a feature may know."""
    yield "the label", table.labels, MADE_OF
    if table.payoffs is not None:
        yield "the payoff", table.payoffs, MADE_OF
        if SIDE in table.numbers():
            yield "the payoff times the side", table.payoffs * table.values(SIDE), MADE_OF
    yield "the length of the label", (table.ends - table.starts).astype(np.float64), AS_LONG
    for what, times in (("the events' times", table.starts), ("the times at which labels were known", table.ends)):
        yield what, times.astype(np.int64).astype(np.float64), CLOCK


def _association(column: Floats, other: Floats) -> float:
    """Return the larger of Pearson's and Spearman's correlation, without its sign; 0 where something never varies."""
    if not float(np.ptp(other)) > 0:
        return 0.0
    plain = abs(float(np.corrcoef(column, other)[0, 1]))
    return max(plain, abs(float(np.corrcoef(rankdata(column), rankdata(other))[0, 1])))


def _standard_error(labels: Floats) -> float:
    """Return the standard error of an area under the ROC curve where nothing is known (Hanley & McNeil, 1982)."""
    ones = float(labels.sum())
    zeros = len(labels) - ones
    return float(np.sqrt((len(labels) + 1) / (12 * ones * zeros))) if min(ones, zeros) > 0 else 0.0


def _refused(table: EventsTable, name: str, got: str, hint: str = _HINT) -> LeakError:
    msg = f"{table.path}: {name}: expected a feature known at the event's time, got {got}"
    return LeakError(msg, hint=hint.format(name=name))
