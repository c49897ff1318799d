"""The embedded tracker, files under `var/tracking/`: `runs/` has a file per run, `told/` one per run and tracker that has it.

Both are written once and never changed. Reading creates nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256, short
from bot_core._parse import encode_json, read_json, write_bytes
from bot_core.documents.tracking import Told, TrackedRun

if TYPE_CHECKING:
    from bot_core.config.tracking import Destination

RUNS = Path("var", "tracking", "runs")
TOLD = Path("var", "tracking", "told")


def keep(run: TrackedRun, root: Path) -> tuple[str, bool]:
    """Write a run unless it is there; return its path relative to the root, and whether it is new.

    Raises:
        AuditError: it could not be written.
    """
    place = RUNS / f"{run.id}.json"
    new = not (root / place).exists()
    if new:
        write_bytes(root / place, encode_json(run), sync=True)
    return str(place), new


def kept(root: Path) -> list[TrackedRun]:
    """Read all runs, oldest first; none where nothing was recorded.

    Raises:
        DocumentError: a file is damaged.
    """
    runs = [read_json(path, TrackedRun) for path in (root / RUNS).glob("*.json")]
    return sorted(runs, key=lambda run: (run.ended, run.id))


def note(root: Path, to: Destination, told: Told) -> None:
    """Record that a tracker has a run.

    Raises:
        AuditError: it could not be written.
    """
    write_bytes(_place(root, told.run, to), encode_json(told), sync=True)


def noted(root: Path, run: str, to: Destination) -> Told | None:
    """Return what was recorded of a run at a tracker; nothing where it was not told.

    Raises:
        DocumentError: the record is damaged.
    """
    path = _place(root, run, to)
    return read_json(path, Told) if path.exists() else None


def _place(root: Path, run: str, to: Destination) -> Path:
    return root / TOLD / f"{run}.{short(sha256(encode_json(to)))}.json"
