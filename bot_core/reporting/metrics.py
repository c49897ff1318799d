"""The few figures git keeps, `build/<model>/metrics.json`: out-of-sample, flat for `dvc metrics diff`, rounded to be stable."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence

DIGITS = 6
Metric = float | int | str | bool


def summary_metrics(evidence: Evidence) -> dict[str, Metric]:
    """Return the walk-forward figures, the comparison with the best baseline, and the statuses.

    Floats carry six significant digits. A figure that a model does not have (`brier`, `expected_pnl_bps`) has no key.
    `beats_baseline` is 0 or 1, so that a diff counts it; `beats_baseline_bool` is the same for people.
    """
    report, duel = evidence.walk_forward, evidence.walk_forward.comparison
    pooled = report.pooled
    found: dict[str, float | None] = {
        "mae": pooled.mae,
        "rmse": pooled.rmse,
        "directional_accuracy": pooled.directional_accuracy,
        "expected_pnl_bps": pooled.expected_pnl_bps,
        "brier": pooled.brier,
        "auc": pooled.auc,
        "model_loss": duel.model_loss,
        "best_baseline_loss": duel.baseline_loss,
        "improvement": duel.improvement,
        "p_value": duel.p_value,
        "drifted_share": evidence.drift.drifted_share,
    }
    return {
        "rows": pooled.rows,
        "windows": len(report.windows),
        **{name: significant(value) for name, value in found.items() if value is not None and isfinite(value)},
        "best_baseline": duel.baseline,
        "beats_baseline": int(duel.beats_baseline),
        "beats_baseline_bool": duel.beats_baseline,
        "data_quality": evidence.quality.status,
        "drift": evidence.drift.status,
    }


def significant(value: float) -> float:
    """Round to six significant digits, without a negative zero.

    >>> significant(0.0123456789), significant(-0.0)
    (0.0123457, 0.0)
    """
    return float(f"{value:.{DIGITS}g}") + 0.0
