"""What words say: negation, movement, degree, and that nothing heard is nothing said."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.sentiment import lexicon, words
from bot_core.sentiment.lexicon import MAX_CHARACTERS, NEUTRAL_WITHIN, SILENCE, analyze, clean, label_of


@pytest.mark.parametrize(
    ("text", "label", "reasons"),
    [
        ("Profit rises", "pos", ["profit +1.00", "rises +1.00"]),
        ("no growth, no profit", "neg", ["no growth -0.75", "no profit -0.75"]),
        ("The company doesn’t see growth", "neg", ["doesn't growth -0.75"]),  # noqa: RUF001  # as it is written
        ("Not a strong quarter", "neg", ["not strong -0.75"]),
        ("Shares did not fall, and profit grew", "pos", ["not fall +0.75", "profit +1.00", "grew +1.00"]),
        ("Losses narrow", "pos", ["losses … narrow +1.00"]),
        ("Losses widen", "neg", ["losses … widen -1.00"]),
        ("Losses", "neg", ["losses -1.00"]),
        ("Costs fell, margins fell", "neu", ["costs … fell +1.00", "fell -1.00"]),
        ("Unemployment rises sharply", "neg", ["unemployment … rises -1.50"]),
        ("Unemployment does not rise", "pos", ["not unemployment … rise +0.75"]),
        ("Shares slightly lower", "neg", ["lower -0.50"]),
        ("Shares plunge after the bankruptcy", "neg", ["plunge -1.50", "bankruptcy -1.50"]),
        ("The board meets on Tuesday", "neu", ["no word of the lexicon"]),
        ("Beats on EPS, misses on revenue", "neu", ["beats +1.00", "misses -1.00"]),
    ],
)
def test_what_is_said_and_why(text: str, label: str, reasons: list[str]) -> None:
    said = analyze(text)
    assert (said.label, said.reasons, said.source) == (label, reasons, "lexicon")


def test_the_score_is_the_formula_of_the_module_and_confidence_its_size() -> None:
    said = analyze("Profit falls, upgrade")
    total = 1.0 - 1.0 + 1.5
    assert said.score == pytest.approx(total / math.sqrt(total**2 + 4))
    assert said.confidence == abs(said.score)
    assert analyze("strong").score == pytest.approx(0.447, abs=1e-3)


@pytest.mark.parametrize("text", ["", " \n\t", "\u00a0"])
def test_nothing_says_nothing(text: str) -> None:
    said = analyze(text)
    assert said is SILENCE
    assert (said.label, said.score, said.confidence, said.source) == ("neu", 0.0, 0.0, "nobody")


def test_a_score_has_a_name_from_the_bound_on() -> None:
    inside, beyond = NEUTRAL_WITHIN, math.nextafter(NEUTRAL_WITHIN, 1.0)
    assert [label_of(score) for score in (-beyond, -inside, 0.0, inside, beyond)] == ["neg", "neu", "neu", "neu", "pos"]


def test_a_text_is_read_to_its_bound_and_half_characters_are_replaced() -> None:
    assert clean("a" * (MAX_CHARACTERS + 5)) == "a" * MAX_CHARACTERS
    assert clean(" rise \ud800 ") == "rise ?"
    assert analyze("x " * MAX_CHARACTERS + "plunge").score == 0.0


def test_a_negation_ends_with_its_clause() -> None:
    assert analyze("no news, profit rises").score > 0
    assert analyze("not bad but profit falls short").reasons[0] == "not bad +0.45"
    assert analyze("no one at the whole bank expected profit").reasons == ["profit +1.00"]


@given(st.text())
def test_every_text_has_a_score_within_its_bounds(text: str) -> None:
    said = analyze(text)
    assert -1.0 < said.score < 1.0
    assert 0.0 <= said.confidence <= 1.0
    assert said.reasons
    assert said == analyze(text)


@given(st.sampled_from(sorted(words.WEIGHTS.keys() - words.NEGATIONS - words.INTENSIFIERS - words.DIMINISHERS)))
def test_a_negation_turns_every_word_round(word: str) -> None:
    alone, negated = analyze(f"it is {word}"), analyze(f"it is not {word}")
    assert alone.score * negated.score < 0
    assert abs(negated.score) < abs(alone.score)
    assert alone.source == lexicon.LEXICON
