"""Train a meta-label model: fold by fold, as it will be used, and keep the last fold's.

In each fold the newest training rows are held out for three things that a test block must not decide: when boosting stops, how a
prediction becomes a probability, and from which probability on to act. Rows weigh by the uniqueness of their labels, both classes the same.

The model that is kept is the last fold's. It is the newest that was ever judged on rows it had not seen; one fitted once more on
everything would be newer and judged by nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai import families
from bot_core.ai.class_weights import balanced
from bot_core.ai.fitted import Examples
from bot_core.ai.learning import learn_by
from bot_core.ai.task import task_of
from bot_core.ai.training import Division, Origin, trained_model
from bot_core.ai.validation import hold_out
from bot_core.ai.windows import duration, utc
from bot_core.config.models import (
    ColumnFeatures,
    EventColumns,
    EventTable,
    LabelColumn,
    Limit,
    MonitoringConfig,
    PipelineConfig,
    QualityConfig,
    QualityLimits,
    ValidationConfig,
)
from bot_core.documents.meta_label import MetaFold
from bot_core.metalabel.folds import expanding_folds
from bot_core.metalabel.models import model_config
from bot_core.metalabel.scores import meta_scores
from bot_core.metalabel.threshold import choose_threshold, earned
from bot_core.metalabel.weights import uniqueness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from bot_core.ai.learning import Learned
    from bot_core.ai.task import Task
    from bot_core.documents.artifact import TrainedModel
    from bot_core.documents.meta_label import MetaLabelSettings
    from bot_core.features.dataset import FeatureDataset
    from bot_core.metalabel.folds import Fold
    from bot_core.metalabel.table import EventsTable

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Watch = Callable[[Iterable[Fold]], Iterable[Fold]]

MODEL = "meta_label"
SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class Judged:
    """One fold's rows, its model, and what it said of the test rows; `base_rate` is the share of ones in its training rows."""

    fit: Rows
    judge: Rows
    test: Rows
    purged: int
    learned: Learned
    probabilities: Floats
    threshold: float
    base_rate: float
    figures: MetaFold


@dataclass(frozen=True, slots=True)
class Trained:
    """All folds in order, the rows they are positions of (payoffs after costs), and the model that is kept."""

    rows: FeatureDataset
    folds: list[Judged]
    model: TrainedModel


def train_meta_label(table: EventsTable, features: list[str], settings: MetaLabelSettings, watch: Watch = iter) -> Trained:
    """Train on a table whose features have been checked (`bot_core.metalabel.leak_check`).

    Args:
        table: labelled events in order of time.
        features: which columns.
        settings: what is asked.
        watch: wraps the folds as they are worked on, to show progress.

    Raises:
        InputError: a feature that is not finite.
        DatasetError: too few rows for the folds asked, or a fold whose training rows know one class alone.
        ConfigError: the family's package is not installed.
    """
    rows, config = _after_costs(table.dataset(features), settings.round_trip_cost_bps), pipeline_config(table, features, settings)
    folds = expanding_folds(
        rows.times, rows.label_ends, settings.cv_folds, gap=settings.purge_gap, embargo=duration(settings.embargo)
    )
    unique = uniqueness(rows.times, rows.label_ends)
    judged = [_run_fold(index, fold, rows, unique, config) for index, fold in enumerate(watch(folds))]
    return Trained(rows, judged, _kept(judged[-1], rows, config, _origin(table, config)))


def pipeline_config(table: EventsTable, features: list[str], settings: MetaLabelSettings) -> PipelineConfig:
    """Say in the roster's words what is trained here."""
    columns = table.columns
    names = EventColumns(time=columns.start or columns.end, label_end=columns.end, label=columns.label, payoff=columns.payoff)
    newest = utc(table.ends.max())
    return PipelineConfig(
        data=EventTable(instrument=MODEL, path=str(table.path), columns=names, as_of=newest),
        features=ColumnFeatures(columns=features),
        target=LabelColumn(task="classification", unit="probability", description="the primary model's signal was worth acting on"),
        model=model_config(settings.model, settings.seed),
        validation=ValidationConfig(embargo=settings.embargo, loss="squared", round_trip_cost_bps=0.0, significance=SIGNIFICANCE),
        monitoring=MonitoringConfig(quality=QualityConfig(limits=_ANY)),
    )


_ANY = QualityLimits(**dict.fromkeys(QualityLimits.__struct_fields__, Limit(warning=0.0, critical=0.0)))


def _after_costs(rows: FeatureDataset, cost: float) -> FeatureDataset:
    """Take costs that the payoffs do not hold yet out of them."""
    if rows.payoffs is None:
        return rows
    return type(rows)(rows.feature_names, rows.times, rows.label_ends, rows.targets, rows.values, rows.payoffs - cost)


def _run_fold(index: int, fold: Fold, rows: FeatureDataset, unique: Floats, config: PipelineConfig) -> Judged:
    task = task_of(config.target)
    fit, judge = hold_out(rows, fold.train, config.validation, duration(config.validation.embargo))
    learned = _learn(task, rows, unique, (fit, judge), config)
    validated, said = (learned.platt.probability(learned.fitted.predict(rows.values[part])) for part in (judge, fold.test))
    threshold = choose_threshold(validated, rows.targets[judge], None if rows.payoffs is None else rows.payoffs[judge])
    base_rate = float(rows.targets[fold.train].mean())
    figures = MetaFold(
        index=index,
        train_first=utc(rows.times[fold.train[0]]),
        train_last=utc(rows.times[fold.train[-1]]),
        test_first=utc(rows.times[fold.test[0]]),
        test_last=utc(rows.times[fold.test[-1]]),
        train_rows=len(fit),
        validation_rows=len(judge),
        test_rows=len(fold.test),
        purged_rows=fold.purged + len(fold.train) - len(fit) - len(judge),
        rounds=learned.fitted.rounds,
        threshold=threshold,
        validation=None if rows.payoffs is None else earned(validated, threshold, rows.payoffs[judge]),
        test=None if rows.payoffs is None else earned(said, threshold, rows.payoffs[fold.test]),
        scores=meta_scores(rows.targets[fold.test], said, threshold, base_rate),
    )
    return Judged(fit, judge, fold.test, figures.purged_rows, learned, said, threshold, base_rate, figures)


def _learn(task: Task, rows: FeatureDataset, unique: Floats, parts: tuple[Rows, Rows], config: PipelineConfig) -> Learned:
    train, judge = (Examples(rows.values[part], rows.targets[part], _weights(rows, unique, part)) for part in parts)
    return learn_by(lambda: families.fit(config.model, train, judge), task, rows.rows(parts[0]), rows.rows(parts[1]))


def _weights(rows: FeatureDataset, unique: Floats, part: Rows) -> Floats:
    return balanced(rows.targets[part], unique[part])


def _kept(last: Judged, rows: FeatureDataset, config: PipelineConfig, origin: Origin) -> TrainedModel:
    parts = Division(rows.rows(last.fit), rows.rows(last.judge), rows.rows(last.test), last.purged)
    return trained_model(last.learned, parts, config, origin)


def _origin(table: EventsTable, config: PipelineConfig) -> Origin:
    return Origin(MODEL, MODEL, table.digest, sha256(encode_json(to_builtins(config.features))))
