"""What a training job did: one record per run, a line each of `audit/ai_decision/runs.jsonl`."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Version
from bot_core.documents.document import Part
from bot_core.documents.governed import Name, Time
from bot_core.documents.runtime import Commit
from bot_core.documents.schedule import Reason

Outcome = Literal["proposed", "nothing_new", "kept", "failed"]
Line = Annotated[str, Meta(min_length=1, max_length=400)]

_NEEDS = {"proposed": ("version", "branch"), "nothing_new": (), "kept": ("reason",), "failed": ("reason",)}


class PipelineExecutionRecord(Part, frozen=True, kw_only=True):
    """One run of one job.

    `proposed`: a release was made of it and waits for signatures on `branch`. `nothing_new`: no new rows, or the same model again.
    `kept`: what it made is kept as evidence and proposed to nobody; `reason` says why. `failed`: `reason` says what went wrong.
    `metrics` are out-of-sample, under the names of `Scores`. `report` is the path of what the outcome rests on, `data_rows` counts the
    rows that were new, `run` is the run's own name.
    """

    schema: Literal["bot-core/run/v1"] = "bot-core/run/v1"
    run: Annotated[str, Meta(min_length=1, max_length=80)]
    job: Name
    model: Name
    started: Time
    finished: Time
    outcome: Outcome
    version: Version | None = None
    branch: Line | None = None
    commit: Commit | None = None
    metrics: dict[str, float] = {}
    reason: Reason | None = None
    report: Line | None = None
    data_rows: Annotated[int, Meta(ge=0)] | None = None

    def __post_init__(self) -> None:
        if self.finished < self.started:
            msg = f"finished: expected a time from {self.started.isoformat()} on, got {self.finished.isoformat()}"
            raise ValueError(msg)
        for name in _NEEDS[self.outcome]:
            if getattr(self, name) is None:
                msg = f"{name}: expected one with the outcome {self.outcome}, got nothing"
                raise ValueError(msg)
        for name, figure in self.metrics.items():
            if not math.isfinite(figure):
                msg = f"metrics: {name}: expected a finite number, got {figure}"
                raise ValueError(msg)
