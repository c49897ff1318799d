"""The lists themselves: enough words, each with one meaning, in lower case."""

from __future__ import annotations

import re

from bot_core.sentiment.words import BURDENS, DIMINISHERS, INTENSIFIERS, MILD, MOVES, NEGATIONS, STRONG, WEIGHTS


def test_there_are_words_enough_for_both_sides() -> None:
    assert len(WEIGHTS) + len(MOVES) > 500
    assert all(sum(weight * side > 0 for weight in WEIGHTS.values()) > 150 for side in (1, -1))


def test_a_word_moves_or_weighs_and_never_both() -> None:
    assert not WEIGHTS.keys() & MOVES.keys()
    assert not INTENSIFIERS & DIMINISHERS
    assert not NEGATIONS & (INTENSIFIERS | DIMINISHERS | MOVES.keys())


def test_weights_are_of_the_three_sizes() -> None:
    assert {abs(weight) for weight in (*WEIGHTS.values(), *MOVES.values())} == {MILD, 1.0, STRONG}


def test_words_are_spelled_as_a_text_is_read() -> None:
    every = [*WEIGHTS, *MOVES, *BURDENS, *NEGATIONS, *INTENSIFIERS, *DIMINISHERS]
    assert [word for word in every if not re.fullmatch(r"[a-z]+(['-][a-z]+)*", word)] == []
