"""Figures of answers, by scikit-learn's own where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from bot_core.sentiment.report_figures import COLUMNS, advantage, judged
from bot_core.sentiment.sentences import CLASSES

RANDOM = np.random.default_rng(3)
TRUTH = RANDOM.integers(0, 3, 400)
ANSWERS = np.where(RANDOM.random(400) < 0.6, TRUTH, RANDOM.integers(0, 3, 400))


def test_shares_are_those_of_a_library() -> None:
    found = judged(ANSWERS, TRUTH)
    assert found.accuracy == pytest.approx((TRUTH == ANSWERS).mean())
    theirs = [
        f1_score(np.equal(TRUTH, place).astype(np.float64), np.equal(ANSWERS, place).astype(np.float64)) for place in range(3)
    ]
    assert [found.classes[name].f1 for name in CLASSES] == pytest.approx(theirs)
    assert found.macro_f1 == pytest.approx(np.mean(theirs))
    assert sum(one.sentences for one in found.classes.values()) == 400
    assert found.accuracy_low < found.accuracy < found.accuracy_high
    assert found.brier is None


def test_a_class_that_is_never_said_scores_nothing() -> None:
    found = judged(np.full(3, 2), np.array([0, 1, 2]))
    assert (found.classes["bearish"].f1, found.classes["neutral"].recall) == (0.0, 1.0)


def test_brier_of_the_certain_and_of_the_clueless() -> None:
    certain = np.array([[float(place == label) for place in COLUMNS] for label in TRUTH])
    assert judged(TRUTH, TRUTH, certain).brier == 0.0
    assert judged(TRUTH, TRUTH, np.full((400, 3), 1 / 3)).brier == pytest.approx(2 / 3)


def test_the_paired_interval_covers_the_true_difference() -> None:
    covered = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        right, other = draw.random(500) < 0.8, draw.random(500) < 0.7
        found = advantage(np.where(right, 1, 0), np.where(other, 1, 0), np.ones(500, dtype=int))
        covered += found.low <= 0.1 <= found.high
    assert 180 <= covered <= 199
