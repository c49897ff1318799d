from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xgboost

from bot_core.ai import families
from bot_core.ai.fitted import Examples
from bot_core.ai.xgb_trees import scorer
from bot_core.config.models import XGBoost
from bot_core.documents.artifact import XgboostState
from bot_core.errors import PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.features.dataset import FeatureDataset


def stump(**changes: list[float]) -> dict[str, Any]:
    """Spell one tree: x1 < 0.5 → -1, else 2; a missing value goes left."""
    tree: dict[str, Any] = {
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [1, 0, 0],
        "split_conditions": [0.5, -1.0, 2.0],
        "default_left": [1, 0, 0],
    }
    return tree | changes


def text(*trees: dict[str, Any], objective: str = "reg:squarederror", base: str = "[2.5E-1]", width: str = "2") -> str:
    """Spell the parts of XGBoost's JSON that say what is predicted."""
    return json.dumps(
        {
            "learner": {
                "gradient_booster": {"model": {"trees": list(trees)}, "name": "gbtree"},
                "learner_model_param": {"base_score": base, "num_feature": width, "num_class": "0"},
                "objective": {"name": objective},
            },
            "version": [3, 2, 0],
        }
    )


@pytest.fixture(scope="module", params=["l2", "l1", "binary"])
def trained(request: pytest.FixtureRequest, dataset: Callable[..., FeatureDataset]) -> str:
    """Train on rows with missing values and return XGBoost's JSON."""
    rows = dataset(1200, signal=2.0, binary=request.param == "binary").labelled()
    values = rows.values.copy()
    values[np.random.default_rng(3).random(values.shape) < 0.05] = np.nan
    config = XGBoost(objective=request.param, rounds=80, subsample=0.8, feature_fraction=0.7)
    state = families.fit(config, Examples(values[:800], rows.targets[:800]), Examples(values[800:], rows.targets[800:])).state
    assert isinstance(state, XgboostState)
    return state.text


def test_xgboost_itself_predicts_the_same_within_its_single_precision(trained: str) -> None:
    booster = xgboost.Booster(model_file=bytearray(trained.encode()))
    values = np.random.default_rng(4).normal(size=(400, 4))
    values[::7, 2] = np.nan
    ours = np.array([scorer(trained, 4)(row) for row in values.tolist()])
    np.testing.assert_allclose(ours, booster.predict(xgboost.DMatrix(values)), rtol=2e-5, atol=2e-6)


def test_a_value_at_the_threshold_goes_where_xgboost_s_single_precision_puts_it(trained: str) -> None:
    booster = xgboost.Booster(model_file=bytearray(trained.encode()))
    tree = json.loads(trained)["learner"]["gradient_booster"]["model"]["trees"][0]
    feature, threshold = tree["split_indices"][0], tree["split_conditions"][0]
    rows = np.zeros((3, 4))
    rows[:, feature] = [threshold, np.nextafter(np.float32(threshold), np.float32(-9)), np.nextafter(threshold, -9.0)]
    ours = [scorer(trained, 4)(row) for row in rows.tolist()]
    np.testing.assert_allclose(ours, booster.predict(xgboost.DMatrix(rows)), rtol=2e-5, atol=2e-6)


def test_a_tree_is_walked_and_leaves_are_added_to_the_start() -> None:
    score = scorer(text(stump(), stump(split_conditions=[0.0, 8.0, 16.0], default_left=[0, 0, 0])), 2)
    assert [score([0.0, x]) for x in (-1.0, 0.25, 0.5, math.nan)] == [7.25, 15.25, 18.25, 15.25]


def test_a_logistic_model_begins_at_the_log_odds_of_its_start() -> None:
    score = scorer(text(stump(), objective="binary:logistic"), 2)
    assert score([0.0, 1.0]) == 1 / (1 + math.exp(-(math.log(0.25 / 0.75) + 2.0)))
    assert scorer(text(stump(split_conditions=[0.5, -1e4, 1.0]), objective="binary:logistic"), 2)([0.0, 0.0]) == 0.0


def test_a_number_too_large_for_single_precision_is_beyond_every_threshold() -> None:
    score = scorer(text(stump()), 2)
    assert [score([0.0, 1e300]), score([0.0, -1e300])] == [2.25, -0.75]


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("not json", "expected XGBoost's JSON, got something else"),
        ('{"learner": {}}', "expected XGBoost's JSON, got something else"),
        (text(stump(), width="3"), "expected trees over the 2 features of feature_names, got trees over 3"),
        (text(stump(), objective="rank:ndcg"), "expected an objective among .*, got rank:ndcg"),
        (text(stump(), base="[many]"), "expected XGBoost's JSON, got something else"),
        (text(stump(), base="[1E0]", objective="binary:logistic"), "base_score: expected a probability between 0 and 1"),
        (text(stump(left_children=[0, -1, -1])), "node 0: expected children after their parent"),
        (text(stump(right_children=[9, -1, -1])), "node 0: expected children after their parent"),
        (text(stump(split_indices=[2, 0, 0])), "a known feature, got 1, 2, 2"),
        (text(stump(default_left=[1])), "expected one value per node in each list, got lists of 1, 3"),
        (text({key: [] for key in stump()}), "expected one value per node in each list, got lists of 0"),
    ],
)
def test_what_is_no_such_model_is_refused(broken: str, sentence: str) -> None:
    with pytest.raises(PredictorError, match=sentence):
        scorer(broken, 2)


@pytest.mark.parametrize("row", [[1.0], [1.0, 2.0, 3.0], [1.0, "two"], [1.0, None]])
def test_what_is_no_row_is_refused(row: list[Any]) -> None:
    with pytest.raises(PredictorError, match="expected 2 numbers, got"):
        scorer(text(stump()), 2)(row)
