"""A table becomes a trained model, and only a release becomes a model that can be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from bot_core import ai
from bot_core._digest import sha256_file
from bot_core._parse import encode_json, read_json
from bot_core.ai import data_monitoring
from bot_core.ai.manager import AIManager
from bot_core.ai.pipeline import (
    _extract_learning_set,
    _split_training_frame,
    register_model_artifact,
    score_with_data_monitoring,
    train_gradient_boosting_model,
)
from bot_core.ai.training import Origin, train_model
from bot_core.config.models import ColumnFeatures, ForwardReturn, LightGBM, Linear, PipelineConfig, Split, ValidationConfig
from bot_core.decision.limits import declared, engine_config
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.documents.artifact import TrainedModel
from bot_core.errors import ConfigError, DatasetError, DocumentError, InputError, PredictorError, ReleaseError
from bot_core.features.dataset import FeatureDataset
from bot_core.governance import layout
from bot_core.governance.reasons import Refused
from tests.compact import built
from tests.runtime_world import MODEL
from tests.unit.ai.conftest import make_dataset
from tests.unit.runtime.machine import YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes

LIMITS: dict[str, int | str] = {"max_cost_bps": 20, "min_net_edge_bps": 1, "max_daily_loss_pct": "0.05", "max_drawdown_pct": "0.2"}
LIMITS |= {"max_position_ratio": "0.8", "max_open_positions": 8}
FEATURES = {"momentum": 0.0, "volume_ratio": 1.0}


@pytest.fixture(scope="module")
def config(pipeline_config: PipelineConfig) -> PipelineConfig:
    """The project's own configuration over the made dataset's features, with a quick model."""
    return structs.replace(
        pipeline_config,
        features=ColumnFeatures(columns=["a", "b", "c", "d"]),
        target=ForwardReturn(horizon=1),
        model=LightGBM(objective="l2", rounds=10, min_data_in_leaf=5),
        validation=ValidationConfig(embargo="3h", round_trip_cost_bps=1.0, split=Split()),
    )


def table(dataset: FeatureDataset) -> pd.DataFrame:
    """Return the table that `FeatureDataset.write` writes."""
    plain = {"time": dataset.times, "label_end": dataset.label_ends, "target": dataset.targets, "payoff": dataset.payoffs}
    return pd.DataFrame(plain | {name: dataset.values[:, i] for i, name in enumerate(dataset.feature_names)})  # noqa: PD011  # a dataset's


def train(rows: pd.DataFrame | FeatureDataset, config: PipelineConfig) -> TrainedModel:
    return train_gradient_boosting_model(rows, config, model="example")


# --- training ---


def test_a_table_a_dataset_and_a_file_give_the_bytes_that_the_train_stage_gives(tmp_path: Path, config: PipelineConfig) -> None:
    dataset = make_dataset(400)
    dataset.write(tmp_path / "features.parquet")
    digest = sha256_file(tmp_path / "features.parquet")
    stage = encode_json(train_model(dataset, config, Origin("example", config.data.instrument, digest, digest)))
    assert encode_json(train(dataset, config)) == stage
    assert encode_json(train(table(dataset), config)) == stage
    assert encode_json(train(FeatureDataset.read(tmp_path / "features.parquet"), config)) == stage
    train_gradient_boosting_model(dataset, config, model="example", output=tmp_path / "build/example/model.json")
    assert (tmp_path / "build/example/model.json").read_bytes() == stage


def test_the_model_says_all_that_the_founding_document_asks(config: PipelineConfig) -> None:
    trained = train(make_dataset(600), config)
    summary = trained.metrics.summary
    assert summary == trained.metrics.test != trained.metrics.train
    assert all(np.isfinite([summary.mae, summary.rmse, summary.directional_accuracy]))
    assert trained.calibration.fitted_rows == trained.validation_rows
    assert trained.metadata.train.last < trained.metadata.validation.first < trained.metadata.test.first
    monitor, told = trained.drift_monitor, config.monitoring.drift
    assert monitor is not None
    assert structs.asdict(monitor) == structs.asdict(told)
    assert (monitor.window, monitor.false_alarm_rate) == (250, 0.01)


def test_clean_bars_are_made_into_features_first(pipeline_config: PipelineConfig) -> None:
    draw = np.random.default_rng(5)
    close = 1.1 * np.exp(np.cumsum(draw.normal(0, 1e-3, 700)))
    times = np.datetime64("2024-01-01T00:00:00", "us") + np.arange(700) * np.timedelta64(3600, "s")
    bars = pd.DataFrame({"time": times, "open": close, "high": close * 1.001, "low": close * 0.999, "close": close})
    bars["volume"] = draw.uniform(1, 2, 700)
    quick = structs.replace(pipeline_config, model=LightGBM(objective="l2", rounds=5))
    assert train(bars, quick).feature_names == [feature.name for feature in pipeline_config.features.features]  # type: ignore[union-attr]
    with pytest.raises(InputError, match="bars: time: expected rows in order of time"):
        train(bars.sample(frac=1.0, random_state=1), quick)


def test_another_family_is_refused_with_the_command(config: PipelineConfig) -> None:
    with pytest.raises(ConfigError, match=r"model\.family: expected lightgbm, got linear") as caught:
        train(make_dataset(400), structs.replace(config, model=Linear(objective="l2")))
    assert caught.value.hint == "bot-core repro MODEL trains a model of any family"


# --- time is never shuffled, and nothing leaks ---


@settings(max_examples=30, deadline=None)
@given(swaps=st.lists(st.tuples(st.integers(0, 299), st.integers(0, 299)), min_size=1, max_size=20), is_table=st.booleans())
def test_shuffled_rows_are_refused(config: PipelineConfig, swaps: list[tuple[int, int]], *, is_table: bool) -> None:
    order = np.arange(300)
    for one, other in swaps:
        order[[one, other]] = order[[other, one]]
    assume((order != np.arange(300)).any())
    rows = make_dataset(300).rows(order)
    with pytest.raises(InputError, match=r"expected .*in order of time"):
        train(table(rows) if is_table else rows, config)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(500, 900), horizon=st.integers(1, 12), embargo=st.integers(0, 24))
def test_the_split_is_by_time_and_purged_by_the_ends_of_labels(config: PipelineConfig, n: int, horizon: int, embargo: int) -> None:
    changed = structs.replace(config, validation=structs.replace(config.validation, embargo=f"{embargo}h"))
    dataset = make_dataset(n, horizon=horizon)
    parts = _split_training_frame(_extract_learning_set(table(dataset), changed), changed)
    hours = np.timedelta64(embargo, "h")
    assert (parts.train.label_ends < parts.validation.times[0] - hours).all()
    assert (parts.validation.label_ends < parts.test.times[0] - hours).all()
    assert len(parts.train) + len(parts.validation) + len(parts.test) + parts.purged == n - horizon
    for part in (parts.train, parts.validation, parts.test):
        assert (np.diff(part.times) > np.timedelta64(0, "s")).all()


def test_the_artifact_s_split_is_the_split(config: PipelineConfig) -> None:
    dataset = make_dataset(500, horizon=6)
    parts, trained = _split_training_frame(dataset, config), train(dataset, config)
    rows = (trained.training_rows, trained.validation_rows, trained.test_rows, trained.metadata.purged_rows)
    assert rows == (len(parts.train), len(parts.validation), len(parts.test), parts.purged)
    assert trained.metadata.embargo == "3h"


@given(st.floats(1e-3, 1e3), st.floats(-100, 100), st.sampled_from("abcd"))
@settings(max_examples=10, deadline=None)
def test_a_column_that_holds_the_target_is_refused(config: PipelineConfig, scale: float, shift: float, name: str) -> None:
    dataset = make_dataset(300)
    values = dataset.values.copy()  # noqa: PD011  # a dataset's
    values[:, "abcd".index(name)] = scale * np.nan_to_num(dataset.targets) + shift
    with pytest.raises(DatasetError, match=f"features: {name}: expected no feature to know the target by itself"):
        train(replace(dataset, values=values), config)


@pytest.mark.parametrize("name", ["realised_return", "event_end"])
def test_a_column_that_nobody_declared_never_becomes_a_feature(config: PipelineConfig, name: str) -> None:
    with pytest.raises(InputError, match=f"features: expected a, b, c, d; got {name} too"):
        train(table(make_dataset(300)).assign(**{name: 1.0}), config)
    dataset = make_dataset(300)
    with pytest.raises(InputError, match=f"got {name} too"):
        train(replace(dataset, feature_names=("a", "b", "c", name)), config)


def test_what_is_declared_must_be_there(config: PipelineConfig) -> None:
    with pytest.raises(ConfigError, match="features: expected a, b, c, d; got no c"):
        train(table(make_dataset(300)).drop(columns="c"), config)


def test_a_table_s_columns_may_stand_in_any_order(config: PipelineConfig) -> None:
    frame = table(make_dataset(300))
    assert encode_json(train(frame[frame.columns[::-1]], config)) == encode_json(train(frame, config))


def test_a_dataset_in_another_order_of_columns_is_read_in_the_declared_one(config: PipelineConfig) -> None:
    dataset = make_dataset(300)
    turned = replace(dataset, feature_names=("d", "c", "b", "a"), values=dataset.values[:, ::-1])  # noqa: PD011  # a dataset's
    assert encode_json(train(turned, config)) == encode_json(train(dataset, config))


def test_a_label_that_ends_before_its_row_is_refused(config: PipelineConfig) -> None:
    dataset = make_dataset(300)
    ends = dataset.label_ends.copy()
    ends[7] = dataset.times[7] - np.timedelta64(1, "s")
    with pytest.raises(InputError, match="expected labels that end after their row's time"):
        train(replace(dataset, label_ends=ends), config)


# --- registering ---


@pytest.fixture
def desk(runtime: Runtimes, monkeypatch: pytest.MonkeyPatch) -> RuntimeWorld:
    desk = runtime(followed=True)
    monkeypatch.chdir(desk.path)
    return desk


def orchestrator() -> DecisionOrchestrator:
    return DecisionOrchestrator(engine_config({**declared(LIMITS), "min_probability": 0.4}))


def test_a_release_is_registered_ready_and_the_orchestrator_asks_it(desk: RuntimeWorld) -> None:
    judge, manager = orchestrator(), AIManager()
    path = layout.artifact(MODEL, desk.version)
    found = register_model_artifact(manager, "main", path, orchestrator=judge, set_default=True)
    assert found.is_ready
    assert judge.score_features(FEATURES).score == found.score(FEATURES) == manager.score_decision_features(FEATURES)
    assert found.artifact is not None
    assert found.artifact.metrics.summary.mae > 0
    assert desk.journal()[-1]["event_type"] == "ai_model_activated"


def test_registering_again_takes_the_place(desk: RuntimeWorld) -> None:
    first = min(path.name.split(".")[0] for path in desk.path.glob(f"models/{MODEL}/*.release.yaml"))
    judge, manager = orchestrator(), AIManager()
    for version in (desk.version, first):
        found = register_model_artifact(manager, "main", layout.artifact(MODEL, version), orchestrator=judge, set_default=True)
        assert judge.score_features(FEATURES).score == found.score(FEATURES)
    assert found.record is not None
    assert found.record.version == first


def test_a_trained_model_that_nobody_released_is_refused_with_the_next_command(desk: RuntimeWorld) -> None:
    trained = built(MODEL, 7).trained
    path = desk.path / "build" / MODEL / "model.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_json(trained))
    assert read_json(path, TrainedModel) == trained
    before, judge = len(desk.journal()), orchestrator()
    for unreleased in (trained, path, str(path)):
        with pytest.raises(ReleaseError, match=f"{MODEL}: expected a released artifact, got a trained model") as caught:
            register_model_artifact(AIManager(), "new", unreleased, orchestrator=judge)
        assert caught.value.hint == f"bot-core release {MODEL}, then bot-core promote {MODEL} VERSION --env paper"
    assert len(desk.journal()) == before
    assert judge.score_features(FEATURES, model_name="new").score is None


def test_what_the_gate_refuses_is_refused_with_its_code(desk: RuntimeWorld) -> None:
    version, judge = desk.compact(99), orchestrator()
    desk.push()
    desk.reconcile()
    with pytest.raises(Refused) as caught:
        register_model_artifact(AIManager(), "new", layout.artifact(MODEL, version), orchestrator=judge, set_default=True)
    assert caught.value.code == "STAGE-ORDER"
    assert judge.score_features(FEATURES).score is None


def test_a_model_that_is_not_ready_is_not_attached(desk: RuntimeWorld) -> None:
    late, judge = AIManager(clock=lambda: desk.now + YEAR), orchestrator()
    with pytest.raises((PredictorError, Refused)):
        register_model_artifact(late, "old", layout.artifact(MODEL, desk.version), orchestrator=judge)
    assert judge.score_features(FEATURES, model_name="old").score is None


def test_a_file_that_is_not_there_is_an_error(desk: RuntimeWorld) -> None:
    assert desk.version
    with pytest.raises(DocumentError):
        register_model_artifact(AIManager(), "x", "models/nothing.json")


# --- the founding names ---


def test_the_founding_import_paths_hold() -> None:
    assert score_with_data_monitoring is data_monitoring.score_with_data_monitoring
    wanted = {"AIManager", "DataQualityCheck", "PipelineExecutionRecord", "diff_ensemble_snapshots", "score_with_data_monitoring"}
    assert wanted <= set(ai.__all__)
    assert not hasattr(ai, "train_gradient_boosting_model")
