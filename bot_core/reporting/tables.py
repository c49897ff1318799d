"""The card's tables as plain text cells, so that HTML and Markdown print the same figures. A column without a figure is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.reporting.loss import improvements, loss_name, loss_of, loss_unit
from bot_core.reporting.numerals import NONE, count, figure, moment, p_value, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot_core.documents.drift import FeatureDrift, Statistic
    from bot_core.documents.scores import Scores
    from bot_core.documents.walk_forward import WalkForwardReport, Window
    from bot_core.reporting.evidence import Evidence

GAPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One row; the first cell is its header. `mark` says how it stands out: `model`, `best`, `alert`, `muted` or not at all."""

    cells: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, column names (a trailing `|` marks a column of text, others are numbers) and rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def scores_table(evidence: Evidence) -> Table:
    """Put the model's parts, its walk-forward and every baseline side by side, best baseline first."""
    report = evidence.walk_forward
    metrics = evidence.trained.metrics
    ranked = sorted(
        report.baselines, key=lambda name: (name != report.comparison.baseline, loss_of(report.baselines[name], report))
    )
    rows = [
        Row(("Model, walk-forward (unseen)", *_score_cells(report.pooled)), "model"),
        *(_baseline_row(name, report) for name in ranked),
        Row(("Model, test part (unseen)", *_score_cells(metrics.test))),
        Row(("Model, validation part", *_score_cells(metrics.validation)), "muted"),
        Row(("Model, training part (seen)", *_score_cells(metrics.train)), "muted"),
    ]
    unit = "" if report.task == "classification" else f", {report.unit}"
    columns = ("Rows scored|", "Rows", "Effective", f"MAE{unit}", f"RMSE{unit}", "Direction", "95 % interval", "PnL, bps", "Trades")
    return _without_empty(Table("Errors and hits, model and baselines", (*columns, "Brier", "Log loss", "AUC"), tuple(rows)))


def windows_table(evidence: Evidence) -> Table:
    """List the walk-forward windows: dates, rows, deciding loss against the best baseline, direction, PnL."""
    report = evidence.walk_forward
    unit = f", {loss_unit(report)}" if loss_unit(report) else ""
    columns = ("Window|", "Test from|", "to|", "Trained on", "Tested on", f"Model{unit}", f"{report.comparison.baseline}{unit}")
    rows = tuple(_window_row(w, gain, report) for w, gain in zip(report.windows, improvements(report), strict=True))
    caption = f"Walk-forward windows: {loss_name(report)} against the best baseline"
    return _without_empty(Table(caption, (*columns, "Lower by", "Direction", "PnL, bps"), rows))


def parts_table(evidence: Evidence) -> Table:
    """List which rows served what, from when to when."""
    trained, windows, drift, quality = evidence.trained, evidence.walk_forward.windows, evidence.drift, evidence.quality
    meta = trained.metadata
    rows = [
        ("Source data", quality.rows, quality.first, quality.last),
        ("Training", trained.training_rows, meta.train.first, meta.train.last),
        ("Validation", trained.validation_rows, meta.validation.first, meta.validation.last),
        ("Test", trained.test_rows, meta.test.first, meta.test.last),
    ]
    if windows:
        rows.append(
            (
                f"Walk-forward, {len(windows)} windows",
                evidence.walk_forward.pooled.rows,
                windows[0].test_first,
                windows[-1].test_last,
            )
        )
    rows.append(("Drift window", drift.window.rows, drift.window.first, drift.window.last))
    cells = (Row((name, count(n), moment(first), moment(last))) for name, n, first, last in rows)
    caption = f"Rows and dates, UTC ({count(meta.purged_rows)} rows purged between the parts, embargo {meta.embargo})"
    return Table(caption, ("Part|", "Rows", "From|", "To|"), tuple(cells))


def findings_table(evidence: Evidence) -> Table:
    """List what was found in the raw data and what the repairs left of it."""
    remaining = {finding.code: finding for finding in evidence.quality.remaining}
    rows = []
    for found in evidence.quality.findings:
        left = remaining.get(found.code)
        after = f"{count(left.count)} left, {left.status}" if left else "nothing left"
        places = f"{moment(found.first)} … {moment(found.last)}" if found.last != found.first else moment(found.first)
        share = percent(found.share, decimals=2)
        mark = "alert" if left and left.status != "ok" else ""
        rows.append(Row((found.code, found.status, count(found.count), share, places, after, found.message), mark))
    columns = ("Finding|", "Raw data|", "Count", "Share", "Where|", "After repairs|", "Meaning|")
    return Table("Findings in the raw data", columns, tuple(rows))


def repairs_table(evidence: Evidence) -> Table:
    """List the declared repairs and the rows each touched."""
    rows = tuple(Row((repair.action, count(repair.rows))) for repair in evidence.quality.repairs)
    return Table("Declared repairs", ("Repair|", "Rows touched"), rows)


def gaps_table(evidence: Evidence) -> Table:
    """List the longest runs of missing bars."""
    gaps = sorted(evidence.quality.gaps, key=lambda gap: (-gap.bars, gap.first))
    shown = tuple(Row((moment(gap.first), moment(gap.last), count(gap.bars))) for gap in gaps[:GAPS_SHOWN])
    of = f"the longest {len(shown)} of {count(len(gaps))}" if len(gaps) > len(shown) else "all"
    return Table(f"Runs of missing bars, UTC ({of})", ("First missing|", "Last missing|", "Bars"), shown)


def reliability_table(evidence: Evidence) -> Table:
    """List predicted and observed success per bin, walk-forward."""
    cells = (
        Row((f"{figure(b.low, digits=3)}\u2013{figure(b.high, digits=3)}", count(b.rows), figure(b.predicted), figure(b.observed)))
        for b in evidence.walk_forward.reliability
    )
    return Table("Calibrated probability against what happened", ("Bin|", "Rows", "Predicted", "Observed"), tuple(cells))


def importance_table(evidence: Evidence) -> Table:
    """List every feature's share of the model's importance."""
    shares = importance_shares(evidence)
    return Table("Feature importance", ("Feature|", "Share"), tuple(Row((name, percent(share))) for name, share in shares))


def importance_shares(evidence: Evidence) -> list[tuple[str, float]]:
    """Return features with their share of total importance, largest first; all zero for a model that uses none."""
    importance = evidence.trained.feature_importance
    total = sum(abs(value) for value in importance.values())
    shares = [(name, abs(value) / total if total > 0 else 0.0) for name, value in importance.items()]
    return sorted(shares, key=lambda item: (-item[1], item[0]))


def drift_table(evidence: Evidence) -> Table:
    """List every feature's three statistics with threshold and p-value, most moved first."""
    ranked = sorted(evidence.drift.features, key=lambda f: (-worst_ratio(f), f.feature))
    columns = ("Feature|", "Drifted|", "PSI", "limit", "p", "KS", "limit", "p", "Wasserstein", "limit", "p")
    return Table("Drift statistics and their thresholds", columns, tuple(_drift_row(feature) for feature in ranked))


def digests_table(evidence: Evidence) -> Table:
    """List what this card was made from, by SHA-256."""
    return Table(
        "SHA-256 of what this card was made from", ("File|", "Digest|"), tuple(Row(item) for item in evidence.digests.items())
    )


def worst_ratio(feature: FeatureDrift) -> float:
    """Return the largest of a feature's statistics over their thresholds."""
    return max(ratio(statistic) for statistic in (feature.psi, feature.ks, feature.wasserstein))


def ratio(statistic: Statistic) -> float:
    """Return value / threshold; without a threshold, 0 for no movement and infinity for any."""
    if statistic.threshold > 0:
        return statistic.value / statistic.threshold
    return float("inf") if statistic.value > 0 else 0.0


def _baseline_row(name: str, report: WalkForwardReport) -> Row:
    best = name == report.comparison.baseline
    return Row((f"Baseline {name}{' (best)' if best else ''}", *_score_cells(report.baselines[name])), "best" if best else "")


def _score_cells(scores: Scores) -> Iterable[str]:
    interval = f"{percent(scores.directional_accuracy_low)}\u2013{percent(scores.directional_accuracy_high)}"
    return (
        count(scores.rows),
        count(scores.effective_rows),
        figure(scores.mae),
        figure(scores.rmse),
        percent(scores.directional_accuracy),
        interval,
        figure(scores.expected_pnl_bps, digits=3, sign=True),
        count(scores.trades),
        figure(scores.brier),
        figure(scores.log_loss),
        figure(scores.auc),
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


def _drift_row(feature: FeatureDrift) -> Row:
    cells = [feature.feature, "yes" if feature.drifted else "no"]
    for statistic in (feature.psi, feature.ks, feature.wasserstein):
        cells += [figure(statistic.value, digits=3), figure(statistic.threshold, digits=3), p_value(statistic.p_value)]
    return Row(tuple(cells), "alert" if feature.drifted else "")


def _without_empty(table: Table) -> Table:
    kept = [i for i in range(len(table.columns)) if any(row.cells[i] != NONE for row in table.rows) or not table.rows]
    rows = tuple(Row(tuple(row.cells[i] for i in kept), row.mark) for row in table.rows)
    return Table(table.caption, tuple(table.columns[i] for i in kept), rows)
