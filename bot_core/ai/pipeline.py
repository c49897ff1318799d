"""The training pipeline as functions: a table becomes a trained model, and a released artifact becomes a model that can be asked.

Both doors are narrow. Rows are divided by time, purged by the end of their labels, and never shuffled: rows out of order are refused, and
so is a column that the configuration does not name, for what is not declared cannot become a feature by chance. A trained model decides
nothing. What is registered is a release, and whether it may decide says the function that judges a pull request.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core._digest import sha256_file
from bot_core._parse import read_bytes, read_json, write_json
from bot_core.ai.data_monitoring import score_with_data_monitoring
from bot_core.ai.task import task_of
from bot_core.ai.training import Division, Origin, divided, train_division
from bot_core.config.models import ColumnFeatures, IndicatorFeatures, LabelColumn, LightGBM
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.reports import schema_of
from bot_core.errors import ConfigError, InputError, PredictorError, ReleaseError
from bot_core.features.dataset import RESERVED, FeatureDataset
from bot_core.features.events import build_event_dataset
from bot_core.features.featurize import featurize

if TYPE_CHECKING:
    from bot_core.ai.inference import DecisionModelInference
    from bot_core.ai.manager import AIManager
    from bot_core.config.models import FeaturesConfig, PipelineConfig
    from bot_core.decision.orchestrator import DecisionOrchestrator

__all__ = ["Division", "Origin", "register_model_artifact", "score_with_data_monitoring", "train_gradient_boosting_model"]


TRAINED = "bot-core/model/v1"


def train_gradient_boosting_model(
    rows: pd.DataFrame | FeatureDataset,
    config: PipelineConfig,
    *,
    model: str,
    origin: Origin | None = None,
    output: Path | str | None = None,
) -> TrainedModel:
    """Train gradient-boosted trees; the same rows and configuration give the same bytes as `dvc repro` gives.

    The model says how good it is out of sample (MAE, RMSE, directional accuracy; `metrics.summary` is the test rows'), how the rows were
    divided, how its predictions are calibrated, and what its drift monitor is told (`drift_monitor`).

    Args:
        rows: a dataset; or the table of one, with `time`, `label_end`, `target`, perhaps `payoff`, and a column per feature; or clean
            bars or events, from which features and target are made.
        config: features, target, model and validation; its model must be of the family lightgbm.
        model: a name.
        origin: the digests of the files that the rows come from; by default both are of the rows themselves.
        output: where the model is written; nowhere by default.

    Raises:
        ConfigError: a model of another family, or features that are not in the rows.
        InputError: rows out of order, columns that nobody declared, values that are not finite.
        DatasetError: too few rows, a target that never varies, a class that never occurs, or a feature that knows the target.
        AuditError: it could not be written.
    """
    if not isinstance(config.model, LightGBM):
        msg = f"model.family: expected lightgbm, got {config.model.__struct_config__.tag}"
        raise ConfigError(msg, hint="bot-core repro MODEL trains a model of any family")
    dataset = _extract_learning_set(rows, config)
    trained = train_division(_split_training_frame(dataset, config), config, origin or _own(dataset, model, config))
    if output is not None:
        write_json(Path(output), trained)
    return trained


def register_model_artifact(
    manager: AIManager,
    name: str,
    artifact: Path | str | TrainedModel,
    *,
    repository_root: Path | str | None = None,
    orchestrator: DecisionOrchestrator | None = None,
    set_default: bool = False,
) -> DecisionModelInference:
    """Give a released artifact a name on the manager's machine, and return it ready to be asked.

    Args:
        manager: the machine's.
        name: what the model is called there.
        artifact: a version, a file's name or a path of a release; a trained model that nobody released is refused.
        repository_root: the folder of the model's releases; see `AIManager.load_decision_artifact`.
        orchestrator: of this process; the model, with the figures it was released with, takes the place of what had the name there.
        set_default: whether it shall decide.

    Raises:
        ReleaseError: it was never released.
        Refused: the environment would not allow it; the code says why.
        PredictorError: it is not ready.
        DocumentError: no such file, or not a whole artifact.
    """
    released = _released(artifact)
    inference = manager.load_decision_artifact(name, released, repository_root=repository_root, set_default=set_default)
    if not inference.is_ready:
        msg = f"{name}: expected a model that is ready, got {inference.problem or 'one too old, or unsigned by now'}"
        raise PredictorError(msg, hint="bot-core status")
    if orchestrator is not None:
        orchestrator.attach_named_inference(name, inference, set_default=set_default)
    return inference


def _extract_learning_set(rows: pd.DataFrame | FeatureDataset, config: PipelineConfig) -> FeatureDataset:
    """Return what can be learned from: the declared features, in their order, with targets and the ends of labels.

    Raises:
        ConfigError: a declared feature that is not there, or is no feature.
        InputError: a column or feature that nobody declared, rows out of order, a label that ends before its row, no finite number.
    """
    if isinstance(rows, pd.DataFrame):
        dataset = _learned_table(rows, config) if "target" in rows.columns else featurize(rows, config.features, config.target)
    else:
        dataset = rows
    names = _names(config.features)
    _require_declared(dataset.feature_names, names)
    _require_time(dataset)
    return dataset if dataset.feature_names == names else _in_order(dataset, names)


def _split_training_frame(dataset: FeatureDataset, config: PipelineConfig) -> Division:
    """Divide the labelled rows into train, validation and test, oldest first; see `divided` for what is raised."""
    return divided(dataset, config.validation)


def _learned_table(frame: pd.DataFrame, config: PipelineConfig) -> FeatureDataset:
    """Read the table that `FeatureDataset.write` writes, checked as a table of events is."""
    names, task = _names(config.features), task_of(config.target)
    _require_declared(tuple(str(name) for name in frame.columns if name not in RESERVED), names)
    events = frame.rename(columns={"target": "label"})
    label = LabelColumn(task=task.kind, unit=task.unit, description=task.description)
    return build_event_dataset(events, ColumnFeatures(columns=list(names)), label)


def _names(features: FeaturesConfig) -> tuple[str, ...]:
    if isinstance(features, IndicatorFeatures):
        return tuple(feature.name for feature in features.features)
    return tuple(features.columns)


def _in_order(dataset: FeatureDataset, names: tuple[str, ...]) -> FeatureDataset:
    places = [dataset.feature_names.index(name) for name in names]
    return replace(dataset, feature_names=names, values=np.ascontiguousarray(dataset.values[:, places]))  # noqa: PD011  # no frame


def _require_declared(found: tuple[str, ...], names: tuple[str, ...]) -> None:
    extra = sorted(set(found) - set(names))
    if extra:
        msg = f"features: expected {', '.join(names)}; got {', '.join(extra)} too"
        raise InputError(
            msg, hint="what nobody declares may hold the label or the future: drop it, or declare it in conf/features/"
        )
    missing = [name for name in names if name not in found]
    if missing:
        msg = f"features: expected {', '.join(names)}; got no {', '.join(missing)}"
        raise ConfigError(msg, hint="conf/features/ names what a model reads")


def _require_time(dataset: FeatureDataset) -> None:
    times, ends = dataset.times, dataset.label_ends
    late = np.flatnonzero(times[1:] < times[:-1])
    if len(late):
        msg = f"rows: expected them in order of time, got {times[late[0] + 1]} after {times[late[0]]}"
        raise InputError(msg, hint="a time series is never shuffled: give the rows as they came")
    early = np.flatnonzero(ends < times)
    if len(early):
        msg = f"rows: expected labels that end after their row's time, got {ends[early[0]]} at {times[early[0]]}"
        raise InputError(msg, hint="the end of a label decides which rows it may teach")


def _own(dataset: FeatureDataset, model: str, config: PipelineConfig) -> Origin:
    """Name rows by the digest of the file that they would be."""
    with TemporaryDirectory() as folder:
        table = Path(folder, "features.parquet")
        dataset.write(table)
        digest = sha256_file(table)
    return Origin(model, config.data.instrument, digest, digest)


def _released(artifact: Path | str | TrainedModel) -> Path | str:
    """Return what may be a release; refuse a trained model by its own name, with the command that releases it."""
    if isinstance(artifact, TrainedModel):
        raise _unreleased(artifact)
    path = Path(artifact)
    if path.is_file() and schema_of(read_bytes(path)) == TRAINED:
        raise _unreleased(read_json(path, TrainedModel))
    return artifact


def _unreleased(trained: TrainedModel) -> ReleaseError:
    model = trained.metadata.model
    msg = f"{model}: expected a released artifact, got a trained model that nobody released"
    return ReleaseError(msg, hint=f"bot-core release {model}, then bot-core promote {model} VERSION --env paper")
