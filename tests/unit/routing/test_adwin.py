from __future__ import annotations

import subprocess
import sys

import pytest
from river.drift import ADWIN

from bot_core.routing.adwin import Adwin, adaptive_window
from tests.drifting import noise


def alarms(detector: Adwin, values: list[float]) -> list[tuple[int, str]]:
    return [(row, level) for row, value in enumerate(values) if (level := detector.update(value)) is not None]


def first_of_river(values: list[float], delta: float) -> int | None:
    peer = ADWIN(delta=delta)  # type: ignore[no-untyped-call]  # river has no types
    for row, value in enumerate(values):
        peer.update(value)  # type: ignore[no-untyped-call]  # the same
        if peer.drift_detected:
            return row
    return None


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0, -3.0])
@pytest.mark.parametrize("delta", [0.002, 0.1])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_first_alarm_is_river_s(shift: float, delta: float, seed: int) -> None:
    values = list(noise(2000, shift=shift, at=1000, seed=seed))
    own = [row for row, level in alarms(Adwin(delta=delta, warning=delta * 5), values) if level == "drift"]
    assert (own[0] if own else None) == first_of_river(values, delta)


def test_a_warning_comes_first() -> None:
    found = alarms(Adwin(delta=1e-6, warning=0.05), list(noise(1500, shift=0.6, at=1000, seed=5)))
    levels = [level for _, level in found]
    assert levels[0] == "warning"
    assert "drift" in levels
    assert found[0][0] < found[levels.index("drift")][0]


def test_the_window_tells_both_means() -> None:
    detector = Adwin()
    assert alarms(detector, [0.0, 1.0] * 200 + [4.0, 5.0] * 8) == [(415, "drift")]
    assert (detector.window.before, detector.window.after, detector.window.width) == (0.5, 2.5, 32)


def test_means_stay_right_over_several_cuts() -> None:
    detector = Adwin(delta=0.002, warning=0.01)
    for level in (0.0, 5.0, -5.0):
        for value in noise(1000, seed=int(level) + 9):
            if detector.update(level + value) == "drift":
                last = detector.window
    assert last.after < -3.0
    assert last.width <= 1000


def test_nothing_is_said_of_what_does_not_change() -> None:
    assert alarms(Adwin(), [1.0] * 5000) == []


def test_it_needs_neither_numpy_nor_scikit_learn() -> None:
    code = "import sys; from bot_core.routing.adwin import Adwin; Adwin().update(1.0); print({'numpy', 'sklearn'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


def test_without_river_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['river'] = None\n"
        "from bot_core.errors import ConfigError\nfrom bot_core.routing.adwin import Adwin\n"
        "try:\n    Adwin()\nexcept ConfigError as error:\n    print(error.message, '|', error.hint)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.startswith("drift: expected the package river for a detector of the kind adwin, got none")
    assert "pip install 'bot-core[drift]'" in said


def test_the_window_is_the_one_that_river_s_adwin_uses() -> None:
    assert type(ADWIN()._helper) is adaptive_window()  # type: ignore[no-untyped-call]  # the same
