"""Tell the trackers what waits in the spool: in order, once, and one process at a time.

A server that is away ends its own line here, so that no later run overtakes an earlier one; the lines of others go on. A run that a
tracker refuses stays in the spool and lets the next one pass. What was told is on record (`told/`), so that it is not asked again; if that
record is lost the tracker itself is asked, and has the run by its id.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bot_core.documents.tracking import Told
from bot_core.errors import TrackingError
from bot_core.tracking import local
from bot_core.tracking.port import RunRefused, Tracker, tell
from bot_core.tracking.spool import Spool, Waiting
from bot_core.tracking.trackers import tracker_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot_core.config.tracking import Destination
    from bot_core.documents.tracking import State

    Find = Callable[[Destination, Path], Tracker]


def backfill(root: Path, *, find: Find = tracker_of, most: int | None = None) -> Iterator[Told]:
    """Tell what waits, and say of each run what became of it, as it does.

    Args:
        root: the repository's root.
        find: from a destination to its tracker.
        most: runs at one go; by default all, and those that come meanwhile.

    Raises:
        TrackingError: another process is telling.
        DocumentError: an entry is damaged.
        AuditError: what was told could not be recorded.
    """
    spool = Spool(root)
    with spool.telling() as mine:
        if not mine:
            msg = f"{spool.place}: expected to be the only one who tells, got another process that does"
            raise TrackingError(msg, hint="it takes all that waits; bot-core tracking status")
        yield from islice(_told(root, spool, find), most)


def _told(root: Path, spool: Spool, find: Find) -> Iterator[Told]:
    away: dict[str, TrackingError] = {}
    passed: set[Path] = set()
    while entry := next((waiting for waiting in spool.waiting() if waiting.path not in passed), None):
        passed.add(entry.path)
        if problem := away.get(entry.server):
            yield _left(entry, problem)
            continue
        try:
            told = tell(find(entry.to, root), entry.run, spool.files(entry.run))
        except RunRefused as error:
            yield _left(entry, error)
        except TrackingError as error:
            away[entry.server] = error
            yield _left(entry, error)
        else:
            local.note(root, entry.to, told)
            spool.drop(entry)
            yield told


def _left(entry: Waiting, problem: TrackingError) -> Told:
    state: State = "refused" if isinstance(problem, RunRefused) else "spooled"
    return Told(run=entry.run.id, tracker=entry.tracker, state=state, reason=problem.message, hint=problem.hint)
