"""What a meta-label model is asked, and what its answer counts for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from bot_core.decision.meta_label import PREDICTION, SIDE, MetaLabelInference
from bot_core.decision.ports import Inference, ModelScore
from bot_core.decision.thresholds import CODES, Finding
from bot_core.errors import PredictorError
from bot_core.metalabel import events
from tests.unit.decision.conftest import Raising, Told

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("side", "primary_prediction", "momentum")
FEATURES = {"momentum": 0.25, "volume_ratio": 1.0}


def meta(model: Told, **bound: object) -> MetaLabelInference:
    model.feature_names = NAMES  # type: ignore[assignment]  # another model's
    return MetaLabelInference(model, **{"pivot": 2.0, "scale": 4.0, **bound})  # type: ignore[arg-type]


def asked(
    prediction: float | None, model: Told | None = None, *, features: Mapping[str, object] = FEATURES, **bound: object
) -> tuple[float | Finding, list[dict[str, float]]]:
    """Return the answer to a prediction, and what the model was asked."""
    told = Told(probability=0.75) if model is None else model
    return meta(told, **bound).probability(features, ModelScore(9.0, 0.5, prediction)), told.asked


def test_it_reads_the_primarys_features_its_side_and_its_scaled_prediction_by_name() -> None:
    found, questions = asked(3.0)
    assert found == 0.75
    assert questions == [{"side": 1.0, "primary_prediction": 0.25, "momentum": 0.25}]
    assert [*questions[0]] == [*NAMES]


def test_below_the_pivot_it_is_asked_about_the_other_side_and_that_answer_never_counts() -> None:
    found, questions = asked(1.0)
    assert found == Finding("meta_label_against", "primary_prediction", 1.0, 2.0)
    assert questions == [{"side": -1.0, "primary_prediction": -0.25, "momentum": 0.25}]


def test_a_model_that_knows_no_short_trades_is_not_asked_about_them() -> None:
    assert asked(1.0, knows_short=False) == (Finding("meta_label_against", "primary_prediction", 1.0, 2.0), [])
    assert asked(3.0, knows_short=False)[0] == 0.75


@pytest.mark.parametrize("prediction", [2.0, math.nan, math.inf, -math.inf])
def test_at_the_pivot_and_of_no_number_there_is_no_side(prediction: float) -> None:
    found, questions = asked(prediction)
    assert isinstance(found, Finding)
    assert (found.code, found.value, questions) == ("meta_label_against", 2.0 if prediction == 2.0 else None, [])


def test_a_score_that_no_model_predicted_is_not_judged() -> None:
    assert asked(None) == (Finding("meta_label_unasked", "primary_prediction"), [])


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "0.25", True, 10**400])
def test_a_feature_that_is_no_finite_number_is_not_asked_with(value: object) -> None:
    assert asked(3.0, features={"momentum": value}) == (Finding("meta_label_unfit", "momentum"), [])


def test_a_feature_that_the_primary_does_not_have_is_not_asked_with() -> None:
    assert asked(3.0, features={"volume_ratio": 1.0}) == (Finding("meta_label_unfit", "momentum"), [])


def test_a_prediction_beyond_a_float_is_not_asked_with() -> None:
    assert asked(1.7e308, pivot=-1.7e308)[0] == Finding("meta_label_unfit", "primary_prediction")


def test_a_feature_named_like_its_own_two_never_takes_their_place() -> None:
    _, questions = asked(3.0, features={**FEATURES, "side": -1.0, "primary_prediction": 99.0})
    assert (questions[0]["side"], questions[0]["primary_prediction"]) == (1.0, 0.25)


@pytest.mark.parametrize("ready", [False, None, 1])
def test_one_that_is_not_ready_is_not_asked(ready: object) -> None:
    assert asked(3.0, Told(ready=ready)) == (Finding("meta_label_not_ready", "is_ready"), [])


@pytest.mark.parametrize("probability", [math.nan, math.inf, -0.01, 1.01])
def test_an_answer_that_is_no_probability_is_none(probability: float) -> None:
    assert asked(3.0, Told(probability=probability))[0] == Finding("meta_label_invalid", "meta_label_probability")


@pytest.mark.parametrize("error", [ValueError("x"), PredictorError("x"), ZeroDivisionError(), KeyError("x")])
@pytest.mark.parametrize("prediction", [1.0, 3.0])
def test_a_model_that_fails_is_told_by_its_error_on_either_side(error: Exception, prediction: float) -> None:
    assert asked(prediction, Raising(error))[0] == Finding("meta_label_failed", type(error).__name__)


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(KeyboardInterrupt):
        asked(3.0, Raising(KeyboardInterrupt()))  # type: ignore[arg-type]  # on purpose no Exception


def test_what_it_asks_is_any_inference_and_every_code_is_explained() -> None:
    assert isinstance(Told(), Inference)
    codes = {"missing", "not_ready", "unfit", "failed", "invalid", "unasked", "against", "below_minimum"}
    assert {f"meta_label_{code}" for code in codes} <= CODES.keys()
    assert all(CODES[f"meta_label_{code}"][0] in {"veto", "escalate"} for code in codes)


def test_its_own_two_features_are_the_columns_that_it_was_trained_on() -> None:
    assert (SIDE, PREDICTION) == (events.SIDE, events.PRIMARY_PREDICTION)
