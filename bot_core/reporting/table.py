"""A table as plain text cells, so that HTML and Markdown print the same figures."""

from __future__ import annotations

from dataclasses import dataclass

from bot_core.reporting.numerals import NONE


@dataclass(frozen=True, slots=True)
class Row:
    """One row; the first cell is its header. `mark` says how it stands out: `model`, `best`, `alert`, `muted` or not at all."""

    cells: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of words reads from the left, one of figures from the right."""

    name: str
    words: bool = False


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
    return tuple(Column(name, words=True) for name in names)


def figures(*names: str) -> tuple[Column, ...]:
    """Name columns of figures."""
    return tuple(Column(name) for name in names)
