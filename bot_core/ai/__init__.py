"""Models: training, walk-forward evidence, drift; and what is signed of it.

The names of the runbooks are here. Training is imported where it is used, so that the governing side stays light.
"""

from bot_core.ai.sign_offs import (
    ensure_compliance_sign_offs,
    load_recent_data_quality_reports,
    load_recent_drift_reports,
    load_recent_walk_forward_reports,
    summarize_data_quality_reports,
    summarize_drift_reports,
    summarize_walk_forward_reports,
)

__all__ = [
    "ensure_compliance_sign_offs",
    "load_recent_data_quality_reports",
    "load_recent_drift_reports",
    "load_recent_walk_forward_reports",
    "summarize_data_quality_reports",
    "summarize_drift_reports",
    "summarize_walk_forward_reports",
]
