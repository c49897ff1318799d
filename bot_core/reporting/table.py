"""A table as plain text cells, so that HTML and Markdown print the same figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot_core.reporting.numerals import NONE


@dataclass(frozen=True, slots=True)
class Row:
    """One row; the first cell is its header, a line break in a cell is kept. `mark`: `model`, `best`, `alert`, `muted` or none."""

    cells: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures reads from the right, one of words from the left; prose may wrap."""

    name: str
    kind: Literal["figures", "words", "prose"] = "figures"


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, columns and rows of as many cells."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def without_empty(self) -> Table:
        """Leave out the columns that have no figure in any row."""
        kept = [i for i in range(len(self.columns)) if not self.rows or any(row.cells[i] != NONE for row in self.rows)]
        rows = tuple(Row(tuple(row.cells[i] for i in kept), row.mark) for row in self.rows)
        return Table(self.caption, tuple(self.columns[i] for i in kept), rows)


def words(*names: str) -> tuple[Column, ...]:
    """Name columns of words."""
    return tuple(Column(name, "words") for name in names)


def figures(*names: str) -> tuple[Column, ...]:
    """Name columns of figures."""
    return tuple(Column(name) for name in names)
