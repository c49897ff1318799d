"""One suite over all kinds of detectors: what each must do to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.config.routing import AdwinDetector, PageHinkleyDetector
from bot_core.routing.detector import Detector, Window
from bot_core.routing.series import build
from tests.drifting import noise

if TYPE_CHECKING:
    from bot_core.routing.series import Declared


def levels(detector: Detector, values: list[float]) -> list[str]:
    return [level for value in values if (level := detector.update(value)) is not None]


EVERY = pytest.mark.parametrize("declared", [AdwinDetector(), PageHinkleyDetector()], ids=lambda each: type(each).__name__)


@EVERY
def test_a_shift_of_one_standard_deviation_is_drift(declared: Declared) -> None:
    detector = build(declared)
    assert "drift" in levels(detector, list(noise(1500, shift=1.0, at=1000)))
    assert detector.window.after - detector.window.before > 0.4
    assert detector.window.width > 0


@EVERY
def test_false_alarms_are_rare(declared: Declared) -> None:
    streams = [levels(build(declared), list(noise(3000, seed=seed))) for seed in range(40)]
    assert sum("drift" in stream for stream in streams) <= 1
    assert sum("warning" in stream for stream in streams) <= 4


@EVERY
def test_the_same_values_give_the_same_alarms(declared: Declared) -> None:
    values = list(noise(1500, shift=0.7, at=700))
    one, other = build(declared), build(declared)
    assert [one.update(value) for value in values] == [other.update(value) for value in values]
    assert one.window == other.window != Window(0, 0.0, 0.0)
