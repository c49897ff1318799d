from __future__ import annotations

from bot_core.reporting.table import Column, Row, Table, figures, words


def test_columns_without_a_figure_are_left_out() -> None:
    table = Table("t", (*words("name"), *figures("a", "b")), (Row(("x", "\u2013", "1"), "best"), Row(("y", "\u2013", "\u2013"))))
    assert table.without_empty() == Table(
        "t", (Column("name", "words"), Column("b")), (Row(("x", "1"), "best"), Row(("y", "\u2013")))
    )


def test_an_empty_table_keeps_its_columns() -> None:
    assert Table("t", words("a"), ()).without_empty().columns == words("a")
