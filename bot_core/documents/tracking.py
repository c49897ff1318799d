"""What an experiment tracker is told of one training, and what became of telling it. Nothing here knows MLflow or W&B."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from bot_core._digest import PREFIX, sha256
from bot_core.documents.artifact import Digest
from bot_core.documents.document import Part
from bot_core.documents.governed import Name, Time
from bot_core.documents.runtime import Commit

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./ -]*\Z", max_length=200)]
RunId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
State = Literal["delivered", "already", "spooled", "refused"]

_ID_LENGTH = 32


class Origin(Part, frozen=True, kw_only=True):
    """What a run was made of. Without a `commit` it was made outside a repository; `clean`: all that it read was committed."""

    commit: Commit | None
    clean: bool
    data: Digest
    config: Digest
    environment: Digest


class TrackedFile(Part, frozen=True, kw_only=True):
    """A file that the run left: its path, relative to the root, and what it held."""

    path: Annotated[str, Meta(min_length=1, max_length=400)]
    digest: Digest


class TrackedRun(Part, frozen=True, kw_only=True):
    """`var/tracking/runs/<id>.json`: one training, whole.

    `id` comes from what was learned (`run_id`), so that the same result is one run however often it is recorded. `experiment` groups
    runs, `model` names what was trained. Metrics are finite and without a step: one of a fold has the fold in its name, `fold/1/auc`.
    """

    schema: Literal["bot-core/tracked-run/v1"] = "bot-core/tracked-run/v1"
    id: RunId
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    experiment: Key
    model: Name
    started: Time
    ended: Time
    origin: Origin
    params: dict[Key, Annotated[str, Meta(max_length=6000)]] = {}
    metrics: dict[Key, float] = {}
    tags: dict[Key, Annotated[str, Meta(max_length=5000)]] = {}
    files: list[TrackedFile] = []

    def __post_init__(self) -> None:
        if self.ended < self.started:
            msg = f"ended: expected a time from {self.started.isoformat()} on, got {self.ended.isoformat()}"
            raise ValueError(msg)
        for name, figure in self.metrics.items():
            if not math.isfinite(figure):
                msg = f"metrics: {name}: expected a finite number, got {figure}"
                raise ValueError(msg)


class Told(Part, frozen=True, kw_only=True):
    """What became of telling one tracker of one run.

    `delivered`: it has the run now, at `where`. `already`: it had it before. `spooled`: it could not be told, and will be by
    `bot-core tracking backfill`. `refused`: it does not take this run; it is kept too. The last two have a `reason`.
    """

    run: RunId
    tracker: Literal["mlflow", "wandb"]
    state: State
    where: str = ""
    reason: str = ""
    hint: str = ""


class Delivery(Part, frozen=True, kw_only=True):
    """What became of a run: kept at `path` here, and what each tracker was told. `new`: it was not recorded before."""

    run: RunId
    path: str
    new: bool
    told: list[Told] = []

    @property
    def waits(self) -> bool:
        """Whether a tracker still has to be told."""
        return any(told.state in {"spooled", "refused"} for told in self.told)


def run_id(*parts: str) -> str:
    """Name a run by what it learned, and from what: digests and names, in an order that the caller keeps.

    >>> run_id("meta_label", "sha256:00")[:8]
    '4ee0586d'
    """
    return sha256("\n".join(parts).encode()).removeprefix(PREFIX)[:_ID_LENGTH]


def finite(figures: Mapping[str, float | int | bool | None]) -> dict[str, float]:
    """Keep the figures that a tracker can hold: numbers that are finite; what is missing is left out."""
    return {name: float(value) for name, value in figures.items() if value is not None and math.isfinite(value)}
