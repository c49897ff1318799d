from __future__ import annotations

import math

import pytest

from bot_core.decision.hybrid import CODES, Arm, Blended, HybridBand, Weight, blend_classes, blend_numbers, blend_sets, weight

BAND = HybridBand(hi=0.75, lo=0.5)
HALF = Weight("blend", 0.5, "confidence_between")
RULES = Weight("rules", 0.0, "confidence_low")
LEARNED = Weight("learned", 1.0, "confidence_high")
NO_LEARNED = Weight("rules", 0.0, "learned_invalid")
NOBODY = Weight("none", 0.0, "rules_invalid")


@pytest.mark.parametrize(
    ("confidence", "arm", "share"),
    [
        (0.0, "rules", 0.0),
        (math.nextafter(0.5, 0.0), "rules", 0.0),
        (0.5, "blend", 0.0),
        (math.nextafter(0.5, 1.0), "blend", math.ulp(0.5) / 0.25),
        (0.625, "blend", 0.5),
        (math.nextafter(0.75, 0.0), "blend", 1.0 - math.ulp(0.5) / 0.25),
        (0.75, "learned", 1.0),
        (math.nextafter(0.75, 1.0), "learned", 1.0),
        (1.0, "learned", 1.0),
    ],
)
def test_confidence_decides_whose_answer_counts(confidence: float, arm: Arm, share: float) -> None:
    found = weight(confidence, BAND)
    assert (found.arm, found.learned) == (arm, share)
    assert found.code in CODES


@pytest.mark.parametrize(
    ("confidence", "arm"), [(0.6, "blend"), (math.nextafter(0.6, 0.0), "rules"), (0.8, "learned"), (0.7999, "blend")]
)
def test_the_usual_band(confidence: float, arm: Arm) -> None:
    assert weight(confidence, HybridBand(hi=0.8, lo=0.6)).arm == arm


@pytest.mark.parametrize("confidence", [math.nan, math.inf, -math.inf, -5e-324, math.nextafter(1.0, 2.0), True, None])
def test_a_confidence_that_is_none_leaves_it_to_the_rules(confidence: float) -> None:
    assert weight(confidence, BAND) == Weight("rules", 0.0, "confidence_invalid")


def test_a_band_may_be_closed() -> None:
    band = HybridBand(hi=0.5, lo=0.5)
    assert [weight(confidence, band).arm for confidence in (0.4, 0.5, 0.6)] == ["rules", "learned", "learned"]


@pytest.mark.parametrize(("hi", "lo"), [(0.5, 0.6), (1.1, 0.5), (0.5, -0.1), (math.nan, 0.5), (0.5, math.nan)])
def test_a_band_out_of_order_is_refused(hi: float, lo: float) -> None:
    with pytest.raises(ValueError, match="Expected 0 <= lo <= hi <= 1"):
        HybridBand(hi=hi, lo=lo)


@pytest.mark.parametrize(
    ("learned", "rules", "given", "expected"),
    [
        (10.0, 20.0, LEARNED, Blended(10.0, LEARNED)),
        (10.0, 20.0, HALF, Blended(15.0, HALF)),
        (10.0, 20.0, RULES, Blended(20.0, RULES)),
        (math.nan, 20.0, LEARNED, Blended(20.0, NO_LEARNED)),
        (math.inf, 20.0, HALF, Blended(20.0, NO_LEARNED)),
        (math.nan, 20.0, RULES, Blended(20.0, RULES)),
        (10.0, math.nan, LEARNED, Blended(10.0, LEARNED)),
        (10.0, math.nan, HALF, Blended(None, NOBODY)),
        (10.0, math.nan, RULES, Blended(None, NOBODY)),
        (math.nan, math.nan, LEARNED, Blended(None, NOBODY)),
        (1.7e308, -1.7e308, HALF, Blended(0.0, HALF)),
    ],
)
def test_numbers_are_combined(learned: float, rules: float, given: Weight, expected: Blended[float]) -> None:
    assert blend_numbers(learned, rules, given) == expected


@pytest.mark.parametrize(
    ("learned", "rules", "given", "expected"),
    [
        ({"enter": 0.75, "skip": 0.25}, {"skip": 1.0}, HALF, Blended({"enter": 0.375, "skip": 0.625}, HALF)),
        ({"enter": 0.75, "skip": 0.25}, {"skip": 1.0}, LEARNED, Blended({"enter": 0.75, "skip": 0.25}, LEARNED)),
        ({"enter": 0.75, "skip": 0.5}, {"skip": 1.0}, HALF, Blended({"skip": 1.0}, NO_LEARNED)),
        ({"enter": 1.5, "skip": -0.5}, {"skip": 1.0}, HALF, Blended({"skip": 1.0}, NO_LEARNED)),
        ({"enter": math.nan}, {"skip": 1.0}, HALF, Blended({"skip": 1.0}, NO_LEARNED)),
        ({}, {"skip": 1.0}, LEARNED, Blended({"skip": 1.0}, NO_LEARNED)),
        ({"enter": 1.0}, {}, HALF, Blended(None, NOBODY)),
        (
            {"enter": 1.0},
            {"skip": 1.0},
            Weight("blend", 0.0, "confidence_between"),
            Blended({"skip": 1.0}, Weight("blend", 0.0, "confidence_between")),
        ),
    ],
)
def test_classes_are_mixed(learned: dict[str, float], rules: dict[str, float], given: Weight, expected: object) -> None:
    assert blend_classes(learned, rules, given) == expected


@pytest.mark.parametrize(
    ("given", "votes"),
    [(LEARNED, {"a": 1.0, "b": 1.0}), (HALF, {"a": 0.5, "b": 1.0, "c": 0.5}), (RULES, {"b": 1.0, "c": 1.0})],
)
def test_sets_are_united_with_votes(given: Weight, votes: dict[str, float]) -> None:
    assert blend_sets({"a", "b"}, {"b", "c"}, given) == Blended(votes, given)


def test_empty_sets_are_an_answer() -> None:
    assert blend_sets(set(), set(), HALF) == Blended({}, HALF)
