"""Record a run: a file here first, then the trackers that are declared. Whoever trains calls this; nothing it meets stops them.

Each tracker is told out of the spool, behind what waits there already: a run that cannot be told is where it has to be, and so is one
whose process is killed while it tells.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot_core.config.tracking import Destination, MlflowTracking
from bot_core.documents.tracking import Delivery, Told, TrackedRun
from bot_core.errors import BotCoreError
from bot_core.tracking import local
from bot_core.tracking.backfill import backfill
from bot_core.tracking.spool import PLACE, Spool, tracker_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot_core.config.tracking import TrackingConfig

AT_ONCE = 20  # what waits before a run is told with it, up to here: a training does not wait for a long line
_LINE = f"{AT_ONCE} that waited longer were told first"
_NO_RUN = "0" * 32


def record(run: TrackedRun, config: TrackingConfig, root: Path, *, made: Path | None = None) -> Delivery:
    """Keep a run under `var/tracking/` and tell the declared trackers of it; what cannot be told now waits in the spool.

    Args:
        run: what was trained, whole; recorded twice, it stays one run.
        config: who is told.
        root: the repository's root.
        made: where the run's files lie; by default the root.

    Raises:
        AuditError: not even the file could be written here. A tracker that is away, slow or refusing raises nothing.
    """
    return record_all([(run, config)], root, made=made)[0]


def record_all(runs: Sequence[tuple[TrackedRun, TrackingConfig]], root: Path, *, made: Path | None = None) -> list[Delivery]:
    """Do as `record` for several runs, each with its own declaration; a tracker that is away is waited for once.

    Raises:
        AuditError: see `record`.
    """
    kept = [(run, [_placed(to) for to in config.destinations], *local.keep(run, root)) for run, config in runs]
    asked = [(run, to) for run, declared, *_ in kept for to in declared if local.noted(root, run.id, to) is None]
    for run, to in asked:
        Spool(root).add(run, to, made=made)
    left = _tell(root) if asked else {}
    return [
        Delivery(
            run=run.id, path=path, new=new, told=[_became(root, run, to, asked=(run, to) in asked, left=left) for to in declared]
        )
        for run, declared, path, new in kept
    ]


def words(delivery: Delivery) -> Iterator[str]:
    """Say in a sentence for each tracker what became of a run."""
    for told in delivery.told:
        if told.state in {"delivered", "already"}:
            yield f"{told.tracker}: {'delivered' if told.state == 'delivered' else 'delivered before'}: {told.where}"
        else:
            hint = f"; {told.hint}" if told.hint else ""
            yield f"warning: {told.tracker}: not told, waits in {PLACE}: {told.reason}{hint}; later: bot-core tracking backfill"


def _placed(to: Destination) -> Destination:
    """Write the address that the environment says now into a destination that leaves it open; one with a password is not written."""
    address = os.environ.get("MLFLOW_TRACKING_URI", "")
    if isinstance(to, MlflowTracking) and to.uri is None and address.startswith("http") and "@" not in address:
        return replace(to, uri=address)
    return to


def _tell(root: Path) -> dict[tuple[str, str], Told]:
    """Tell what waits; return what could not be told, or under no run's name why nothing could."""
    left: dict[tuple[str, str], Told] = {}
    try:
        for told in backfill(root, most=AT_ONCE):
            if told.state in {"spooled", "refused"}:
                left[told.run, told.tracker] = told
    except BotCoreError as error:
        for tracker in ("mlflow", "wandb"):
            left["", tracker] = Told(run=_NO_RUN, tracker=tracker, state="spooled", reason=error.message, hint=error.hint)
    return left


def _became(root: Path, run: TrackedRun, to: Destination, *, asked: bool, left: dict[tuple[str, str], Told]) -> Told:
    name = tracker_name(to)
    there = local.noted(root, run.id, to)
    if there is not None:
        return there if asked else replace(there, state="already")
    why = left.get((run.id, name)) or left.get(("", name))
    return replace(why, run=run.id) if why else Told(run=run.id, tracker=name, state="spooled", reason=_LINE)
