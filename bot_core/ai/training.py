"""Train one model: chronological parts, one honest fit, figures for all three parts, everything needed to serve and to watch it.

The result holds no clock and no commit: the same inputs give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from msgspec import to_builtins

from bot_core._parse import convert
from bot_core.ai import families
from bot_core.ai.drift import drift_baseline
from bot_core.ai.leaks import refuse_leaks
from bot_core.ai.learning import learn
from bot_core.ai.scoring import reliability, score
from bot_core.ai.task import task_of
from bot_core.ai.windows import chronological_split, duration, utc
from bot_core.config.models import Direction, ForwardReturn, TripleBarrier
from bot_core.documents.artifact import (
    Bounds,
    Calibration,
    DriftMonitor,
    GoldenVector,
    Metrics,
    Payoff,
    Scaler,
    SplitWindow,
    TrainedModel,
    TrainingMetadata,
)

if TYPE_CHECKING:
    from bot_core.ai.learning import Learned
    from bot_core.ai.task import Task
    from bot_core.config.models import PipelineConfig, ValidationConfig
    from bot_core.documents.scores import Scores
    from bot_core.features.dataset import FeatureDataset

GOLDEN_ROWS = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose model this is and the digests of what it learned from."""

    model: str
    instrument: str
    data_digest: str
    features_digest: str


@dataclass(frozen=True, slots=True)
class Division:
    """Labelled rows in three parts, oldest first, each purged against the next; `purged` rows are in none."""

    train: FeatureDataset
    validation: FeatureDataset
    test: FeatureDataset
    purged: int


def train_model(dataset: FeatureDataset, config: PipelineConfig, origin: Origin) -> TrainedModel:
    """Train on the labelled rows of a dataset.

    Raises:
        DatasetError: too few rows, a target that never varies, a class that never occurs, or a feature that knows the target.
    """
    return train_division(divided(dataset, config.validation), config, origin)


def divided(dataset: FeatureDataset, config: ValidationConfig) -> Division:
    """Divide the labelled rows of a dataset.

    Raises:
        DatasetError: too few rows.
    """
    rows, split = dataset.labelled(), config.split
    parts = chronological_split(rows.times, rows.label_ends, (split.train, split.validation), duration(config.embargo))
    return Division(rows.rows(parts.train), rows.rows(parts.validation), rows.rows(parts.test), parts.purged)


def train_division(parts: Division, config: PipelineConfig, origin: Origin) -> TrainedModel:
    """Train on rows that are divided already; see `train_model` for what is raised."""
    task = task_of(config.target)
    refuse_leaks(parts.train, task.pivot_value(parts.train.targets))
    return trained_model(learn(task, config.model, parts.train, parts.validation), parts, config, origin)


def trained_model(learned: Learned, parts: Division, config: PipelineConfig, origin: Origin) -> TrainedModel:
    """Write down what was learned from a division, with its figures for all three parts."""
    task = task_of(config.target)
    train, validation, test = parts.train, parts.validation, parts.test

    def figures(part: FeatureDataset) -> Scores:
        return score(task, part, learned.fitted.predict(part.values), learned.pivot, config.validation.round_trip_cost_bps)

    out_of_sample = figures(test)
    names = train.feature_names
    return TrainedModel(
        backend=families.backend(config.model),
        feature_names=list(names),
        model_state=learned.fitted.state,
        target_scale=learned.target_scale,
        training_rows=len(train),
        validation_rows=len(validation),
        test_rows=len(test),
        metrics=Metrics(summary=out_of_sample, train=figures(train), validation=figures(validation), test=out_of_sample),
        feature_scalers={name: Scaler(mean=s.mean, stdev=s.stdev) for name, s in train.feature_stats.items()},
        feature_bounds={name: Bounds(low=s.low, high=s.high) for name, s in train.feature_stats.items()},
        feature_importance={name: float(v) for name, v in zip(names, learned.fitted.importance, strict=True)},
        drift_baseline=drift_baseline(train, config.monitoring.drift.bins),
        drift_monitor=convert(to_builtins(config.monitoring.drift), DriftMonitor, "monitoring.drift"),
        calibration=_calibration(learned, test),
        golden=_golden(learned, test),
        metadata=_metadata(task, config, learned, parts, origin, _payoff(config, train, learned.pivot)),
    )


def _calibration(learned: Learned, test: FeatureDataset) -> Calibration:
    platt = learned.platt
    probabilities = platt.probability(learned.fitted.predict(test.values))
    return Calibration(
        input=platt.input,
        pivot=platt.pivot,
        scale=platt.scale,
        slope=platt.slope,
        intercept=platt.intercept,
        fitted_rows=platt.fitted_rows,
        reliability=reliability(probabilities, (test.targets > learned.pivot).astype(np.float64)),
    )


def _golden(learned: Learned, test: FeatureDataset) -> list[GoldenVector]:
    """Record what evenly spaced test rows give, to the last bit."""
    places = np.unique(np.linspace(0, len(test) - 1, GOLDEN_ROWS).round().astype(int))
    values = test.values[places]
    predictions = learned.fitted.predict(values)
    probabilities = learned.platt.probability(predictions)
    return [
        GoldenVector(features=[float(v) for v in row], prediction=float(p), probability=float(q))
        for row, p, q in zip(values, predictions, probabilities, strict=True)
    ]


def _metadata(
    task: Task, config: PipelineConfig, learned: Learned, parts: Division, origin: Origin, payoff: Payoff | None
) -> TrainingMetadata:
    return TrainingMetadata(
        model=origin.model,
        instrument=origin.instrument,
        task=task.kind,
        unit=task.unit,
        target=task.description,
        objective=config.model.objective,
        seed=getattr(config.model, "seed", 0),
        rounds=learned.fitted.rounds,
        data_digest=origin.data_digest,
        features_digest=origin.features_digest,
        train=_span(parts.train),
        validation=_span(parts.validation),
        test=_span(parts.test),
        purged_rows=parts.purged,
        embargo=config.validation.embargo,
        payoff=payoff,
    )


def _payoff(config: PipelineConfig, train: FeatureDataset, pivot: float) -> Payoff | None:
    """Say what acting on the model earns: its prediction, or what each class earned in training; nothing where that is unknown."""
    match config.target:
        case ForwardReturn(horizon=horizon):
            return Payoff(source="prediction", horizon=horizon)
        case Direction(horizon=horizon) | TripleBarrier(horizon=horizon) if train.payoffs is not None:
            up = train.targets > pivot
            return Payoff(
                source="classes",
                horizon=horizon,
                up_bps=float(train.payoffs[up].mean()),
                down_bps=float(train.payoffs[~up].mean()),
            )
    return None


def _span(rows: FeatureDataset) -> SplitWindow:
    return SplitWindow(first=utc(rows.times[0]), last=utc(rows.times[-1]))
