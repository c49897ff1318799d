"""Every document kind that is archived: its schema's name, its type, and where files of it live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.documents.artifact import ModelArtifact, TrainedModel
from bot_core.documents.checklist import Checklist
from bot_core.documents.contest import ContestReport
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.degradation import DegradationReport
from bot_core.documents.domain import Domain
from bot_core.documents.drift import DriftReport
from bot_core.documents.environment import Environment
from bot_core.documents.interventions import Halt, Resume, Review, Revocation, Rollback
from bot_core.documents.meta_label import MetaLabelReport
from bot_core.documents.monitoring import InferenceDrift, InferenceQuality
from bot_core.documents.online_drift import OnlineDrift
from bot_core.documents.operation import JournalExtract, SchedulerExtract
from bot_core.documents.pipeline import PipelineExecutionRecord
from bot_core.documents.policy import Policy
from bot_core.documents.quality_checks import QualityCheckReport
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.schedule import SchedulerState
from bot_core.documents.sentiment import SentimentHead
from bot_core.documents.signoff import SignOff
from bot_core.documents.stored import StoredRelease
from bot_core.documents.walk_forward import WalkForwardReport

if TYPE_CHECKING:
    from bot_core.documents.document import Part


@dataclass(frozen=True, slots=True)
class Kind:
    """`places` are glob patterns from the repository's root; none for what is a line of a file."""

    name: str
    document: type[Part]
    places: tuple[str, ...]


KINDS = (
    Kind("model_artifact", ModelArtifact, ("models/*/*.json",)),
    Kind("trained_model", TrainedModel, ("build/*/model.json", "artifacts/*.model.json")),
    Kind("data_quality", DataQualityReport, ("audit/ai_decision/data_quality/*.json", "build/*/data_quality.json")),
    Kind("sentiment_head", SentimentHead, ("bot_core/sentiment/heads/head.json",)),
    Kind("walk_forward", WalkForwardReport, ("audit/ai_decision/walk_forward/*.json", "build/*/walk_forward.json")),
    Kind("contest", ContestReport, ("audit/ai_decision/contest/*.json",)),
    Kind("drift", DriftReport, ("audit/ai_decision/drift/*.json", "build/*/drift.json")),
    Kind("inference_quality", InferenceQuality, ("audit/ai_decision/data_quality/*.json",)),
    Kind("quality_checks", QualityCheckReport, ("audit/ai_decision/data_quality/*.json",)),
    Kind("inference_drift", InferenceDrift, ("audit/ai_decision/drift/*.json",)),
    Kind("online_drift", OnlineDrift, ("audit/ai_decision/drift/*.json",)),
    Kind("degradation", DegradationReport, ("audit/ai_decision/degradation/*.json",)),
    Kind("meta_label", MetaLabelReport, ("artifacts/*_model.json",)),
    Kind("run", PipelineExecutionRecord, ()),
    Kind("scheduler", SchedulerState, ("audit/ai_decision/scheduler.json",)),
    Kind("operation_scheduler", SchedulerExtract, ("audit/ai_decision/operation/*/*/scheduler.*.json",)),
    Kind("operation_journal", JournalExtract, ("audit/ai_decision/operation/*/*/journal.*.json",)),
    Kind("release", ReleaseManifest, ("models/*/*.release.yaml",)),
    Kind("stored_release", StoredRelease, ("var/store/releases/*/*/release.json",)),
    Kind("signoff", SignOff, ("compliance/signoffs/*/*/*/*.yaml",)),
    Kind("environment", Environment, ("compliance/environments/*.yaml",)),
    Kind("policy", Policy, ("compliance/policy.yaml",)),
    Kind("checklist", Checklist, ("compliance/checklists/*.yaml",)),
    Kind("domain", Domain, ("compliance/domains/*/*.yaml",)),
    Kind("halt", Halt, ("compliance/halts/*/*.yaml",)),
    Kind("resume", Resume, ("compliance/resumes/*/*/*.yaml",)),
    Kind("revocation", Revocation, ("compliance/revocations/*.yaml",)),
    Kind("rollback", Rollback, ("compliance/rollbacks/*/*/*.yaml",)),
    Kind("review", Review, ("compliance/reviews/*/*/*.yaml",)),
)
