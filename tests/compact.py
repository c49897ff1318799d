"""A compact real model of EURUSD's hourly bars of 2017: two features, few trees, and its real reports, as the stages make them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from bot_core._digest import sha256, short
from bot_core._parse import convert, encode_json, write_bytes
from bot_core.ai.drift import assess_drift
from bot_core.ai.task import task_of
from bot_core.ai.training import Origin, train_model
from bot_core.ai.validation import WalkForwardValidator
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.models import CsvBars, ForwardReturn, IndicatorFeatures, PipelineConfig
from bot_core.data.ohlcv import load_bars
from bot_core.data.quality import assess
from bot_core.data.sources import read
from bot_core.documents.artifact import ReleaseMetadata
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.spec import FeatureSpec
from bot_core.governance.release import stamp

if TYPE_CHECKING:
    import datetime as dt

    from bot_core.documents.artifact import ModelArtifact, TrainedModel

ROOT = Path(__file__).parents[1]
FEATURES = {
    "kind": "indicators",
    "features": [
        {"name": "momentum", "indicator": "momentum", "parameters": {"period": 24}},
        {"name": "volume_ratio", "indicator": "volume_ratio", "parameters": {"period": 24}},
    ],
}
MODEL = {
    "family": "lightgbm",
    "objective": "l2",
    "num_leaves": 7,
    "rounds": 20,
    "min_data_in_leaf": 50,
    "early_stopping_rounds": 20,
}
DIGEST = sha256(b"example")


@dataclass(frozen=True)
class Built:
    """What the stages leave of a model."""

    trained: TrainedModel
    config: bytes
    reports: dict[str, bytes]


@cache
def built(model: str, seed: int, features: str = json.dumps(FEATURES), family: str = "") -> Built:
    """Run the stages of a model; two seeds are two models. `features`, `family`: sections of the configuration, as JSON."""
    plain = {
        "data": _conf("data/eurusd_1h"),
        "features": json.loads(features),
        "target": _conf("target/forward_return_4"),
        "model": json.loads(family) if family else trees(seed),
        "validation": {**_conf("validation/hourly"), "round_trip_cost_bps": 0.2},
        "monitoring": _conf("monitoring/default"),
    }
    config = convert(plain, PipelineConfig, "compact")
    assert isinstance(config.data, CsvBars)
    assert isinstance(config.features, IndicatorFeatures)
    assert isinstance(config.target, ForwardReturn)
    bars = load_bars(config.data)
    data = FeatureEngineer(bars).build_dataset(FeatureSpec.of(config.features), config.target)
    trained = train_model(data, config, Origin(model, "eurusd", DIGEST, DIGEST))
    evidence, shape = config.validation, config.validation.walk_forward
    plan = WalkForwardPlan(shape.windows, duration(evidence.embargo), shape.mode, shape.first_train_share)
    forward = WalkForwardValidator(data, task_of(config.target), plan).validate(config.model, evidence, name=model, workers=1)
    learned = data.rows(np.flatnonzero(data.times <= np.datetime64(trained.metadata.train.last.removesuffix("Z"))))
    drift = assess_drift(
        learned, data.rows(slice(len(data) - config.monitoring.drift.window, None)), config.monitoring.drift, model=model
    )
    quality = assess(read(config.data), config.data, config.monitoring.quality, model)
    documents = {"walk_forward": forward, "data_quality": quality, "drift": drift}
    return Built(trained, encode_json(plain), {kind: encode_json(document) for kind, document in documents.items()})


def trees(seed: int) -> dict[str, object]:
    """Return the section of the compact trees."""
    return {**MODEL, "seed": seed, "feature_fraction": 0.5}


def stamped(found: Built, created: dt.datetime) -> ModelArtifact:
    """Return the artifact that a release would make of a model."""
    learned = encode_json(found.trained)
    metadata = ReleaseMetadata(
        version=f"{created:%Y%m%dT%H%M%SZ}-{short(sha256(learned))}",
        commit="0" * 40,
        config=sha256(found.config),
        model_json=sha256(learned),
        training=found.trained.metadata,
        **dict.fromkeys(("inputs", "code", "dvc_lock", "environment"), DIGEST),
    )
    return stamp(found.trained, metadata, created)


def write_compact(root: Path, model: str, created: dt.datetime, *, seed: int = 7, family: str = "") -> str:
    """Write a release's files into a repository, as `bot-core release` would; return the version."""
    found = built(model, seed, family=family) if family else built(model, seed)
    artifact = stamped(found, created)
    version = artifact.metadata.version
    for kind, report in found.reports.items():
        write_bytes(root / f"audit/ai_decision/{kind}/{version}.json", report)
    write_bytes(root / f"audit/ai_decision/config/{version}.json", found.config)
    write_bytes(root / f"models/{model}/{version}.json", encode_json(artifact))
    write_bytes(root / f"models/{model}/{version}.md", f"# {model}\n".encode())
    return version


def _conf(name: str) -> dict[str, object]:
    return dict(yaml.safe_load((ROOT / f"conf/{name}.yaml").read_text()))
