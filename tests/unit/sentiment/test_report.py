"""What the record of the head that ships says to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.errors import PredictorError
from bot_core.sentiment import report

if TYPE_CHECKING:
    from pathlib import Path


def test_the_head_stands_beside_the_lexicon_and_the_majority() -> None:
    record = report.read()
    said = list(report.lines(record))
    assert said[0].endswith(f"judged on {record.figures.held_out:,} held out")
    for name in ("head", "lexicon", "majority"):
        (row,) = [line for line in said if line.split()[:1] == [name]]
        assert f"{getattr(record.figures, name).accuracy:.3f}" in row
    assert f"{100 * record.figures.above_lexicon.difference:.1f} points" in said[-1]


def test_no_head_is_a_sentence_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(PredictorError, match=r"head\.json: expected the record of a sentiment head, got no file .*dvc repro"):
        report.read(tmp_path)
