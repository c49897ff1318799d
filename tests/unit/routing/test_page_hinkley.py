from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.routing.page_hinkley import LEAST, PageHinkley
from tests.drifting import noise


def alarms(detector: PageHinkley, values: list[float]) -> list[tuple[int, str]]:
    return [(row, level) for row, value in enumerate(values) if (level := detector.update(value)) is not None]


def by_hand(values: list[float], slack: float, threshold: float) -> int | None:
    """Return the first alarm by the formula as it stands in the papers: sums over all values, each with the mean so far."""
    ups: list[float] = []
    downs: list[float] = []
    for n in range(1, len(values) + 1):
        deviation = values[n - 1] - sum(values[:n]) / n
        ups.append((ups[-1] if ups else 0.0) + deviation - slack)
        downs.append((downs[-1] if downs else 0.0) + deviation + slack)
        if n >= LEAST and max(ups[-1] - min(ups), max(downs) - downs[-1]) > threshold:
            return n - 1
    return None


@pytest.mark.parametrize("shift", [1.0, -1.0, 0.5, 0.0])
def test_drift_is_where_the_formula_has_it(shift: float) -> None:
    values = list(noise(400, shift=shift, at=200))
    found = [row for row, level in alarms(PageHinkley(0.25, 20.0, 10.0), values) if level == "drift"]
    assert (found[0] if found else None) == by_hand(values, 0.25, 20.0)
    assert bool(found) == (abs(shift) == 1.0 or by_hand(values, 0.25, 20.0) is not None)


def test_both_directions_are_seen_alike() -> None:
    values = list(noise(400, shift=1.0, at=200))
    assert alarms(PageHinkley(), values) == alarms(PageHinkley(), [-value for value in values])


def test_a_warning_comes_once_and_first() -> None:
    found = alarms(PageHinkley(), [-1.0, 1.0] * 100 + [2.0] * 32)
    assert found[:2] == [(212, "warning"), (217, "drift")]


def test_after_drift_it_begins_anew() -> None:
    detector = PageHinkley()
    found = alarms(detector, [-1.0, 1.0] * 100 + [5.0, 6.0] * 200)
    assert [level for _, level in found].count("drift") == 1
    assert detector.window.before == pytest.approx(0.0, abs=0.1)
    assert detector.window.after == pytest.approx(5.5, abs=1.0)
    assert detector.window.statistic is not None
    assert detector.window.statistic > 30.0 == detector.window.bound


def test_nothing_is_said_before_there_is_a_mean() -> None:
    assert all(row >= LEAST - 1 for row, _ in alarms(PageHinkley(0.0, 2.0, 1.0), [100.0, -100.0] * LEAST))


@given(st.lists(st.floats(-8, 8), max_size=200), st.floats(0, 1), st.floats(1, 30))
def test_a_smaller_slack_never_sees_it_later(values: list[float], slack: float, threshold: float) -> None:
    found = [by_hand(values, each, threshold) for each in (slack, slack + 0.5)]
    assert found[1] is None or (found[0] is not None and found[0] <= found[1])
    drift = [row for row, level in alarms(PageHinkley(slack, threshold, threshold / 2), values) if level == "drift"]
    assert (drift[0] if drift else None) == found[0]
