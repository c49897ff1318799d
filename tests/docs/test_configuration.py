"""The configuration page says what the typed groups allow, and a meaning for every key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot_core.config import models
from tests.docs.configuration import Row, rows, tables

PAGE = Path("docs/reference/configuration.md")
SAME_AS_CSV = "data · kind: parquet"
ROW = re.compile(r"(?m)^\| (`[^|]*) \| ([^|]*?) ?\| ([^|]*?) ?\| ([^|]*?) ?\| ([^|]*?) ?\|$")


def _shown() -> dict[str, list[tuple[Row, str]]]:
    parts = re.split(r"(?m)^## (.*)$", PAGE.read_text())[1:]
    return {
        title: [(Row(*found[:4]), found[4]) for found in ROW.findall(body)]
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize("title", [title for title in tables() if title != SAME_AS_CSV])
def test_every_key_is_shown_as_it_is(title: str) -> None:
    assert [row for row, _ in _shown()[title]] == tables()[title], "python -m tests.docs.configuration"


def test_every_key_has_a_meaning() -> None:
    assert [(title, row.key) for title, found in _shown().items() for row, meaning in found if not meaning] == []


def test_the_page_describes_no_group_that_does_not_exist() -> None:
    assert {title for title, found in _shown().items() if found} == tables().keys() - {SAME_AS_CSV}


def test_parquet_has_the_keys_of_csv_without_its_delimiter() -> None:
    assert list(rows(models.ParquetBars)) == [row for row in rows(models.CsvBars) if row.key != "`delimiter`"]
