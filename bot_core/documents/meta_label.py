"""The report of a meta-label training: fold by fold, what was asked, and what came of it out of sample."""

from __future__ import annotations

import datetime as dt  # msgspec reads the annotations
from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest
from bot_core.documents.document import Part
from bot_core.documents.scores import ReliabilityBin
from bot_core.documents.status import Status

Model = Literal["rf", "gbm", "logistic", "xgb"]


class MetaLabelSettings(Part, frozen=True, kw_only=True):
    """What was asked for.

    `purge_gap`: rows taken out before a test block beyond those whose label reaches into it; `embargo`: time kept free beside it.
    `round_trip_cost_bps`: what the payoffs do not hold yet. `most_auc`: the area under the ROC curve from which one feature is a leak.
    """

    model: Model
    cv_folds: Annotated[int, Meta(ge=1, le=100)] = 5
    purge_gap: Annotated[int, Meta(ge=0)] = 5
    embargo: Annotated[str, Meta(pattern=r"^[0-9]+[smhdw]$")] = "0s"
    seed: Annotated[int, Meta(ge=0)] = 42
    round_trip_cost_bps: Annotated[float, Meta(ge=0.0)] = 0.0
    most_auc: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.7


class MetaLabelTable(Part, frozen=True, kw_only=True):
    """The table of events and what its columns are. Without a `start_column` labels count as points at their ends."""

    path: str
    digest: Digest
    rows: int
    first: str
    last: str
    base_rate: float
    effective_rows: float
    label_column: str
    time_column: str
    start_column: str | None
    payoff_column: str | None


class MetaScores(Part, frozen=True, kw_only=True):
    """Figures over the events of one test block, of calibrated probabilities.

    Accuracy, precision, recall and F1 are at the fold's threshold; `brier_base_rate` is what always saying the training rows' share of
    ones scores. A figure that needs both classes is missing where there is one.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float | None
    pr_auc: float | None
    brier: float
    brier_base_rate: float
    base_rate: float


class Earned(Part, frozen=True, kw_only=True):
    """What acting above a threshold paid after costs, in bps for each of `events` (nothing is earned where nothing is done).

    `every_signal_bps` is the same for acting on all of them.
    """

    events: int
    acted: int
    acting_bps: float
    every_signal_bps: float


class MetaFold(Part, frozen=True, kw_only=True):
    """One fold: trained on what ended before its test block. `threshold` was chosen on the newest training rows, `validation` says why."""

    index: int
    train_first: str
    train_last: str
    test_first: str
    test_last: str
    train_rows: int
    validation_rows: int
    test_rows: int
    purged_rows: int
    rounds: int
    threshold: float
    validation: Earned | None
    test: Earned | None
    scores: MetaScores


class Spread(Part, frozen=True, kw_only=True):
    """A figure over the folds that have it: mean, standard deviation, smallest, largest."""

    mean: float
    stdev: float
    low: float
    high: float
    folds: int


class MetaVerdict(Part, frozen=True, kw_only=True):
    """Better than knowing nothing? Both answers are one-sided tests on all out-of-sample rows (Diebold-Mariano).

    `beats_base_rate`: Brier's score is below the base rate's. `beats_every_signal`: acting above the thresholds pays more than acting on
    all.
    """

    significance: float
    brier_improvement: float
    brier_p_value: float
    beats_base_rate: bool
    pnl: Earned | None
    pnl_p_value: float | None
    beats_every_signal: bool | None


class WrittenModel(Part, frozen=True, kw_only=True):
    """What was stored: the last fold's model, judged on the newest rows."""

    path: str
    digest: Digest
    pickle: str


class MetaLabelReport(Part, frozen=True, kw_only=True):
    """`artifacts/meta_model.json`; `status` is ok when the model beats the base rate, else warning.

    `feature_aucs`: how well each feature separates all labels by itself, 0.5 not at all and 1 perfectly, either way up.
    `commit` is missing outside a repository. `environment` is the digest of the lock file, or without one of what is installed.
    """

    schema: Literal["bot-core/meta-label/v1"] = "bot-core/meta-label/v1"
    model: Model
    status: Status
    created_at: dt.datetime
    commit: str | None
    environment: Digest
    settings: MetaLabelSettings
    table: MetaLabelTable
    feature_columns: list[str]
    feature_aucs: dict[str, float]
    folds: list[MetaFold]
    metrics: dict[str, Spread]
    verdict: MetaVerdict
    reliability: list[ReliabilityBin]
    artifact: WrittenModel
