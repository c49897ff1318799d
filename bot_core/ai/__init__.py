"""Models: training, walk-forward evidence, drift; what is signed of it; and the door to the models that decide.

The names of the runbooks are here. Training is imported where it is used, so that the governing side stays light.
"""

from bot_core.ai.data_monitoring import DataQualityException, FeatureMonitor, score_with_data_monitoring
from bot_core.ai.inference import DecisionModelInference, ModelRepository
from bot_core.ai.manager import AIManager
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
    "DataQualityException",
    "DecisionModelInference",
    "FeatureMonitor",
    "ModelRepository",
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
