"""Which units the model decides for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.decision.rollout import BUCKETS, arm, place

VERSION = "20261121T101500Z-3f2a9c41"
UNITS = [f"eurusd@{hour}" for hour in range(4_000)]

units = st.text(max_size=40)
versions = st.text(max_size=20)
percents = st.integers(0, 100)


def learned(percent: int, version: str = VERSION, salt: str = "rollout") -> set[str]:
    return {unit for unit in UNITS if arm(unit, percent, version, salt) == "learned"}


@pytest.mark.parametrize(
    ("unit", "salt", "version", "expected"),
    [
        ("eurusd@2017-12-29T20:00:00Z", "rollout", VERSION, 76592),
        ("eurusd@2017-12-29T20:00:00Z", "holdout", VERSION, 68369),
        ("eurusd@2017-12-29T20:00:00Z", "rollout", "20261121T101501Z-3f2a9c41", 21300),
        ("", "", "", 7386),
        ("złoty@1", "rollout", "v1", 38469),
    ],
)
def test_a_place_never_changes(unit: str, salt: str, version: str, expected: int) -> None:
    assert place(unit, salt, version) == expected


@given(unit=units, version=versions)
def test_nobody_at_zero_and_everybody_at_a_hundred(unit: str, version: str) -> None:
    assert arm(unit, 0, version) == "rules"
    assert arm(unit, 100, version) == "learned"
    assert 0 <= place(unit, "rollout", version) < BUCKETS


@given(unit=units, version=versions, percent=percents, more=percents)
def test_raising_the_percent_only_adds(unit: str, version: str, percent: int, more: int) -> None:
    low, high = sorted((percent, more))
    assert not (arm(unit, low, version) == "learned" and arm(unit, high, version) == "rules")


@pytest.mark.parametrize("percent", [1, 5, 25, 50, 75, 99])
def test_as_many_as_were_asked_for(percent: int) -> None:
    share = percent / 100
    deviation = math.sqrt(len(UNITS) * share * (1.0 - share))
    assert abs(len(learned(percent)) - len(UNITS) * share) < 4.0 * deviation


@pytest.mark.parametrize("other", [("rollout", "20261128T101500Z-3f2a9c41"), ("holdout", VERSION)])
def test_every_release_and_every_salt_draws_anew(other: tuple[str, str]) -> None:
    salt, version = other
    both = learned(50) & learned(50, version, salt)
    assert abs(len(both) - len(UNITS) / 4) < 4.0 * math.sqrt(len(UNITS) * 0.25 * 0.75)


def test_the_step_is_exact_at_its_edge() -> None:
    """Of a hundred thousand places the first 25,000 are a quarter: the last of them is in, the next is not."""
    last, next_one = "174953", "242998"
    assert [place(unit, "rollout", "v") for unit in (last, next_one)] == [24_999, 25_000]
    assert [arm(last, percent, "v") for percent in (24, 25)] == ["rules", "learned"]
    assert [arm(next_one, percent, "v") for percent in (25, 26)] == ["rules", "learned"]


def test_salt_and_version_cannot_be_confused() -> None:
    assert place("x", "a", "bc") != place("x", "ab", "c")
