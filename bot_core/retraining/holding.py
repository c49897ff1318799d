"""A challenger as it was just built, held against the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core._digest import sha256
from bot_core._parse import decode_json, read_bytes
from bot_core.ai import families
from bot_core.ai.contest import Contestant, contest, uncontested
from bot_core.config.load import load_config
from bot_core.data.repairs import repair
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.features.dataset import FeatureDataset
from bot_core.features.featurize import featurize, spec_digest
from bot_core.retraining.champion import artifact_of

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.config.models import PipelineConfig
    from bot_core.config.schedule import Proposal
    from bot_core.documents.artifact import Trained, TrainingMetadata
    from bot_core.documents.contest import ContestReport


def hold(tree: Path, model: str, champion: str | None, rules: Proposal) -> ContestReport:
    """Hold what was built in `build/<model>/` against a champion; without one, against its own walk-forward.

    Raises:
        DocumentError: a file of the build is missing or damaged.
        DatasetError: the champion's features cannot be computed on the data here.
    """
    build = tree / "build" / model
    config = load_config(build / "config.json")
    learned = read_bytes(build / "model.json")
    challenger = decode_json(learned, TrainedModel, str(build / "model.json"))
    report = decode_json(read_bytes(build / "walk_forward.json"), WalkForwardReport, str(build / "walk_forward.json"))
    if champion is None:
        return uncontested(model, sha256(learned), report, rules)
    theirs = artifact_of(tree, model, champion)
    rows = FeatureDataset.read(build / "features.parquet")
    seen = _rows(tree, model, config, champion, rows)
    return contest(
        model,
        _contestant(champion, theirs, theirs.metadata.training, seen),
        _contestant(sha256(learned), challenger, challenger.metadata, rows),
        config.validation.loss,
        rules,
    )


def _contestant(name: str, model: Trained, facts: TrainingMetadata, rows: FeatureDataset) -> Contestant:
    first, last = (np.datetime64(time.removesuffix("Z")) for time in (facts.test.first, facts.test.last))
    return Contestant(name, families.predictor(model.model_state), rows, first, last)


def _rows(tree: Path, model: str, config: PipelineConfig, champion: str, rows: FeatureDataset) -> FeatureDataset:
    """Return the data of today as the champion sees it: by the features that its release was composed with."""
    archived = load_config(tree / "audit" / "ai_decision" / "config" / f"{champion}.json")
    if spec_digest(archived.features) == spec_digest(config.features):
        return rows
    frame, _ = repair(pd.read_parquet(tree / "build" / model / "data.parquet"), config.data)
    return featurize(frame, archived.features, config.target)
