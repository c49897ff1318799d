"""The committed file of tables with news, and an entry's own rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot_core._parse import convert, load_yaml
from bot_core.config.beside import Beside
from bot_core.errors import ConfigError

FILE = Path("pipelines/sentiment/beside.yaml")
ENTRY = {"model": "m", "file": "data/a.csv", "scores": "data/b.csv", "max_age": "1d"}


def test_the_committed_file_names_no_table_and_its_example_is_one() -> None:
    text = FILE.read_text()
    assert convert(load_yaml(text.encode(), "x"), Beside, "x").beside == {}
    example = "\n".join(line[1:] for line in text.splitlines() if line.startswith("#   "))
    found = convert(load_yaml(f"beside:\n{example}".encode(), "x"), Beside, "x").beside
    assert found["eurusd_news"].delay == "1m"


@pytest.mark.parametrize("change", [{"scores": "/elsewhere.csv"}, {"max_age": "soon"}, {"model": "No Name"}])
def test_a_wrong_value_is_named(change: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"x: beside.*{next(iter(change))}: expected"):
        convert({"beside": {"t": ENTRY | change}}, Beside, "x", error=ConfigError)
