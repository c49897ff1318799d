"""Everything a report page is made from, and nothing else: the documents of one model's build and the digests that name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.documents.artifact import TrainedModel
    from bot_core.documents.data_quality import DataQualityReport
    from bot_core.documents.drift import DriftReport
    from bot_core.documents.walk_forward import WalkForwardReport


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
