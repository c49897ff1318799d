"""The one loss that decides between model and baseline, by its name, its unit and its value per window.

Absolute loss is the mean absolute error. Squared loss is the mean squared error; of a probability that is Brier's score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.documents.scores import Scores
    from bot_core.documents.walk_forward import WalkForwardReport


def loss_of(scores: Scores, report: WalkForwardReport) -> float:
    """Return the deciding loss of some scores, in the unit of `loss_unit`."""
    return scores.mae if report.comparison.loss == "absolute" else scores.rmse**2


def loss_name(report: WalkForwardReport) -> str:
    """Name the deciding loss in words."""
    if report.comparison.loss == "absolute":
        return "mean absolute error"
    return "Brier score" if report.task == "classification" else "mean squared error"


def loss_unit(report: WalkForwardReport) -> str:
    """Return the deciding loss's unit; errors of a probability have none."""
    if report.task == "classification":
        return ""
    return report.unit if report.comparison.loss == "absolute" else f"{report.unit}²"


def improvements(report: WalkForwardReport) -> list[float | None]:
    """Return, per window, by what share the model's loss is below the best baseline's; None without a finite share."""
    return [_improvement(loss_of(w.model, report), w.baselines.get(report.comparison.baseline), report) for w in report.windows]


def _improvement(ours: float, baseline: Scores | None, report: WalkForwardReport) -> float | None:
    theirs = 0.0 if baseline is None else loss_of(baseline, report)
    return (theirs - ours) / theirs if theirs > 0 else None
