from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bot_core.ai.leaks import refuse_leaks, single_feature_aucs
from bot_core.errors import DatasetError
from bot_core.features.dataset import FeatureDataset


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_planted_look_ahead_feature_is_caught_by_name(dataset: Callable[..., FeatureDataset], sign: float) -> None:
    rows = dataset(600, signal=0.0).labelled()
    values = rows.values.copy()
    values[:, 2] = sign * (rows.targets + np.random.default_rng(1).normal(size=len(rows)))
    with pytest.raises(DatasetError, match=r"^features: c: expected no feature to know the target by itself .*, got AUC 0\.9"):
        refuse_leaks(replace(rows, values=values), 0.0)


def test_an_honest_strong_feature_passes(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(600, signal=1.0).labelled()
    refuse_leaks(rows, 0.0)
    aucs = single_feature_aucs(rows, 0.0)
    assert 0.7 < aucs["a"] < 0.9
    assert aucs["b"] < 0.6


def test_one_class_says_nothing(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(100).labelled()
    assert set(single_feature_aucs(replace(rows, targets=np.ones(len(rows))), 0.0).values()) == {0.5}
