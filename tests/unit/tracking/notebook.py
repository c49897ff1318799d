"""Trackers that keep in memory what they are told: for the order in which things happen, which no server shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bot_core.config.tracking import Destination, MlflowTracking
from bot_core.errors import TrackingError
from bot_core.tracking.port import RunRefused
from bot_core.tracking.spool import tracker_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot_core.documents.tracking import TrackedRun
    from bot_core.tracking.port import OpenRun, Tracker


@dataclass
class Notebook:
    """A tracker and its run in one. `answers`: what it raises by the run's name, under the empty name for all, under `metrics` at these."""

    name: Literal["mlflow", "wandb"] = "mlflow"
    where: str = "in memory"
    ended: bool = False
    answers: dict[str, TrackingError] = field(default_factory=dict)
    told: list[tuple[str, object]] = field(default_factory=list)

    def start(self, run: TrackedRun) -> OpenRun:
        """Keep that it was started, or raise."""
        self.told.append(("start", run.name))
        for name in ("", run.name):
            if name in self.answers:
                raise self.answers[name]
        return self

    def check(self) -> str:
        """Say where it is."""
        return self.where

    def params(self, params: Mapping[str, str]) -> None:
        """Keep them."""
        self.told.append(("params", dict(params)))

    def tags(self, tags: Mapping[str, str]) -> None:
        """Keep them."""
        self.told.append(("tags", dict(tags)))

    def metrics(self, metrics: Mapping[str, float]) -> None:
        """Keep them."""
        self.told.append(("metrics", dict(metrics)))
        if "metrics" in self.answers:
            raise self.answers["metrics"]

    def files(self, files: Sequence[tuple[str, Path]]) -> None:
        """Keep them."""
        self.told.append(("files", list(files)))

    def end(self) -> None:
        """Keep that it ended."""
        self.told.append(("end", None))

    def leave(self) -> None:
        """Keep that it was let go of."""
        self.told.append(("leave", None))

    @property
    def started(self) -> list[object]:
        """The names of the runs that were started, in order."""
        return [what for step, what in self.told if step == "start"]


@dataclass
class Shelf:
    """One notebook for each tracker."""

    mlflow: Notebook = field(default_factory=Notebook)
    wandb: Notebook = field(default_factory=lambda: Notebook("wandb"))

    def find(self, to: Destination, _: Path) -> Tracker:
        """Return the notebook of a destination."""
        return self.mlflow if tracker_name(to) == "mlflow" else self.wandb


TO = MlflowTracking(uri="http://a:1")
AWAY = TrackingError("a: expected it to answer, got nothing", hint="wait")
NO = RunRefused("a: expected it to take the run, got no")
