"""Every document kind that is archived: its schema's name, its type, and where files of it live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.documents.artifact import ModelArtifact, TrainedModel
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.walk_forward import WalkForwardReport

if TYPE_CHECKING:
    from bot_core.documents.document import Part


@dataclass(frozen=True, slots=True)
class Kind:
    """`places` are glob patterns from the repository's root."""

    name: str
    document: type[Part]
    places: tuple[str, ...]


KINDS = (
    Kind("model_artifact", ModelArtifact, ("models/*/*.json",)),
    Kind("trained_model", TrainedModel, ("build/*/model.json",)),
    Kind("data_quality", DataQualityReport, ("audit/ai_decision/data_quality/*.json", "build/*/data_quality.json")),
    Kind("walk_forward", WalkForwardReport, ("audit/ai_decision/walk_forward/*.json", "build/*/walk_forward.json")),
    Kind("drift", DriftReport, ("audit/ai_decision/drift/*.json", "build/*/drift.json")),
)
