"""The record of a sentiment head: which files it is made of, what it learned from, and how good it is on sentences it never saw."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Rows
from bot_core.documents.document import Part

Unit = Annotated[float, Meta(ge=0.0, le=1.0)]


class Answered(Part, frozen=True, kw_only=True):
    """How one class was answered; shares from 0 to 1. `sentences`: how many are of this class."""

    sentences: int
    precision: Unit
    recall: Unit
    f1: Unit


class Judged(Part, frozen=True, kw_only=True):
    """How one way of answering did on all held-out sentences. The interval of its accuracy is Wilson's at 95 %.

    `brier`: mean over sentences of the squared distance between the three probabilities and the truth, 0 to 2; None without them.
    """

    accuracy: Unit
    accuracy_low: Unit
    accuracy_high: Unit
    macro_f1: Unit
    classes: dict[str, Answered]
    brier: float | None = None


class Advantage(Part, frozen=True, kw_only=True):
    """By how much the head's accuracy is above another's on the same sentences, with the 95 % interval of the paired difference."""

    difference: float
    low: float
    high: float


class SentimentFigures(Part, frozen=True, kw_only=True):
    """Figures on the held-out sentences: the head, the lexicon, and always the class that is most frequent among those learned from."""

    schema: Literal["bot-core/sentiment-figures/v1"] = "bot-core/sentiment-figures/v1"
    learned_from: Rows
    held_out: Rows
    twins_left_out: int
    head: Judged
    lexicon: Judged
    majority: Judged
    above_lexicon: Advantage
    above_majority: Advantage


class SentimentHead(Part, frozen=True, kw_only=True):
    """`head.json`: what stands beside the artifacts of a head. `models` and `data` name files by their SHA-256.

    `encoder` is the checksum of the files of the transformer whose vectors the head reads; with another one it means nothing.
    """

    schema: Literal["bot-core/sentiment-head/v1"] = "bot-core/sentiment-head/v1"
    encoder: Digest
    data: Annotated[dict[str, Digest], Meta(min_length=1)]
    models: Annotated[dict[str, Digest], Meta(min_length=2)]
    figures: SentimentFigures
