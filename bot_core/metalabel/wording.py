"""A training in plain sentences: each fold in a line, then whether it was worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.meta_label import Earned, MetaFold, MetaLabelReport, Spread

_SHOWN = ("accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "brier", "brier_base_rate")


def lines(found: MetaLabelReport) -> Iterator[str]:
    """Yield the report for people."""
    table, settings = found.table, found.settings
    yield (
        f"{table.path}: {table.rows} events from {table.first} to {table.last}, worth {table.effective_rows:.0f} that overlap nothing; "
        f"{table.base_rate:.1%} were worth acting on"
    )
    if table.start_column is None:
        yield "the table does not say when its events happened: labels that overlap are kept apart by --purge-gap and --embargo alone"
    yield f"{settings.model} on {len(found.feature_columns)} features, {len(found.folds)} folds, seed {settings.seed}"
    yield ""
    yield "  fold  first test row        train   test  purged   AUC   Brier  of base  threshold  acted   earned  of all"
    yield from (_fold(fold) for fold in found.folds)
    yield ""
    yield from (f"  {name:16} {_spread(found.metrics[name])}" for name in _SHOWN if name in found.metrics)
    yield ""
    yield from _verdict(found)
    yield f"model: {found.artifact.path}; pickle: {found.artifact.pickle}"


def _fold(fold: MetaFold) -> str:
    scores = fold.scores
    area = "    -" if scores.roc_auc is None else f"{scores.roc_auc:5.3f}"
    rows = f"{fold.train_rows + fold.validation_rows:5}  {fold.test_rows:5}  {fold.purged_rows:6}"
    return (
        f"  {fold.index + 1:4}  {fold.test_first}  {rows}  {area}  {scores.brier:6.4f}   {scores.brier_base_rate:6.4f}  "
        f"{fold.threshold:9.3f}  {_money(fold.test)}"
    )


def _money(earned: Earned | None) -> str:
    if earned is None:
        return "    -        -       -"
    return f"{earned.acted:5}  {earned.acting_bps:+7.2f} {earned.every_signal_bps:+7.2f}"


def _spread(spread: Spread) -> str:
    return f"{spread.mean:.4f} ± {spread.stdev:.4f} ({spread.low:.4f} to {spread.high:.4f})"


def _verdict(found: MetaLabelReport) -> Iterator[str]:
    """Say what was shown, and say as plainly what was not."""
    said = found.verdict
    how = f"by {said.brier_improvement:+.2%} of Brier's score, p-value {said.brier_p_value:.2g}"
    if said.beats_base_rate:
        yield f"the probabilities are better than the base rate: {how}"
    else:
        yield f"the probabilities are not shown to be better than the base rate: {how}"
    if said.pnl is None or said.pnl_p_value is None:
        yield "the table has no payoffs: the threshold is the one with the best F1, and nothing is said of money"
        return
    money = (
        f"{said.pnl.acting_bps:+.2f} bps for each event against {said.pnl.every_signal_bps:+.2f}, p-value {said.pnl_p_value:.2g}"
    )
    better = (
        "pays more than acting on every signal"
        if said.beats_every_signal
        else "is not shown to pay more than acting on every signal"
    )
    yield f"acting on {said.pnl.acted} of {said.pnl.events} signals {better}: {money}"
    if said.pnl.acting_bps <= 0:
        yield "acting on none would have paid 0"
