"""Everything a report page is made from, and nothing else: the documents of one model's build and the digests that name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from bot_core._digest import sha256_file
from bot_core._parse import load_yaml, read_bytes, read_json
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.walk_forward import WalkForwardReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAMED = ("config.json", "data.parquet", "features.parquet", "model.json", "data_quality.json", "walk_forward.json", "drift.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One model's build. `config_text` is the composed configuration as YAML; `digests` maps a file's name to its SHA-256."""

    model: str
    config_text: str
    trained: TrainedModel
    quality: DataQualityReport
    walk_forward: WalkForwardReport
    drift: DriftReport
    digests: Mapping[str, str]


def read_evidence(build: Path, model: str) -> Evidence:
    """Read one model's build, `build/<model>/`.

    Raises:
        DocumentError: a file is missing or not what it should be.
    """
    return Evidence(
        model=model,
        config_text=yaml.safe_dump(load_yaml(read_bytes(build / "config.json"), "config.json"), sort_keys=False, width=120),
        trained=read_json(build / "model.json", TrainedModel),
        quality=read_json(build / "data_quality.json", DataQualityReport),
        walk_forward=read_json(build / "walk_forward.json", WalkForwardReport),
        drift=read_json(build / "drift.json", DriftReport),
        digests={name: sha256_file(build / name) for name in _NAMED},
    )
