import numpy as np
import pytest

from bot_core.ai.comparison import compare, diebold_mariano, losses


def test_losses_by_hand() -> None:
    assert losses(np.array([1.0, 2.0]), np.array([2.0, 4.0]), "absolute").tolist() == [1.0, 2.0]
    assert losses(np.array([1.0, 2.0]), np.array([2.0, 4.0]), "squared").tolist() == [1.0, 4.0]


def test_without_autocorrelation_it_is_nearly_students_t() -> None:
    gain = np.random.default_rng(1).normal(0.1, 1.0, 4000)
    statistic, p_value = diebold_mariano(gain, 1)
    assert statistic == pytest.approx(gain.mean() / gain.std() * np.sqrt(4000), rel=0.1)
    assert p_value < 1e-6


def test_equal_losses_are_no_evidence() -> None:
    assert diebold_mariano(np.zeros(50), 1) == (0.0, 1.0)


@pytest.mark.parametrize("overlap", [1, 10])
def test_on_noise_the_test_holds_its_level(overlap: int) -> None:
    draw = np.random.default_rng(7)
    kernel = np.ones(overlap) / overlap
    wrong = sum(
        diebold_mariano(np.convolve(draw.normal(size=600 + overlap), kernel, "valid"), overlap)[1] < 0.05 for _ in range(400)
    )
    assert wrong / 400 < 0.11


def test_the_best_baseline_is_the_one_to_beat() -> None:
    model, poor, good = np.full(100, 2.0), np.full(100, 3.0), np.full(100, 1.5) + np.arange(100) * 1e-6
    found = compare(model, {"poor": poor, "good": good}, loss="absolute", overlap=1, significance=0.05)
    assert found.baseline == "good"
    assert not found.beats_baseline
    assert found.improvement < 0
