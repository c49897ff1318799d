"""What a tracker is to us: start a run, write params, tags, metrics and files to it, end it.

Whatever is done twice is the same as done once: a start finds the run that an earlier attempt began, by the tag that holds our id, and
what is written to it again is what stands there. So a delivery that was cut off anywhere is done again from its beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from bot_core.documents.tracking import Told
from bot_core.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot_core.documents.tracking import TrackedRun

ID_TAG = "bot_core.run"
MISSING_TAG = "bot_core.missing_files"


class RunRefused(TrackingError):  # noqa: N818  # an answer, not a fault
    """A tracker answers, and does not take this one run; others may still be told."""


class OpenRun(Protocol):
    """A run at a tracker. `ended`: it was delivered whole before; `where`: how a person finds it."""

    where: str
    ended: bool

    def params(self, params: Mapping[str, str]) -> None:
        """Write what the training was told."""

    def tags(self, tags: Mapping[str, str]) -> None:
        """Write what the run is found by."""

    def metrics(self, metrics: Mapping[str, float]) -> None:
        """Write how good it was."""

    def files(self, files: Sequence[tuple[str, Path]]) -> None:
        """Write what it left: each file's name there, and where it lies here."""

    def end(self) -> None:
        """Close it; from now on it is `ended`."""

    def leave(self) -> None:
        """Let go of it as it is, to be found again."""


class Tracker(Protocol):
    """Where runs are told. Every method raises TrackingError where it is away or slow, RunRefused where it answers no."""

    name: Literal["mlflow", "wandb"]

    def start(self, run: TrackedRun) -> OpenRun:
        """Begin a run, or find the one that was begun."""

    def check(self) -> str:
        """Ask whether it answers and knows us; say where it is."""


def tell(tracker: Tracker, run: TrackedRun, files: Sequence[tuple[str, Path]]) -> Told:
    """Deliver a run whole, unless it is there.

    Args:
        tracker: who is told.
        run: what.
        files: those of the run that are at hand; the others are named in a tag.

    Raises:
        TrackingError: it was not delivered whole; do the same again later.
        RunRefused: it was not, and will not be as it stands.
    """
    there = tracker.start(run)
    if there.ended:
        return Told(run=run.id, tracker=tracker.name, state="already", where=there.where)
    try:
        there.params(run.params)
        there.tags({**tags_of(run), **_missing(run, files)})
        there.metrics(run.metrics)
        there.files(files)
        there.end()
    except TrackingError:
        there.leave()
        raise
    return Told(run=run.id, tracker=tracker.name, state="delivered", where=there.where)


def tags_of(run: TrackedRun) -> dict[str, str]:
    """Return a run's tags, and with them its id and what it was made of."""
    origin = run.origin
    own = {
        ID_TAG: run.id,
        "bot_core.model": run.model,
        "bot_core.commit": origin.commit or "none",
        "bot_core.clean": str(origin.clean).lower(),
        "bot_core.data": origin.data,
        "bot_core.config": origin.config,
        "bot_core.environment": origin.environment,
    }
    return {**run.tags, **own}


def _missing(run: TrackedRun, files: Sequence[tuple[str, Path]]) -> dict[str, str]:
    there = {name for name, _ in files}
    missing = [file.path for file in run.files if file.path not in there]
    return {MISSING_TAG: ", ".join(missing)[:5000]} if missing else {}
