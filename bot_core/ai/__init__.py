"""Models: training, walk-forward evidence, drift; what is signed of it; and the door to the models that decide.

The names of the runbooks are here, and each is imported when it is first asked for: who decides loads neither the gate nor training.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.ai.data_monitoring import DataQualityException, FeatureMonitor, score_with_data_monitoring
    from bot_core.ai.ensembles import diff_ensemble_snapshots
    from bot_core.ai.inference import DecisionModelInference, ModelRepository
    from bot_core.ai.manager import AIManager
    from bot_core.ai.pipeline_history import PipelineExecutionRecord
    from bot_core.ai.quality_checks import DataQualityCheck, QualityIssue
    from bot_core.ai.sign_offs import (
        ensure_compliance_sign_offs,
        load_recent_data_quality_reports,
        load_recent_drift_reports,
        load_recent_walk_forward_reports,
        summarize_data_quality_reports,
        summarize_drift_reports,
        summarize_walk_forward_reports,
        unjournalled,
        update_sign_off,
    )

__all__ = [
    "AIManager",
    "DataQualityCheck",
    "DataQualityException",
    "DecisionModelInference",
    "FeatureMonitor",
    "ModelRepository",
    "PipelineExecutionRecord",
    "QualityIssue",
    "diff_ensemble_snapshots",
    "ensure_compliance_sign_offs",
    "load_recent_data_quality_reports",
    "load_recent_drift_reports",
    "load_recent_walk_forward_reports",
    "score_with_data_monitoring",
    "summarize_data_quality_reports",
    "summarize_drift_reports",
    "summarize_walk_forward_reports",
    "unjournalled",
    "update_sign_off",
]

_HOMES = {
    "DataQualityException": "bot_core.ai.data_monitoring",
    "FeatureMonitor": "bot_core.ai.data_monitoring",
    "score_with_data_monitoring": "bot_core.ai.data_monitoring",
    "diff_ensemble_snapshots": "bot_core.ai.ensembles",
    "DecisionModelInference": "bot_core.ai.inference",
    "ModelRepository": "bot_core.ai.inference",
    "AIManager": "bot_core.ai.manager",
    "PipelineExecutionRecord": "bot_core.ai.pipeline_history",
    "DataQualityCheck": "bot_core.ai.quality_checks",
    "QualityIssue": "bot_core.ai.quality_checks",
    "ensure_compliance_sign_offs": "bot_core.ai.sign_offs",
    "load_recent_data_quality_reports": "bot_core.ai.sign_offs",
    "load_recent_drift_reports": "bot_core.ai.sign_offs",
    "load_recent_walk_forward_reports": "bot_core.ai.sign_offs",
    "summarize_data_quality_reports": "bot_core.ai.sign_offs",
    "summarize_drift_reports": "bot_core.ai.sign_offs",
    "summarize_walk_forward_reports": "bot_core.ai.sign_offs",
    "unjournalled": "bot_core.ai.sign_offs",
    "update_sign_off": "bot_core.ai.sign_offs",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)
