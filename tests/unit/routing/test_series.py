from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.config.routing import AdwinDetector, PageHinkleyDetector
from bot_core.routing.series import Alarm, Series, build
from tests.drifting import noise

if TYPE_CHECKING:
    from bot_core.routing.series import Declared

BOTH: list[Declared] = [AdwinDetector(), PageHinkleyDetector()]


def alarms(series: Series, values: list[float]) -> list[tuple[int, Alarm]]:
    return [(row, alarm) for row, value in enumerate(values) for alarm in series.observe(value)]


@given(st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_the_unit_of_a_series_changes_nothing(scale: float, offset: float) -> None:
    values = [round(value, 3) for value in noise(600, shift=2.0, at=300)]
    plain = [(row, alarm.level) for row, alarm in alarms(Series(100, BOTH), values)]
    moved = [(row, alarm.level) for row, alarm in alarms(Series(100, BOTH), [offset + scale * 1e3 * value for value in values])]
    assert plain == moved
    assert "drift" in {level for _, level in plain}


def test_adwin_alone_does_not_see_returns_as_they_stand() -> None:
    values = [value / 1000.0 for value in noise(3000, shift=3.0, at=1500)]
    detector = build(AdwinDetector())
    assert not any(detector.update(value) for value in values)
    assert {alarm.level for _, alarm in alarms(Series(200, [AdwinDetector()]), values)} >= {"drift"}


def test_the_warm_up_says_what_is_usual_and_is_never_drift() -> None:
    series = Series(100, BOTH)
    assert alarms(series, list(noise(100, shift=9.0, at=50))) == []
    assert series.is_warm
    assert series.observations == 100


def test_an_alarm_is_in_the_series_own_unit_and_names_what_was_declared() -> None:
    series = Series(200, BOTH)
    (_, alarm), *_ = [
        each
        for each in alarms(series, [1000.0 + 10.0 * value for value in noise(1000, shift=2.0, at=600)])
        if each[1].level == "drift"
    ]
    assert alarm.state.before == pytest.approx(1000.0, abs=4.0)
    assert alarm.state.after == pytest.approx(1020.0, abs=8.0)
    assert alarm.state.parameters in (
        {"delta": 0.002, "warning": 0.02, "clock": 32.0},
        {"slack": 0.25, "threshold": 30.0, "warning": 22.0},
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "1"])
def test_what_is_no_number_is_counted_and_not_watched(value: float) -> None:
    one, other = Series(50, BOTH), Series(50, BOTH)
    values = list(noise(800, shift=1.0, at=400))
    mixed = [each for pair in zip(values, [value] * len(values), strict=True) for each in pair]
    assert [alarm for _, alarm in alarms(one, values)] == [alarm for _, alarm in alarms(other, mixed)]
    assert (other.observations, other.missing) == (800, 800)


def test_one_wrong_price_is_no_drift() -> None:
    values = list(noise(2000, seed=2))
    assert alarms(Series(200, BOTH), [*values[:1000], 1e12, *values[1000:]]) == alarms(Series(200, BOTH), values) == []


def test_a_constant_that_moves_is_drift() -> None:
    assert {alarm.level for _, alarm in alarms(Series(50, BOTH), [7.0] * 200 + [7.1] * 100)} >= {"drift"}


def test_a_block_is_one_value_its_mean() -> None:
    rhythm = [math.sin(hour * math.tau / 24) * 3.0 for hour in range(24)]
    values = [value + rhythm[row % 24] for row, value in enumerate(noise(24 * 200, shift=1.0, at=24 * 150))]
    blocks = Series(30, BOTH, 24)
    found = alarms(blocks, values)
    assert found[0][0] >= 24 * 150
    assert all(row % 24 == 23 for row, _ in found)
    means = [math.fsum(values[row : row + 24]) / 24 for row in range(0, len(values), 24)]
    daily: list[Declared] = [AdwinDetector(clock=1), PageHinkleyDetector()]
    by_mean = alarms(Series(30, daily), means)
    assert [(row // 24, alarm.level, alarm.state.width) for row, alarm in found] == [
        (row, alarm.level, alarm.state.width) for row, alarm in by_mean
    ]


@pytest.mark.parametrize(("block", "observations"), [(1, 200), (4, 200), (24, 720)])
def test_what_is_usual_is_told_from_thirty_values_at_least(block: int, observations: int) -> None:
    series = Series(200, BOTH, block)
    alarms(series, list(noise(observations - 1)))
    assert not series.is_warm
    alarms(series, [0.0])
    assert series.is_warm
