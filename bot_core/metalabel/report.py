"""The report of a training: what was asked, each fold, and whether the model is better than knowing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.comparison import compare, diebold_mariano, losses
from bot_core.ai.leaks import single_feature_aucs
from bot_core.ai.scoring import effective_rows, reliability
from bot_core.ai.windows import label_overlap, utc
from bot_core.documents.meta_label import MetaLabelReport, MetaLabelTable, MetaVerdict
from bot_core.metalabel.scores import spreads
from bot_core.metalabel.threshold import earned
from bot_core.metalabel.training import SIGNIFICANCE

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from bot_core.documents.meta_label import Earned, MetaLabelSettings, WrittenModel
    from bot_core.features.dataset import FeatureDataset
    from bot_core.metalabel.provenance import Provenance
    from bot_core.metalabel.table import EventsTable
    from bot_core.metalabel.training import Trained

    Floats = NDArray[np.float64]

_PIVOT = 0.5


def report(
    trained: Trained, table: EventsTable, settings: MetaLabelSettings, where: Provenance, artifact: WrittenModel, now: dt.datetime
) -> MetaLabelReport:
    """Write down a training.

    Args:
        trained: what came of it.
        table: what it was given.
        settings: what was asked.
        where: commit and environment.
        artifact: where the model was stored.
        now: the report's time, UTC.
    """
    found = verdict(trained)
    tested = trained.rows.rows(np.concatenate([fold.test for fold in trained.folds]))
    return MetaLabelReport(
        model=settings.model,
        status="ok" if found.beats_base_rate else "warning",
        created_at=now,
        commit=where.commit,
        environment=where.environment,
        settings=settings,
        table=_table(table, trained.rows),
        feature_columns=list(trained.rows.feature_names),
        feature_aucs=single_feature_aucs(trained.rows, _PIVOT),
        folds=[fold.figures for fold in trained.folds],
        metrics=spreads([fold.figures.scores for fold in trained.folds]),
        verdict=found,
        reliability=reliability(np.concatenate([fold.probabilities for fold in trained.folds]), tested.targets),
        artifact=artifact,
    )


def verdict(trained: Trained) -> MetaVerdict:
    """Ask of all test rows together whether the probabilities beat the base rate, and acting above the thresholds acting always."""
    folds = trained.folds
    tested = trained.rows.rows(np.concatenate([fold.test for fold in folds]))
    said, base = np.concatenate([fold.probabilities for fold in folds]), _each(trained, [fold.base_rate for fold in folds])
    overlap = label_overlap(tested.times, tested.label_ends)
    brier = compare(
        losses(tested.targets, said, "squared"),
        {"base_rate": losses(tested.targets, base, "squared")},
        loss="squared",
        overlap=overlap,
        significance=SIGNIFICANCE,
    )
    pnl, chance = _pnl(tested, said, _each(trained, [fold.threshold for fold in folds]), overlap)
    return MetaVerdict(
        significance=SIGNIFICANCE,
        brier_improvement=brier.improvement,
        brier_p_value=brier.p_value,
        beats_base_rate=brier.beats_baseline,
        pnl=pnl,
        pnl_p_value=chance,
        beats_every_signal=None if chance is None else chance < SIGNIFICANCE,
    )


def _pnl(tested: FeatureDataset, said: Floats, thresholds: Floats, overlap: int) -> tuple[Earned | None, float | None]:
    if tested.payoffs is None:
        return None, None
    gain = np.where(said >= thresholds, tested.payoffs, 0.0) - tested.payoffs
    return earned(said, thresholds, tested.payoffs), diebold_mariano(gain, overlap)[1]


def _each(trained: Trained, values: list[float]) -> Floats:
    """Repeat a fold's value for each of its test rows."""
    return np.repeat(values, [len(fold.test) for fold in trained.folds])


def _table(table: EventsTable, rows: FeatureDataset) -> MetaLabelTable:
    return MetaLabelTable(
        path=str(table.path),
        digest=table.digest,
        rows=len(rows),
        first=utc(table.starts[0]),
        last=utc(table.starts[-1]),
        base_rate=float(rows.targets.mean()),
        effective_rows=effective_rows(rows),
        label_column=table.columns.label,
        time_column=table.columns.end,
        start_column=table.columns.start,
        payoff_column=table.columns.payoff,
    )
