from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.ai.inference import DecisionModelInference
from bot_core.config.routing import RoutingConfig, Stump
from bot_core.documents.runtime import Servable
from bot_core.errors import PredictorError
from bot_core.routing.signals import ForestRule, ModelSignal
from tests.compact import write_compact

if TYPE_CHECKING:
    from pathlib import Path

STUMPS = [Stump(feature="a", split=1.0, above=1, below=-1), Stump(feature="b", split=0.0, above=-1, below=0)]


@pytest.mark.parametrize(
    ("features", "value", "reasons"),
    [
        ({"a": 2.0, "b": 0.0}, 0.5, ("a above 1: +1",)),
        ({"a": 1.0, "b": 3.0}, -1.0, ("a not above 1: -1", "b above 0: -1")),
        ({"a": 2.0, "b": 1.0}, 0.0, ("a above 1: +1", "b above 0: -1")),
        ({"a": 2.0, "b": math.nan}, 1.0, ("a above 1: +1",)),
        ({"a": math.inf}, 0.0, ()),
        ({}, 0.0, ()),
    ],
)
def test_the_forest_answers_by_the_mean_of_the_votes_that_can_be_cast(
    features: dict[str, float], value: float, reasons: tuple[str, ...]
) -> None:
    found = ForestRule(STUMPS)(features)
    assert (found.value, found.reasons, found.source) == (value, reasons, "signal:rf_rule")


def test_the_default_forest_buys_what_rises_and_sells_what_is_overbought() -> None:
    forest = ForestRule(RoutingConfig().forest)
    rising = {"momentum_6": 1.0, "momentum": 1.0, "momentum_120": 1.0, "rsi_14": 60.0}
    assert forest(rising).side == "buy"
    assert forest({**rising, "rsi_14": 80.0}).value < forest(rising).value
    assert forest({name: -value for name, value in rising.items()} | {"rsi_14": 50.0}).side == "sell"


def inference(folder: Path, **changes: str) -> DecisionModelInference:
    version = write_compact(folder, "decision_engine", dt.datetime.now(dt.UTC).replace(microsecond=0))
    data = (folder / f"models/decision_engine/{version}.json").read_bytes()
    digest = changes.get("artifact", sha256(data))
    record = Servable(
        model="decision_engine", version=version, artifact=digest, rollout=100, commit="0" * 40, release=digest, domain=digest
    )
    return DecisionModelInference(data, record)


def test_a_model_s_probability_is_its_signal(tmp_path: Path) -> None:
    model = inference(tmp_path)
    route, features = ModelSignal("decision_engine", model), dict.fromkeys(model.feature_names, 0.5)
    score, found = model.score(features), route(features)
    assert found.probability == pytest.approx(score.success_probability)
    assert (found.expected_return_bps, found.source) == (score.expected_return_bps, "signal:decision_engine")
    assert model.record is not None
    assert route.version == model.record.version


def test_a_model_that_is_not_ready_answers_nothing(tmp_path: Path) -> None:
    with pytest.raises(PredictorError, match="expected the approved bytes"):
        ModelSignal("decision_engine", inference(tmp_path, artifact="sha256:" + "0" * 64))({})


def test_a_missing_feature_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(PredictorError, match="features: expected"):
        ModelSignal("decision_engine", inference(tmp_path))({})
