"""Is everything there that a training or a release leans on? What the weekly check asks; nothing here mends anything.

Each question gives a finding and raises nothing that was foreseen, so that one store which is away does not hide the rest.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from typing import TYPE_CHECKING

from bot_core.errors import BotCoreError, TrackingError
from bot_core.tracking import store
from bot_core.tracking.finding import Finding
from bot_core.tracking.spool import Spool
from bot_core.tracking.trackers import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.config.tracking import Destination, TrackingConfig
    from bot_core.governance.snapshot import Snapshot
    from bot_core.tracking.store_places import Place

PROBE = "probes"
LEAST_FREE = 1 << 30  # bytes: a larger snapshot (FinBERT's has 440 MB) and, beside it, the one that replaces it
OLDEST_WAITING = dt.timedelta(days=7)
GIB = 1 << 30


def trackers(config: TrackingConfig, root: Path) -> Iterator[Finding]:
    """Ask each declared tracker whether it answers and knows us."""
    if not config.destinations:
        yield Finding("trackers", well=True, found="none declared; runs are files under var/tracking/runs")
    for destination in config.destinations:
        yield _tracker(destination, root)


def waiting(root: Path, now: dt.datetime) -> Finding:
    """Say how many runs wait for a tracker, and since when; a week is too long."""
    try:
        paths = [one.path for one in Spool(root).waiting()]
        oldest = min((path.stat().st_mtime for path in paths), default=None)
    except BotCoreError as error:
        return Finding("spool", well=False, found=error.message, hint=error.hint)
    if oldest is None:
        return Finding("spool", well=True, found="nothing waits")
    since = dt.datetime.fromtimestamp(oldest, dt.UTC)
    found = f"{len(paths)} wait, the oldest since {since:%Y-%m-%d %H:%M} UTC"
    return Finding("spool", well=now - since <= OLDEST_WAITING, found=found, hint="bot-core tracking backfill")


def storage(place: Place, view: Snapshot) -> Iterator[Finding]:
    """Write, read and remove an object of the store, then read the newest release of each model and compare it with git's."""
    try:
        found = _probed(place)
    except BotCoreError as error:
        yield Finding("storage", well=False, found=error.message, hint=error.hint)
        return
    yield Finding("storage", well=True, found=found)
    newest = dict(store.versions(view))  # of a model the last, which is the newest
    yield from (_release(place, view, model, version) for model, version in newest.items())
    if not newest:
        yield Finding("releases", well=True, found="no signed release is committed here")


def space(cache: Path, least: int = LEAST_FREE) -> Finding:
    """Say how much room is left where models are cached; the folder need not exist yet.

    Args:
        cache: the folder.
        least: bytes that must be free.
    """
    place = next(folder for folder in (cache.absolute(), *cache.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    found = f"{cache}: {free / GIB:.1f} GiB free, at least {least / GIB:.1f} asked"
    return Finding("model cache space", well=free >= least, found=found, hint="free space there, or set AI_TRADER_MODEL_CACHE")


def _tracker(destination: Destination, root: Path) -> Finding:
    name = f"tracker {destination.__struct_config__.tag}"
    try:
        return Finding(name, well=True, found=check(destination, root))
    except BotCoreError as error:
        return Finding(name, well=False, found=error.message, hint=error.hint)


def _probed(place: Place) -> str:
    """Prove that an object can be kept, comes back as it was, and that nothing else has its name."""
    name, data = f"{PROBE}/{os.getpid()}-{os.urandom(8).hex()}", os.urandom(32)
    created = place.create(name, data, {})
    there = place.read(name)
    place.remove(name)
    if not created or there != data:
        msg = f"{place.url}/{name}: expected the object that was just written, got another one"
        raise TrackingError(msg, hint="bot-core store verify")
    return f"{place.url}: reachable and writable"


def _release(place: Place, view: Snapshot, model: str, version: str) -> Finding:
    name = f"stored {model}"
    try:
        problems = store.verify(place, model, version, store.released(view, model, version))
    except BotCoreError as error:
        return Finding(name, well=False, found=error.message, hint=error.hint)
    if problems:
        trouble = {problem.trouble for problem in problems}
        hint = "bot-core store verify" if "changed" in trouble else f"bot-core store push {model} {version}"
        return Finding(name, well=False, found=f"{problems[0].message} ({len(problems)} in all)", hint=hint)
    return Finding(name, well=True, found=f"{version}, byte for byte as git holds it")
