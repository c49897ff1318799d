"""What the words of a finance lexicon say: rules that need no model, and can say which words they heard.

A text is read clause by clause. Each word of the list counts with its weight, and three things change it:

- an intensifier up to two words before or one after makes it half as much again, a diminisher half as much;
- a negation up to four words before turns it round at three quarters: "no growth" is bad news, though not as bad as "losses";
- a word of movement ("rise", "fall") takes its sign from what moves: falling costs are good, falling profit is bad. Of what moves, the
  nearest word in the clause counts, and no longer counts by itself.

The score is sum / sqrt(sum² + 4), -1 to 1: one plain word gives 0.45, two 0.71. Confidence is its size: a text without a known word is
neutral with confidence 0, since nothing was heard.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

from bot_core.documents.document import Part
from bot_core.sentiment.words import BURDENS, DIMINISHERS, INTENSIFIERS, MOVES, NEGATIONS, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Label = Literal["pos", "neu", "neg"]
LEXICON = "lexicon"
NOBODY = "nobody"
MAX_CHARACTERS = 20_000
"""Characters of a text that are read, by the rules and by the model."""
NEUTRAL_WITHIN = 0.2
"""Scores this close to 0 are neutral."""

_TOKEN = re.compile(r"[a-z][a-z'’-]*[a-z]|[a-z]|[.,;:!?()]+(?=\s|$)|[-–—]{1,2}(?=\s)")  # noqa: RUF001  # dashes and quotes as they are written
_CLAUSE = frozenset({"but", "while", "although", "though", "however", "despite", "as", "after"})
_NEGATED, _STRONGER, _WEAKER = -0.75, 1.5, 0.5
_REACH_NEGATION, _REACH_DEGREE = 4, 2
_SOFTENING = 4.0


class Sentiment(Part, frozen=True, kw_only=True):
    """What a text says. `score` -1 (bad news) to 1 (good), `confidence` 0 to 1; `source` names who answered."""

    label: Label
    score: float
    confidence: float
    reasons: list[str]
    source: str


SILENCE = Sentiment(label="neu", score=0.0, confidence=0.0, reasons=["there is no text"], source=NOBODY)
"""What an empty text says."""


def clean(text: str) -> str:
    """Return the text as it is read: no half characters, no white space around it, no more than `MAX_CHARACTERS`."""
    return text[:MAX_CHARACTERS].encode(errors="replace").decode().strip()


def analyze(text: str) -> Sentiment:
    """Say what a text says, by its words alone."""
    heard = clean(text)
    if not heard:
        return SILENCE
    found = [one for clause in _clauses(heard) for one in _heard(clause)]
    total = math.fsum(weight for _, weight in found)
    score = total / math.sqrt(total * total + _SOFTENING)
    reasons = [f"{word} {weight:+.2f}" for word, weight in found] or ["no word of the lexicon"]
    return Sentiment(label=label_of(score), score=score, confidence=abs(score), reasons=reasons, source=LEXICON)


def label_of(score: float) -> Label:
    """Name a score."""
    if abs(score) <= NEUTRAL_WITHIN:
        return "neu"
    return "pos" if score > 0 else "neg"


def _clauses(text: str) -> Iterator[list[str]]:
    """Split a text where a negation's reach ends: at punctuation, and at words such as "but"."""
    clause: list[str] = []
    for token in _TOKEN.findall(text.lower().replace("’", "'")):  # noqa: RUF001  # as it is written
        if token[0].isalpha() and token not in _CLAUSE:
            clause.append(token)
        elif clause:
            yield clause
            clause = []
    if clause:
        yield clause


def _heard(clause: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield each word that counts, with the negation before it, and how much it counts."""
    taken = _moving(clause)
    for place, word in enumerate(clause):
        weight = _weight(clause, place, taken)
        if weight == 0.0:
            continue
        said = word if place not in taken else f"{clause[taken[place]]} … {word}"
        if negation := _negation(clause, place):
            yield f"{negation} {said}", weight * _NEGATED
        else:
            yield said, weight


def _moving(clause: Sequence[str]) -> dict[int, int]:
    """Map each word of movement to the nearest word in the clause that says what moves."""
    subjects = [place for place, word in enumerate(clause) if word in BURDENS]
    moves = [place for place, word in enumerate(clause) if word in MOVES]
    return {move: min(subjects, key=lambda place: abs(place - move)) for move in moves if subjects}


def _weight(clause: Sequence[str], place: int, taken: dict[int, int]) -> float:
    word = clause[place]
    if place in taken.values():
        return 0.0
    weight = MOVES.get(word, 0.0) * (-1.0 if place in taken else 1.0) or WEIGHTS.get(word, 0.0)
    near = {*clause[max(place - _REACH_DEGREE, 0) : place], *clause[place + 1 : place + 2]}
    if near & INTENSIFIERS:
        return weight * _STRONGER
    return weight * _WEAKER if near & DIMINISHERS else weight


def _negation(clause: Sequence[str], place: int) -> str:
    """Return the nearest negation among the words just before a place; empty where there is none."""
    return next((word for word in reversed(clause[max(place - _REACH_NEGATION, 0) : place]) if word in NEGATIONS), "")
