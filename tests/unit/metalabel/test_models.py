from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.config.families import LightGBM, Linear, XGBoost
from bot_core.metalabel.models import NAMES, model_config

if TYPE_CHECKING:
    from bot_core.documents.meta_label import Model


@pytest.mark.parametrize("name", NAMES)
def test_each_predicts_a_probability_and_balances_nothing_twice(name: Model) -> None:
    found = model_config(name, 42)
    assert found.objective == "binary"
    assert getattr(found, "seed", 42) == 42
    assert not getattr(found, "balanced", False)


def test_the_names_are_the_families_they_say() -> None:
    forest = model_config("rf", 1)
    assert isinstance(forest, LightGBM)
    assert (forest.boosting, forest.rounds) == ("rf", 300)
    assert isinstance(model_config("gbm", 1), LightGBM)
    assert isinstance(model_config("xgb", 1), XGBoost)
    assert isinstance(model_config("logistic", 1), Linear)
