from __future__ import annotations

import pytest

from bot_core._parse import convert
from bot_core.config import families, models
from bot_core.config.models import Ensemble, ModelConfig
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
    assert set(groups) == {"LightGBM", "Linear", "Ensemble"}
    assert all(getattr(models, name) is getattr(families, name) for name in (*groups, "Aggregation", "MemberConfig", "ModelConfig"))


def test_an_ensemble_says_what_its_members_minimise() -> None:
    assert read().objective == "l1, l2"
    assert read(members={"a": LOGISTIC, "b": {**LOGISTIC, "penalty": 2.0}}).objective == "binary"


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
        ({"members": {"trees": TREES, "inner": {"family": "ensemble"}}}, "expected one of lightgbm, linear; got 'ensemble'"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read(**changes)
