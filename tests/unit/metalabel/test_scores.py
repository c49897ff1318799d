from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn import metrics

from bot_core.metalabel.scores import meta_scores, spreads


def test_the_figures_are_scikit_learn_s() -> None:
    draw = np.random.default_rng(1)
    labels, said = (draw.random(200) < 0.3).astype(float), draw.random(200)
    found, acts = meta_scores(labels, said, 0.4, 0.25), (said >= 0.4).astype(float)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(labels, acts))
    assert found.precision == pytest.approx(metrics.precision_score(labels, acts))
    assert found.recall == pytest.approx(metrics.recall_score(labels, acts))
    assert found.f1 == pytest.approx(metrics.f1_score(labels, acts))
    assert found.roc_auc == pytest.approx(metrics.roc_auc_score(labels, said))
    assert found.pr_auc == pytest.approx(metrics.average_precision_score(labels, said))
    assert found.brier == pytest.approx(metrics.brier_score_loss(labels, said))
    assert found.brier_base_rate == pytest.approx(metrics.brier_score_loss(labels, np.full(200, 0.25)))


def test_one_class_leaves_out_what_needs_two() -> None:
    found = meta_scores(np.ones(3), np.array([0.2, 0.3, 0.9]), 0.95, 0.5)
    assert (found.roc_auc, found.pr_auc, found.precision, found.recall, found.f1) == (None, None, 0.0, 0.0, 0.0)


def test_the_spread_is_over_the_folds_that_have_the_figure() -> None:
    one = meta_scores(np.array([0.0, 1.0]), np.array([0.2, 0.9]), 0.5, 0.5)
    two = replace(one, accuracy=0.5, roc_auc=None)
    found = spreads([one, two])
    assert (found["accuracy"].mean, found["accuracy"].low, found["accuracy"].high) == (0.75, 0.5, 1.0)
    assert found["accuracy"].stdev == pytest.approx(np.std([1.0, 0.5], ddof=1))
    assert (found["roc_auc"].mean, found["roc_auc"].stdev, found["roc_auc"].folds) == (1.0, 0.0, 1)
    assert "roc_auc" not in spreads([two])
