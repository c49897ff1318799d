from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bot_core.ai.learning import learn
from bot_core.ai.task import Task
from bot_core.config.models import Linear
from bot_core.errors import DatasetError
from bot_core.features.dataset import FeatureDataset

BINARY = Task("classification", "probability", "half", "long_short", "direction")
SIZE = Task("regression", "bps", "median", "long_only", "range")


def test_a_class_that_never_occurs_is_refused_by_name(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(200, binary=True).labelled()
    flat = replace(rows, targets=np.ones(len(rows)))
    with pytest.raises(DatasetError, match=r"training rows 2020-01-01T00:00:00\.000000 to .*: expected both classes, got only 1"):
        learn(BINARY, Linear(objective="binary"), flat, rows)


def test_a_target_that_is_not_finite_is_refused(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(200).labelled()
    targets = rows.targets.copy()
    targets[3] = np.nan
    with pytest.raises(DatasetError, match=r"expected finite targets, got 1 that are not"):
        learn(SIZE, Linear(objective="l2"), replace(rows, targets=targets), rows)


def test_constant_prices_give_a_target_that_never_varies(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(200).labelled()
    with pytest.raises(DatasetError, match=r"expected a target that varies, got only 0"):
        learn(SIZE, Linear(objective="l2"), replace(rows, targets=np.zeros(len(rows))), rows)


def test_the_pivot_of_sizes_is_the_training_median(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(300).labelled()
    learned = learn(SIZE, Linear(objective="l2"), rows.rows(slice(0, 200)), rows.rows(slice(200, None)))
    assert learned.pivot == np.median(rows.targets[:200])
    assert learned.platt.slope > 0
