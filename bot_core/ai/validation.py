"""Walk-forward: refit, predict the next window, never look ahead; then ask whether the naive would have done as well.

Each window's model sees only rows whose labels ended before the window began, less the embargo; early stopping and calibration use
the newest share of those rows; what a family learns of a feature ahead of fitting (the edges of its bins) it learns from the first
window's training rows alone. Windows run in parallel threads (LightGBM releases the interpreter lock) and give the same figures
for any number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed

from bot_core._parse import encode_json
from bot_core.ai import families
from bot_core.ai.baselines import known_labels, naive_predictions
from bot_core.ai.comparison import compare, losses
from bot_core.ai.fitted import Examples
from bot_core.ai.learning import learn_by
from bot_core.ai.scoring import reliability, score
from bot_core.ai.windows import LEAST_ROWS, label_overlap, purge, require_rows, utc, walk_forward_windows
from bot_core.documents.artifact import ModelArtifact
from bot_core.documents.kinds import KINDS
from bot_core.documents.validation import violations
from bot_core.documents.walk_forward import WalkForwardReport, Window
from bot_core.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from bot_core.ai.baselines import KnownLabels
    from bot_core.ai.fitted import FitParts
    from bot_core.ai.task import Task
    from bot_core.ai.windows import Rows, TrainTest, WalkForwardPlan
    from bot_core.config.models import ModelConfig, ValidationConfig
    from bot_core.documents.scores import Scores
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]
    Watch = Callable[[Iterable["Outcome"], int], Iterable["Outcome"]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What all windows share."""

    task: Task
    rows: FeatureDataset
    known: KnownLabels
    fit: FitParts
    evidence: ValidationConfig
    embargo: np.timedelta64


@dataclass(frozen=True, slots=True)
class Outcome:
    """One window's out-of-sample predictions, the naive ones beside them, and its part of the report."""

    step: TrainTest
    predictions: Floats
    probabilities: Floats
    naive: dict[str, Floats]
    pivot: float
    window: Window


def unwatched(outcomes: Iterable[Outcome], total: int) -> Iterable[Outcome]:  # noqa: ARG001  # the signature of a watcher
    """Show nothing."""
    return outcomes


@dataclass(frozen=True, slots=True)
class WalkForwardValidator:
    """Validate a model configuration on a dataset's labelled rows.

    Args:
        dataset: rows in order of time; those without a label are left out.
        task: what the target asks.
        plan: how many windows, how long, how far apart.
    """

    dataset: FeatureDataset
    task: Task
    plan: WalkForwardPlan

    def validate(
        self, model: ModelConfig, evidence: ValidationConfig, *, name: str, workers: int = -1, watch: Watch = unwatched
    ) -> WalkForwardReport:
        """Run all windows and compare with the naive baselines.

        Args:
            model: the family and its parameters.
            evidence: costs, loss, significance, shares.
            name: the model's, for the report.
            workers: threads; -1: one per core.
            watch: wraps the outcomes as they arrive, to show progress.

        Raises:
            DatasetError: too few rows for the windows asked, or a window with nothing to learn from.
        """
        rows = self.dataset.labelled()
        outcomes = list(watch(self.run(rows, model, evidence, workers), self.plan.windows))
        return _report(self.task, rows, outcomes, evidence, name)

    def run(self, rows: FeatureDataset, model: ModelConfig, evidence: ValidationConfig, workers: int) -> Iterable[Outcome]:
        """Fit and predict each window; in order, whatever the number of workers."""
        known = known_labels(rows)
        steps = walk_forward_windows(rows.times, rows.label_ends, self.plan)
        first, _ = hold_out(rows, steps[0].train, evidence, self.plan.embargo)
        fit = families.fitter(model, Examples(rows.values, rows.targets), first)
        trial = Trial(self.task, rows, known, fit, evidence, self.plan.embargo)
        pool = Parallel(n_jobs=workers, require="sharedmem", return_as="generator")
        return pool(delayed(_run_window)(i, step, trial) for i, step in enumerate(steps))


def _run_window(index: int, step: TrainTest, trial: Trial) -> Outcome:
    task, rows, known, evidence = trial.task, trial.rows, trial.known, trial.evidence
    fit, judge = hold_out(rows, step.train, evidence, trial.embargo)
    learned = learn_by(lambda: trial.fit(fit, judge), task, rows.rows(fit), rows.rows(judge))
    test = rows.rows(step.test)
    predictions = learned.fitted.predict(test.values)
    naive = naive_predictions(task, rows.rows(step.train), known.rows(step.train), known.rows(step.test), learned.pivot)
    cost = evidence.round_trip_cost_bps
    window = Window(
        index=index,
        train_first=utc(rows.times[step.train[0]]),
        train_last=utc(rows.times[step.train[-1]]),
        test_first=utc(test.times[0]),
        test_last=utc(test.times[-1]),
        train_rows=len(step.train),
        purged_rows=step.purged,
        rounds=learned.fitted.rounds,
        model=score(task, test, predictions, learned.pivot, cost),
        baselines={key: score(task, test, guess, learned.pivot, cost) for key, guess in naive.items()},
    )
    return Outcome(step, predictions, learned.platt.probability(predictions), naive, learned.pivot, window)


def hold_out(rows: FeatureDataset, train: Rows, evidence: ValidationConfig, embargo: np.timedelta64) -> tuple[Rows, Rows]:
    """Keep the newest share of the training rows for early stopping and calibration, purged like everything else.

    Raises:
        DatasetError: fewer than 30 rows remain to learn from, or to stop by.
    """
    share = evidence.split.validation / (evidence.split.train + evidence.split.validation)
    cut = len(train) - max(round(len(train) * share), LEAST_ROWS)
    judge = train[max(cut, 0) :]
    fit = purge(train[: max(cut, 0)], rows.label_ends, rows.times[judge[0]], embargo)
    require_rows(fit, f"fitting before {rows.times[judge[0]]}")
    return fit, judge


def _report(task: Task, rows: FeatureDataset, outcomes: list[Outcome], evidence: ValidationConfig, name: str) -> WalkForwardReport:
    tested = rows.rows(np.concatenate([o.step.test for o in outcomes]))
    predictions = np.concatenate([o.predictions for o in outcomes])
    naive = {key: np.concatenate([o.naive[key] for o in outcomes]) for key in outcomes[0].naive}
    pivots = np.concatenate([np.full(len(o.predictions), o.pivot) for o in outcomes])

    comparison = compare(
        losses(tested.targets, predictions, evidence.loss),
        {key: losses(tested.targets, guess, evidence.loss) for key, guess in naive.items()},
        loss=evidence.loss,
        overlap=label_overlap(tested.times, tested.label_ends),
        significance=evidence.significance,
    )

    def pooled(guess: Floats) -> Scores:
        return score(task, tested, guess, pivots, evidence.round_trip_cost_bps)

    return WalkForwardReport(
        model=name,
        status="ok" if comparison.beats_baseline else "warning",
        task=task.kind,
        unit=task.unit,
        mode=evidence.walk_forward.mode,
        embargo=evidence.embargo,
        round_trip_cost_bps=evidence.round_trip_cost_bps,
        windows=[o.window for o in outcomes],
        pooled=pooled(predictions),
        baselines={key: pooled(guess) for key, guess in naive.items()},
        comparison=comparison,
        reliability=reliability(np.concatenate([o.probabilities for o in outcomes]), (tested.targets > pivots).astype(np.float64)),
    )


def validate_model_artifact_schema(artifact: ModelArtifact) -> None:
    """Check an artifact against `docs/schemas/model_artifact.schema.json`.

    Raises:
        DocumentError: the first violation, with its path.
    """
    kind = next(kind for kind in KINDS if kind.document is ModelArtifact)
    found = violations(kind, encode_json(artifact), f"model artifact {artifact.metadata.version}")
    if found:
        raise DocumentError(found[0], hint="release the model again: bot-core release MODEL")
