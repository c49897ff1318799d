"""Where our columns are in a file: every declared column must be there, once. Other columns of bars are left alone."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bot_core.data.contracts import ADJUSTED_CLOSE, BAR_NUMBERS, LABEL, LABEL_END, OFFSET, PAYOFF, TIME
from bot_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.config.models import BarColumns, EventColumns

RESERVED = (TIME, LABEL_END, LABEL, PAYOFF, OFFSET, "target")


@dataclass(frozen=True, slots=True)
class Layout:
    """Our name of a column → its name in the file, in our order. `optional` times may be empty."""

    times: dict[str, str]
    numbers: dict[str, str]
    optional: frozenset[str] = frozenset()


def bar_layout(columns: BarColumns, found: Sequence[str], where: str) -> Layout:
    """Place the columns of bars.

    Raises:
        InputError: a declared column is missing or stands there twice.
    """
    numbers = {name: getattr(columns, name) for name in BAR_NUMBERS}
    if columns.adjusted_close is not None:
        numbers[ADJUSTED_CLOSE] = columns.adjusted_close
    _require({TIME: columns.time, **numbers}, found, where)
    return Layout(times={TIME: columns.time}, numbers=numbers)


def event_layout(columns: EventColumns, found: Sequence[str], where: str) -> Layout:
    """Place the columns of events: every column that is not declared is a number and keeps its name.

    Raises:
        InputError: a declared column is missing, a column stands there twice, or an undeclared one has a reserved name.
    """
    declared = {ours: theirs for ours, theirs in msgspec.structs.asdict(columns).items() if theirs is not None}
    _require(declared, found, where)
    others = [name for name in found if name not in declared.values()]
    _require({name: name for name in others}, found, where)
    if taken := [name for name in others if name in RESERVED]:
        msg = f"{where}: column {taken[0]}: expected a name that is not one of ours ({', '.join(RESERVED)}), got {taken[0]}"
        raise InputError(msg, hint="rename the column in the file, or declare it in data.columns")
    numbers = {ours: declared[ours] for ours in (LABEL, PAYOFF) if ours in declared} | {name: name for name in others}
    return Layout({TIME: columns.time, LABEL_END: columns.label_end}, numbers, frozenset({LABEL_END}))


def _require(declared: dict[str, str], found: Sequence[str], where: str) -> None:
    for ours, theirs in declared.items():
        if theirs not in found:
            near = difflib.get_close_matches(theirs.lower(), [name.lower() for name in found], n=1)
            hint = [f"did you mean {name}? set data.columns.{ours}" for name in found if near and name.lower() == near[0]]
            msg = f"{where}: expected the column {theirs}, got {', '.join(found)}"
            raise InputError(msg, hint=hint[0] if hint else f"set data.columns.{ours} to the name in the file")
    if doubled := [name for name, count in Counter(found).items() if count > 1 and name in declared.values()]:
        msg = f"{where}: expected the column {doubled[0]} once, got it {found.count(doubled[0])} times"
        raise InputError(msg, hint="rename one of them")
