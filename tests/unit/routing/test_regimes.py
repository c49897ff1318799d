from __future__ import annotations

import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.config.routing import Regimes
from bot_core.routing.regimes import RULES, VolatilityRegime, kmeans, quantiles, three_means

CONFIG = Regimes(feature="v", window=90, least=30)
CYCLE = [1.0, 2.0, 8.0]


def after(name: str, values: list[float]) -> VolatilityRegime:
    route = VolatilityRegime(name, CONFIG)
    for value in values:
        route({"v": value})
    return route


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("value", "label"), [(0.9, "calm"), (2.0, "normal"), (9.0, "turbulent")])
def test_weather_is_told_apart(name: str, value: float, label: str) -> None:
    found = after(name, CYCLE * 30)({"v": value})
    assert (found.label, found.source) == (label, f"regime:{name}")
    assert -1.0 <= found.score <= 1.0
    assert 0.0 <= found.confidence <= 1.0


@pytest.mark.parametrize("name", RULES)
def test_a_unit_changes_nothing(name: str) -> None:
    values = [math.exp(math.sin(row)) for row in range(80)]
    one, other = after(name, values)({"v": 1.1}), after(name, [value * 1e-6 for value in values])({"v": 1.1e-6})
    assert one.label == other.label
    assert one.score == pytest.approx(other.score)


@pytest.mark.parametrize("name", RULES)
def test_until_there_is_a_past_it_is_unknown(name: str) -> None:
    route = after(name, CYCLE * 9)
    assert [route({"v": value}).label for value in (1.0, 2.0, 8.0, 1.0)][:3] == ["unknown"] * 3
    assert route({"v": 1.0}).label == "calm"


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0])
def test_what_is_no_volatility_is_unknown_and_forgotten(value: float) -> None:
    route, same = after("kmeans", CYCLE * 30), after("kmeans", CYCLE * 30)
    assert (route({"v": value}).label, route({}).label) == ("unknown", "unknown")
    assert route({"v": 3.0}) == same({"v": 3.0})


def test_an_answer_depends_on_what_came_before_alone() -> None:
    one, other = after("kmeans", CYCLE * 30), after("kmeans", CYCLE * 30)
    answer = one({"v": 3.0})
    for value in (100.0, 200.0):
        one({"v": value})
    assert other({"v": 3.0}) == answer


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=60))
def test_means_are_those_of_the_values_nearest_to_them(values: list[float]) -> None:
    ordered = sorted(values)
    means = three_means(ordered)
    assert means == sorted(means)
    groups: list[list[float]] = [[], [], []]
    for value in ordered:
        groups[0 if value <= (means[0] + means[1]) / 2 else 1 if value <= (means[1] + means[2]) / 2 else 2].append(value)
    for group, mean in zip(groups, means, strict=True):
        assert not group or mean == pytest.approx(fmean(group), abs=1e-6)


@given(st.lists(st.floats(-50, 50), min_size=30, max_size=60), st.floats(-60, 60))
def test_scores_and_confidences_are_in_range(values: list[float], value: float) -> None:
    for rule in (kmeans, quantiles):
        place, score, confidence = rule(sorted(values), value)
        assert place in (0, 1, 2)
        assert -1.0 <= score <= 1.0
        assert 0.0 <= confidence <= 1.0
