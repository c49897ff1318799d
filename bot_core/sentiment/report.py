"""What the record of a head says, for people: the head beside the lexicon and beside always saying the most frequent class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._parse import read_json
from bot_core.documents.sentiment import SentimentHead
from bot_core.errors import PredictorError
from bot_core.sentiment.head import PACKAGED, RECORD, version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.documents.sentiment import Advantage, Judged


def read(root: Path | None = None) -> SentimentHead:
    """Read the record of a head, by default of the one that ships.

    Raises:
        PredictorError: there is no head.
        DocumentError: the record is not what it should be.
    """
    path = (root or PACKAGED) / RECORD
    if not path.is_file():
        msg = f"{path}: expected the record of a sentiment head, got no file"
        raise PredictorError(msg, hint="dvc repro pipelines/sentiment/dvc.yaml, then python -m pipelines.head")
    return read_json(path, SentimentHead)


def lines(record: SentimentHead) -> Iterator[str]:
    """Yield the record as lines of text."""
    figures = record.figures
    yield f"sentiment head {version(record)}: learned from {figures.learned_from:,} sentences, judged on {figures.held_out:,} held out"
    yield f"{figures.twins_left_out} sentences were left out of training because a held-out one differs only by links or capitals"
    yield ""
    yield "  answers by  accuracy  95 % interval  macro F1  F1 bearish  bullish  neutral"
    yield _row("head", figures.head)
    yield _row("lexicon", figures.lexicon)
    yield _row("majority", figures.majority)
    yield ""
    yield f"  above the lexicon by {_points(figures.above_lexicon)}, above the majority by {_points(figures.above_majority)}"


def _row(name: str, found: Judged) -> str:
    interval = f"{found.accuracy_low:.3f}-{found.accuracy_high:.3f}"
    bearish, bullish, neutral = (found.classes[name].f1 for name in ("bearish", "bullish", "neutral"))
    whole = f"{found.accuracy:8.3f}  {interval:>13}  {found.macro_f1:8.3f}"
    return f"  {name:<10}  {whole}  {bearish:10.3f}  {bullish:7.3f}  {neutral:7.3f}"


def _points(found: Advantage) -> str:
    return f"{100 * found.difference:.1f} points ({100 * found.low:.1f} to {100 * found.high:.1f})"
