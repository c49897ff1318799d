"""Tables of how good the model is: all scores, the walk-forward windows, reliability, importance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.reporting.loss import improvements, loss_name, loss_of, loss_unit
from bot_core.reporting.numerals import count, figure, interval, moment, percent
from bot_core.reporting.table import Row, Table, figures, words

if TYPE_CHECKING:
    from bot_core.documents.scores import Scores
    from bot_core.documents.walk_forward import WalkForwardReport, Window
    from bot_core.reporting.evidence import Evidence


def scores_table(evidence: Evidence) -> Table:
    """Put the model's walk-forward, every baseline and the model's three parts side by side, best baseline first."""
    report = evidence.walk_forward
    metrics = evidence.trained.metrics
    ranked = sorted(
        report.baselines, key=lambda name: (name != report.comparison.baseline, loss_of(report.baselines[name], report))
    )
    rows = (
        Row(("Model, unseen windows", *_score_cells(report.pooled)), "model"),
        *(_baseline_row(name, report) for name in ranked),
        Row(("Model, test part", *_score_cells(metrics.test))),
        Row(("Model, validation", *_score_cells(metrics.validation)), "muted"),
        Row(("Model, training", *_score_cells(metrics.train)), "muted"),
    )
    names = (*_error_names(report), "Direction", "95 % interval", "PnL, bps", "Trades", "Rows", "Effective")
    return Table("Errors and hits, model and baselines", (*words("Scored"), *figures(*names)), rows).without_empty()


def windows_table(evidence: Evidence) -> Table:
    """List the walk-forward windows: dates, rows, deciding loss against the best baseline, direction, PnL."""
    report = evidence.walk_forward
    unit = f", {loss_unit(report)}" if loss_unit(report) else ""
    names = ("Trained on", "Tested on", f"Model{unit}", f"{report.comparison.baseline}{unit}", "Lower by", "Direction", "PnL, bps")
    rows = tuple(_window_row(w, gain, report) for w, gain in zip(report.windows, improvements(report), strict=True))
    caption = f"Walk-forward windows: {loss_name(report)} against the best baseline"
    return Table(caption, (*words("Window", "Test from", "to"), *figures(*names)), rows).without_empty()


def reliability_table(evidence: Evidence) -> Table:
    """List predicted and observed success per bin, walk-forward."""
    rows = tuple(
        Row((f"{figure(b.low, digits=3)}\u2013{figure(b.high, digits=3)}", count(b.rows), figure(b.predicted), figure(b.observed)))
        for b in evidence.walk_forward.reliability
    )
    return Table("Calibrated probability against what happened", (*words("Bin"), *figures("Rows", "Predicted", "Observed")), rows)


def importance_table(evidence: Evidence) -> Table:
    """List every feature's share of the model's importance."""
    rows = tuple(Row((name, percent(share))) for name, share in importance_shares(evidence))
    return Table("Feature importance", (*words("Feature"), *figures("Share")), rows)


def importance_shares(evidence: Evidence) -> list[tuple[str, float]]:
    """Return features with their share of total importance, largest first; all zero for a model that uses none."""
    importance = evidence.trained.feature_importance
    total = sum(abs(value) for value in importance.values())
    shares = [(name, abs(value) / total if total > 0 else 0.0) for name, value in importance.items()]
    return sorted(shares, key=lambda item: (-item[1], item[0]))


def _baseline_row(name: str, report: WalkForwardReport) -> Row:
    best = name == report.comparison.baseline
    return Row((f"Baseline {name}{' (best)' if best else ''}", *_score_cells(report.baselines[name])), "best" if best else "")


def _error_names(report: WalkForwardReport) -> tuple[str, ...]:
    unit = "" if report.task == "classification" else f", {report.unit}"
    return ("Brier", "Log loss", "AUC", f"MAE{unit}", f"RMSE{unit}")


def _score_cells(scores: Scores) -> tuple[str, ...]:
    """Spell the figures in the order of the columns: a probability's own scores before the errors all models have."""
    errors = (scores.brier, scores.log_loss, scores.auc, scores.mae, scores.rmse)
    return (
        *(figure(error) for error in errors),
        percent(scores.directional_accuracy),
        interval(scores.directional_accuracy_low, scores.directional_accuracy_high),
        figure(scores.expected_pnl_bps, digits=3, sign=True),
        count(scores.trades),
        count(scores.rows),
        count(scores.effective_rows),
    )


def _window_row(window: Window, gain: float | None, report: WalkForwardReport) -> Row:
    rival = window.baselines.get(report.comparison.baseline)
    cells = (
        str(window.index),
        moment(window.test_first),
        moment(window.test_last),
        count(window.train_rows),
        count(window.model.rows),
        figure(loss_of(window.model, report)),
        figure(None if rival is None else loss_of(rival, report)),
        percent(gain, sign=True),
        percent(window.model.directional_accuracy),
        figure(window.model.expected_pnl_bps, digits=3, sign=True),
    )
    return Row(cells)
