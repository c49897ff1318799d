"""One suite over all model families."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from bot_core.ai import families
from bot_core.ai.fitted import Examples
from bot_core.config.models import Ensemble, LightGBM, Linear, Network, XGBoost
from bot_core.documents.artifact import ModelState, TreeState
from bot_core.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot_core.config.models import ModelConfig
    from bot_core.features.dataset import FeatureDataset

ALL = [
    LightGBM(objective="l2", rounds=60),
    LightGBM(objective="l1", rounds=60),
    LightGBM(objective="huber", rounds=60),
    LightGBM(objective="binary", rounds=60),
    LightGBM(objective="binary", boosting="rf", bagging_fraction=0.6, bagging_freq=1, rounds=60),
    LightGBM(objective="l2", boosting="rf", bagging_fraction=0.6, bagging_freq=1, rounds=60),
    LightGBM(objective="binary", balanced=True, rounds=60),
    XGBoost(objective="l2", rounds=60),
    XGBoost(objective="l1", rounds=60, subsample=0.8),
    XGBoost(objective="binary", rounds=60, balanced=True),
    Linear(objective="l2"),
    Linear(objective="binary"),
    Network(objective="binary", units=16, rounds=30),
    Ensemble(aggregation="mean", members={"trees": LightGBM(objective="l1", rounds=60), "ridge": Linear(objective="l2")}),
    Ensemble(
        aggregation="weighted",
        members={"trees": LightGBM(objective="binary", rounds=60), "line": Linear(objective="binary")},
        weights={"trees": 2.0, "line": 1.0},
    ),
    Ensemble(
        aggregation="mean",
        members={
            "forest": LightGBM(objective="binary", boosting="rf", bagging_fraction=0.6, bagging_freq=1, rounds=60),
            "extreme": XGBoost(objective="binary", rounds=60),
        },
    ),
]
SINGLE = [config for config in ALL if not isinstance(config, Ensemble)]
each_family = pytest.mark.parametrize("config", ALL, ids=lambda c: f"{type(c).__name__}-{c.objective}")


def _examples(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> tuple[Examples, Examples]:
    rows = dataset(1200, signal=2.0, binary=config.objective == "binary").labelled()
    return Examples(rows.values[:800], rows.targets[:800]), Examples(rows.values[800:], rows.targets[800:])


def _weighted(examples: Examples, weights: NDArray[np.float64]) -> Examples:
    return Examples(examples.values, examples.targets, weights)


@each_family
def test_it_learns_a_plain_signal(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> None:
    train, judge = _examples(dataset, config)
    fitted = families.fit(config, train, judge)
    assert np.corrcoef(fitted.predict(judge.values), judge.targets)[0, 1] > 0.6
    assert fitted.importance.argmax() == 0
    assert fitted.importance.sum() == pytest.approx(1.0)


@each_family
def test_the_same_rows_give_the_same_bytes(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> None:
    one, two = (families.fit(config, *_examples(dataset, config)) for _ in range(2))
    assert msgspec.json.encode(one.state) == msgspec.json.encode(two.state)


@each_family
def test_what_is_stored_predicts_to_the_last_bit(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> None:
    train, judge = _examples(dataset, config)
    fitted = families.fit(config, train, judge)
    stored = msgspec.json.decode(msgspec.json.encode(fitted.state), type=ModelState)
    again = families.predictor(stored)
    np.testing.assert_array_equal(again(judge.values), fitted.predict(judge.values))
    np.testing.assert_array_equal(
        np.concatenate([again(row[None, :]) for row in judge.values[:50]]), fitted.predict(judge.values)[:50]
    )


@each_family
def test_probabilities_lie_between_zero_and_one(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> None:
    train, judge = _examples(dataset, config)
    predictions = families.fit(config, train, judge).predict(judge.values)
    assert (config.objective == "binary") == bool(((predictions > 0) & (predictions < 1)).all())


def test_early_stopping_stops_on_noise(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1200, signal=0.0).labelled()
    config = LightGBM(objective="l2", rounds=500, early_stopping_rounds=10)
    fitted = families.fit(config, Examples(rows.values[:800], rows.targets[:800]), Examples(rows.values[800:], rows.targets[800:]))
    assert fitted.rounds < 60


@pytest.mark.parametrize("config", SINGLE, ids=lambda c: f"{type(c).__name__}-{c.objective}")
def test_rows_weigh_what_they_are_given(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> None:
    train, judge = _examples(dataset, config)
    plain = families.fit(config, train, judge)
    even = families.fit(config, _weighted(train, np.ones(800)), judge)
    tilted = families.fit(config, _weighted(train, np.where(train.values[:, 1] > 0, 3.0, 0.3)), judge)
    assert np.corrcoef(even.predict(judge.values), plain.predict(judge.values))[0, 1] > 0.999
    assert np.abs(tilted.predict(judge.values) - plain.predict(judge.values)).max() > 1e-3


@pytest.mark.parametrize("config", SINGLE, ids=lambda c: f"{type(c).__name__}-{c.objective}")
def test_weights_follow_their_rows_into_parts(dataset: Callable[..., FeatureDataset], config: ModelConfig) -> None:
    rows = dataset(1200, signal=2.0, binary=config.objective == "binary").labelled()
    weights = np.linspace(0.2, 1.0, len(rows))
    table, train, judge = Examples(rows.values, rows.targets, weights), np.arange(100, 700), np.arange(700, 1000)
    parts = families.fitter(config, table, train)(train, judge)
    alone = families.fit(config, table.rows(train), table.rows(judge))
    np.testing.assert_allclose(parts.predict(rows.values), alone.predict(rows.values), rtol=1e-9)


def test_a_forest_keeps_every_tree(dataset: Callable[..., FeatureDataset]) -> None:
    train, judge = _examples(dataset, LightGBM(objective="binary"))
    forest = LightGBM(objective="binary", boosting="rf", bagging_fraction=0.5, bagging_freq=1, rounds=70)
    fitted = families.fit(forest, train, judge)
    assert fitted.rounds == 70
    assert isinstance(fitted.state, TreeState)
    assert "average_output" in fitted.state.text


def test_a_rare_class_weighs_as_much_when_balanced(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1200, signal=1.0).labelled()
    rare = (rows.targets > 15).astype(np.float64)
    for config in (LightGBM(objective="binary", rounds=60), XGBoost(objective="binary", rounds=60)):
        train, judge = Examples(rows.values[:800], rare[:800]), Examples(rows.values[800:], rare[800:])
        plain, balanced = (families.fit(msgspec.structs.replace(config, balanced=b), train, judge) for b in (False, True))
        assert plain.predict(judge.values).mean() < 0.2
        assert balanced.predict(judge.values).mean() > plain.predict(judge.values).mean() + 0.1


def test_text_that_is_no_model_is_refused() -> None:
    with pytest.raises(DocumentError, match="expected LightGBM's text format"):
        families.predictor(TreeState(text="not a model"))
