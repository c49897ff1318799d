from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bot_core._parse import encode_json
from bot_core.ai import families
from bot_core.ai.training import Origin, train_model
from bot_core.config.models import ForwardReturn, LightGBM, Linear, PipelineConfig, Split, ValidationConfig
from bot_core.documents.artifact import TrainedModel
from bot_core.errors import DatasetError
from bot_core.features.dataset import FeatureDataset

ORIGIN = Origin("m", "i", "sha256:" + "0" * 64, "sha256:" + "1" * 64)


@pytest.fixture
def config(pipeline_config: PipelineConfig) -> PipelineConfig:
    """The project's own decision engine with a quicker model."""
    return replace_config(pipeline_config, LightGBM(objective="l2", rounds=60, learning_rate=0.1))


def replace_config(config: PipelineConfig, model: LightGBM | Linear) -> PipelineConfig:
    """Exchange the model."""
    validation = ValidationConfig(embargo="3h", round_trip_cost_bps=1.0, split=Split())
    return PipelineConfig(
        data=config.data,
        features=config.features,
        target=ForwardReturn(horizon=1),
        model=model,
        validation=validation,
        monitoring=config.monitoring,
    )


def _train(rows: FeatureDataset, config: PipelineConfig) -> TrainedModel:
    return train_model(rows, config, ORIGIN)


def test_the_same_rows_give_the_same_bytes(dataset: Callable[..., FeatureDataset], config: PipelineConfig) -> None:
    assert encode_json(_train(dataset(1000), config)) == encode_json(_train(dataset(1000), config))


def test_the_summary_is_out_of_sample_and_all_parts_have_figures(
    dataset: Callable[..., FeatureDataset], config: PipelineConfig
) -> None:
    trained = _train(dataset(1500), config)
    assert trained.metrics.summary == trained.metrics.test
    assert trained.metrics.train.mae < trained.metrics.test.mae
    assert {p.rows for p in (trained.metrics.train, trained.metrics.validation, trained.metrics.test)} == {
        trained.training_rows,
        trained.validation_rows,
        trained.test_rows,
    }
    assert trained.metrics.test.expected_pnl_bps is not None


def test_scalers_and_bounds_come_from_the_training_rows_only(
    dataset: Callable[..., FeatureDataset], config: PipelineConfig
) -> None:
    rows = dataset(1000)
    values = rows.values.copy()
    values[900:] += 1000.0
    before, after = _train(rows, config), _train(replace(rows, values=values), config)
    assert before.feature_scalers == after.feature_scalers
    assert before.feature_bounds == after.feature_bounds
    assert before.drift_baseline == after.drift_baseline
    assert before.target_scale == after.target_scale


@pytest.mark.parametrize("model", [LightGBM(objective="l2", rounds=40), Linear(objective="l2")])
def test_golden_vectors_replay_to_the_last_bit(
    dataset: Callable[..., FeatureDataset], config: PipelineConfig, model: LightGBM | Linear
) -> None:
    trained = _train(dataset(800), replace_config(config, model))
    values = np.array([g.features for g in trained.golden])
    predictions = families.predictor(trained.model_state)(values)
    assert predictions.tolist() == [g.prediction for g in trained.golden]
    assert len(trained.golden) == 16
    assert all(0.0 < g.probability < 1.0 for g in trained.golden)


def test_the_newest_rows_without_a_label_teach_nothing(dataset: Callable[..., FeatureDataset], config: PipelineConfig) -> None:
    rows = dataset(1000, horizon=20)
    values = rows.values.copy()
    values[-20:] = 1e9
    assert encode_json(_train(rows, config)) == encode_json(_train(replace(rows, values=values), config))


def test_a_feature_that_knows_the_answer_is_refused(dataset: Callable[..., FeatureDataset], config: PipelineConfig) -> None:
    rows = dataset(1000)
    values = rows.values.copy()
    values[:, 1] = np.nan_to_num(rows.targets)
    with pytest.raises(DatasetError, match=r"features: b: expected no feature to know the target"):
        _train(replace(rows, values=values), config)


def test_too_few_rows_are_refused(dataset: Callable[..., FeatureDataset], config: PipelineConfig) -> None:
    with pytest.raises(DatasetError, match=r"train, validation and test: expected at least 30 rows each"):
        _train(dataset(60), config)
