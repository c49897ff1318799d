"""The walk-forward report: out-of-sample evidence, window by window, against naive baselines."""

from __future__ import annotations

from typing import Literal

from bot_core.documents.document import Part
from bot_core.documents.scores import ReliabilityBin, Scores
from bot_core.documents.status import Status


class Window(Part, frozen=True, kw_only=True):
    """One refit and its test window. Times are UTC; a training row's label ends before `test_first` less the embargo."""

    index: int
    train_first: str
    train_last: str
    test_first: str
    test_last: str
    train_rows: int
    purged_rows: int
    rounds: int
    model: Scores
    baselines: dict[str, Scores]


class Comparison(Part, frozen=True, kw_only=True):
    """The model against the best baseline (lowest pooled loss): Diebold-Mariano, one-sided, with the small-sample correction.

    `beats_baseline` is true only when `p_value` is below `significance`.
    """

    baseline: str
    loss: Literal["absolute", "squared"]
    model_loss: float
    baseline_loss: float
    improvement: float
    statistic: float
    p_value: float
    significance: float
    beats_baseline: bool


class WalkForwardReport(Part, frozen=True, kw_only=True):
    """`build/<model>/walk_forward.json`; `status` is ok when the model beats its baseline, else warning."""

    schema: Literal["bot-core/walk-forward/v1"] = "bot-core/walk-forward/v1"
    model: str
    status: Status
    task: Literal["regression", "classification"]
    unit: str
    mode: Literal["expanding", "rolling"]
    embargo: str
    round_trip_cost_bps: float
    windows: list[Window]
    pooled: Scores
    baselines: dict[str, Scores]
    comparison: Comparison
    reliability: list[ReliabilityBin]
