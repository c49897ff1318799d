from __future__ import annotations

import pytest

from bot_core._parse import convert
from bot_core.config import families, models
from bot_core.config.models import Ensemble, LightGBM, ModelConfig
from bot_core.errors import ConfigError

TREES = {"family": "lightgbm", "objective": "l1"}
RIDGE = {"family": "linear", "objective": "l2"}
LOGISTIC = {"family": "linear", "objective": "binary"}


def read(**changes: object) -> Ensemble:
    plain = {"family": "ensemble", "aggregation": "mean", "members": {"trees": TREES, "ridge": RIDGE}, **changes}
    kind: type[Ensemble] = ModelConfig  # type: ignore[assignment]  # msgspec knows unions
    return convert(plain, kind, "conf", error=ConfigError)


def test_the_families_are_imported_from_models() -> None:
    groups = [name for name, kind in vars(families).items() if isinstance(kind, type) and kind.__module__ == families.__name__]
    assert set(groups) == {"LightGBM", "XGBoost", "Linear", "Network", "Ensemble"}
    assert all(getattr(models, name) is getattr(families, name) for name in (*groups, "Aggregation", "MemberConfig", "ModelConfig"))


def test_an_ensemble_says_what_its_members_minimise() -> None:
    assert read().objective == "l1, l2"
    assert read(members={"a": LOGISTIC, "b": {**LOGISTIC, "penalty": 2.0}}).objective == "binary"


def test_a_forest_draws_its_rows_anew() -> None:
    forest = {**TREES, "boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}
    assert read(members={"forest": forest, "trees": TREES}).objective == "l1"


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ({**TREES, "boosting": "rf"}, "expected bagging_fraction < 1 and bagging_freq >= 1 for a forest, got 1, 0"),
        ({**TREES, "boosting": "rf", "bagging_fraction": 0.5}, "for a forest, got 0.5, 0"),
        ({**TREES, "boosting": "rf", "bagging_freq": 1}, "for a forest, got 1, 1"),
        ({**TREES, "balanced": True}, "expected balanced: true with objective: binary alone, got it with l1"),
        ({"family": "xgboost", "objective": "l2", "balanced": True}, "with objective: binary alone, got it with l2"),
        ({"family": "xgboost", "objective": "huber"}, "expected one of l1, l2, binary; got 'huber'"),
    ],
)
def test_what_a_family_cannot_do_is_a_sentence(member: dict[str, object], sentence: str) -> None:
    kind: type[LightGBM] = ModelConfig  # type: ignore[assignment]  # msgspec knows unions
    with pytest.raises(ConfigError, match=sentence):
        convert(member, kind, "conf", error=ConfigError)


@pytest.mark.parametrize("aggregation", ["mean", "median", "weighted", "max", "min"])
def test_each_aggregation_is_known(aggregation: str) -> None:
    weights = {"trees": 3, "ridge": 1} if aggregation == "weighted" else None
    assert read(aggregation=aggregation, weights=weights).aggregation == aggregation


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"aggregation": "mode"}, "aggregation: expected one of mean, median, weighted, max, min; got 'mode'"),
        ({"members": {"trees": TREES}}, "members: expected object of length >= 2, got a mapping"),
        ({"members": {"trees": TREES, "probability": LOGISTIC}}, "expected members that all predict probabilities or all numbers"),
        ({"members": {"one": TREES, "two": TREES}}, "expected members that differ, got one twice among one, two"),
        ({"members": {"Trees": TREES, "ridge": RIDGE}}, "expected str matching regex"),
        ({"weights": {"trees": 1, "ridge": 1}}, "expected weights for aggregation: weighted alone, got some for mean"),
        ({"aggregation": "weighted"}, "expected one weight for each of trees, ridge, got none"),
        ({"aggregation": "weighted", "weights": {"trees": 1}}, "expected one weight for each of trees, ridge, got trees"),
        ({"aggregation": "weighted", "weights": {"trees": 0, "ridge": 0}}, "expected float > 0.0"),
        ({"aggregation": "weighted", "weights": {"trees": 2, "ridge": -1}}, "expected float > 0.0"),
        ({"aggregation": "weighted", "weights": {"trees": 1e308, "ridge": 1e308}}, "expected weights with a finite sum"),
        ({"aggregation": "weighted", "weights": {"trees": float("nan"), "ridge": 1}}, "expected float > 0.0|finite sum"),
        (
            {"members": {"trees": TREES, "inner": {"family": "ensemble"}}},
            "expected one of lightgbm, xgboost, linear, network; got 'ensemble'",
        ),
    ],
)
def test_what_does_not_go_together_is_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read(**changes)
