import numpy as np
import pytest

from bot_core.ai.calibration import fit_platt
from bot_core.ai.task import Task

RETURNS = Task("regression", "bps", "zero", "long_short", "return")
BINARY = Task("classification", "probability", "half", "long_short", "direction")


def test_probabilities_mean_what_they_say() -> None:
    draw = np.random.default_rng(3)
    truth = draw.uniform(0.05, 0.95, 20_000)
    outcomes = (draw.uniform(size=20_000) < truth).astype(float)
    overconfident = 1 / (1 + np.exp(-3 * np.log(truth / (1 - truth))))
    platt = fit_platt(BINARY, overconfident, outcomes, 0.5, 1.0)
    assert np.abs(platt.probability(overconfident) - truth).max() < 0.03
    assert platt.slope == pytest.approx(1 / 3, rel=0.1)


def test_a_larger_prediction_is_a_larger_probability_of_lying_above_the_pivot() -> None:
    draw = np.random.default_rng(4)
    prediction = draw.normal(size=5000) * 5
    target = prediction + draw.normal(size=5000) * 20
    platt = fit_platt(RETURNS, prediction, target, 0.0, float(target.std()))
    low, high = platt.probability(np.array([-10.0, 10.0]))
    assert 0.2 < low < 0.5 < high < 0.8


@pytest.mark.parametrize("targets", [np.ones(60), np.zeros(60)])
def test_one_class_gives_the_smoothed_base_rate(targets: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    platt = fit_platt(BINARY, np.linspace(0.2, 0.8, 60), targets, 0.5, 1.0)
    assert platt.slope == 0.0
    assert platt.probability(np.array([0.1, 0.9])) == pytest.approx((targets.sum() + 1) / 62)


def test_predictions_that_never_vary_give_the_base_rate() -> None:
    platt = fit_platt(RETURNS, np.zeros(99), np.tile([1.0, -1.0, -1.0], 33), 0.0, 1.0)
    assert platt.probability(np.array([5.0])) == pytest.approx(34 / 101)
