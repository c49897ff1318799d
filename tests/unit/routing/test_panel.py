from __future__ import annotations

import math

import pytest

from bot_core.config.routing import Watch
from bot_core.routing.detector import Window
from bot_core.routing.panel import Failed, Heard, Panel
from tests.drifting import NOON, noise

WATCH = Watch(inputs=["a", "b"], warm_up=50)


class Broken:
    """A detector that fails at its third value."""

    def __init__(self) -> None:
        self.window = Window(0, 0.0, 0.0)
        self.seen = 0

    def update(self, _: float) -> None:
        """Fail in time."""
        self.seen += 1
        if self.seen == 3:
            msg = "the sum is lost"
            raise OverflowError(msg)


def test_what_is_declared_is_watched_and_nothing_else() -> None:
    assert list(Panel("signal", WATCH, NOON).series) == ["input:a", "input:b", "output", "error"]
    assert list(Panel("regime", Watch(output=False, errors=False), NOON).series) == []


def test_one_series_may_have_a_block_of_its_own() -> None:
    panel = Panel("signal", Watch(inputs=["a", "b"], warm_up=60, block=2, blocks={"output": 24, "a": 1}), NOON)
    for _ in range(60):
        list(panel.answered({"a": 1.0, "b": 2.0}, 0.5))
    assert [panel.series[name].is_warm for name in ("input:a", "input:b", "output")] == [True, True, False]


def test_inputs_outputs_and_errors_are_series_of_their_own() -> None:
    panel = Panel("signal", WATCH, NOON)
    list(panel.answered({"a": 1.0, "c": 5.0}, 0.5))
    list(panel.erred(0.25))
    counts = {name: (series.observations, series.missing) for name, series in panel.series.items()}
    assert counts == {"input:a": (1, 0), "input:b": (0, 1), "output": (1, 0), "error": (1, 0)}


@pytest.mark.parametrize("shifted", ["input:a", "output", "error"])
def test_the_series_that_drifts_is_named(shifted: str) -> None:
    panel, heard = Panel("signal", WATCH, NOON), set[str]()
    for row in range(600):
        a, output, error = (
            next(noise(1, shift=3.0 if name == shifted else 0.0, at=0 if row > 300 else 1, seed=row + n))
            for n, name in enumerate(("input:a", "output", "error"))
        )
        for found in [*panel.answered({"a": a}, output), *panel.erred(error)]:
            assert isinstance(found, Heard)
            heard.add(found.signal)
    assert heard == {shifted}


def test_a_detector_that_fails_is_said_once_and_the_others_go_on() -> None:
    panel = Panel("signal", WATCH, NOON)
    panel.series["input:a"]._detectors = [Broken()]
    for row in range(50):
        assert list(panel.answered({"a": float(row), "b": float(row)}, 0.0)) == []
    found = [each for row in range(5) for each in panel.answered({"a": 1.0, "b": float(row)}, 0.0)]
    assert found == [Failed("input:a", "OverflowError: the sum is lost")]
    assert panel.series["input:a"].broken == "OverflowError: the sum is lost"
    assert (panel.series["input:a"].observations, panel.series["input:b"].observations) == (53, 55)


def test_an_input_that_is_no_number_is_missing() -> None:
    panel = Panel("signal", WATCH, NOON)
    list(panel.answered({"a": math.nan, "b": 1.0}, math.inf))
    assert [panel.series[name].missing for name in ("input:a", "input:b", "output")] == [1, 0, 1]
