from __future__ import annotations

import numpy as np
import pytest

from bot_core.ai.drift_alarm import Alarm
from bot_core.ai.drift_shifts import Shift, shifts
from bot_core.ai.drift_trials import Trial
from bot_core.config.models import DriftConfig

Floats = np.ndarray[tuple[int, int], np.dtype[np.float64]]

CONFIG = DriftConfig(window=100, replicates=200)
STEP, PLACE = 25, 150


@pytest.fixture(scope="module")
def alarm() -> Alarm:
    return Alarm.of(np.random.default_rng(0).normal(size=(800, 4)), CONFIG.window, CONFIG)


@pytest.fixture
def later() -> Floats:
    """Four features of noise, in which no window alerts."""
    return np.random.default_rng(1).normal(size=(400, 4))


def test_a_shift_of_no_size_is_never_seen_whatever_alerts_anyway(alarm: Alarm, later: Floats) -> None:
    later[:, 0] += 3.0
    later[PLACE + 30 :, 1] += 3.0
    trial = Trial.at(alarm, later, PLACE, STEP, [Shift("mean", 0.0)])
    assert not trial.first.any()
    assert trial.already.tolist() == [True, False, False, False, False, False]


def test_a_large_shift_is_seen_at_the_first_look_in_each_feature_and_in_all(alarm: Alarm, later: Floats) -> None:
    trial = Trial.at(alarm, later, PLACE, STEP, [Shift("unit", 100.0)])
    assert trial.first.tolist() == [[1] * 6]
    assert not trial.already.any()


def test_a_smaller_shift_is_seen_later(alarm: Alarm, later: Floats) -> None:
    small, large = Trial.at(alarm, later, PLACE, STEP, [Shift("mean", 0.7), Shift("mean", 3.0)]).first
    assert (large > 0).all()
    assert ((small >= large) | (small == 0)).all()
    assert small.max() > large.max()


def test_what_a_feature_says_anyway_is_not_credited_to_its_shift_but_to_others(alarm: Alarm, later: Floats) -> None:
    later[:, 0] += 3.0
    first = Trial.at(alarm, later, PLACE, STEP, [Shift("mean", 3.0)]).first[0]
    assert first[0] == 0
    assert (first[1:4] == 1).all()
    assert first[4] == 1


def test_a_critical_alert_is_asked_of_all_features_together(alarm: Alarm, later: Floats) -> None:
    strict = Alarm(alarm.reference, alarm.slabs, alarm.chance, alarm.limits, DriftConfig(window=100, critical_share=1.0))
    later[:, 0] = 0.0  # a feature that a zero does not change, but that is named without it: the others make the alert critical
    trial = Trial.at(strict, later, PLACE, STEP, [Shift("zero")])
    assert trial.already[0]
    assert trial.first[0, -1] >= trial.first[0, -2] > 0


def test_below_the_warning_share_one_feature_is_no_alert(alarm: Alarm, later: Floats) -> None:
    patient = Alarm(alarm.reference, alarm.slabs, alarm.chance, alarm.limits, DriftConfig(window=100, warning_share=0.5))
    first = Trial.at(patient, later, PLACE, STEP, [Shift("unit", 100.0)]).first[0]
    assert first.tolist() == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("shift", shifts(), ids=str)
def test_a_look_does_not_see_ahead(alarm: Alarm, later: Floats, shift: Shift) -> None:
    seen = Trial.at(alarm, later, PLACE, STEP, [shift]).first
    later[PLACE + 2 * STEP :] = 1e6
    blind = Trial.at(alarm, later, PLACE, STEP, [shift]).first
    early = (seen > 0) & (seen <= 2)
    np.testing.assert_array_equal(blind[early], seen[early])
    assert ((blind == 0) | (blind > 2))[~early].all()


def test_it_waits_for_two_windows_and_no_longer(alarm: Alarm, later: Floats) -> None:
    later[PLACE:, 2] += np.linspace(0.0, 1.5, 250)
    short = later[: PLACE + 200]
    planted = [Shift("mean", 0.3)]
    np.testing.assert_array_equal(
        Trial.at(alarm, later, PLACE, STEP, planted).first, Trial.at(alarm, short, PLACE, STEP, planted).first
    )
