"""The file of scores: asked once, by sentence and model, and never believed when damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.errors import SnapshotError
from bot_core.sentiment import sentences_scored
from bot_core.sentiment.lexicon import analyze

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TEXTS = ["profit rises", "the bank falls", "profit rises"]


class Counting:
    """Asks the lexicon and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """Score texts."""
        self.asked += texts
        return [analyze(text).score for text in texts]


def test_each_sentence_is_asked_once_per_model(tmp_path: Path) -> None:
    path, ask = tmp_path / "kept/scores.jsonl", Counting()
    first = sentences_scored.score(TEXTS, "one", ask, path)
    assert first == [analyze(text).score for text in TEXTS]
    assert ask.asked == TEXTS[:2]
    assert sentences_scored.score([*TEXTS, "a loss"], "one", ask, path) == [*first, analyze("a loss").score]
    assert ask.asked == [*TEXTS[:2], "a loss"]
    sentences_scored.score(TEXTS[:1], "another", ask, path)
    assert ask.asked[3:] == TEXTS[:1]


def test_no_text_lies_in_the_file_and_the_same_answers_give_the_same_bytes(tmp_path: Path) -> None:
    for name, texts in (("a", TEXTS), ("b", TEXTS[::-1])):
        sentences_scored.score(texts, "one", Counting(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"profit" not in (tmp_path / "a").read_bytes()


def test_any_changed_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    sentences_scored.score(TEXTS, "one", Counting(), path)
    sound = path.read_bytes()
    for place in range(0, len(sound), 7):
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        with pytest.raises(SnapshotError, match=r"scores\.jsonl: expected lines with the digest .*delete"):
            sentences_scored.score(TEXTS, "one", Counting(), path)
    path.write_bytes(sound[:-20])
    with pytest.raises(SnapshotError):
        sentences_scored.read(path)
