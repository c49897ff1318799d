"""What lies under `audit/ai_decision`: recent reports, and the scheduler's state, which is replaced under a lock.

The state is read whole, and replaced whole: beside it, waited for, renamed. Whoever changes it holds an exclusive `flock` on
`.scheduler.json.lock` from before it reads until it has replaced; that file stays, for removing it would let two in.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import decode_json, encode_json, write_bytes
from bot_core.ai.schedule_words import RESET
from bot_core.ai.sign_offs import (
    AUDIT,
    load_recent_data_quality_reports,
    load_recent_drift_reports,
    load_recent_walk_forward_reports,
)
from bot_core.documents.schedule import SchedulerState
from bot_core.errors import AuditError, DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "AUDIT",
    "RESET",
    "STATE",
    "load_recent_data_quality_reports",
    "load_recent_drift_reports",
    "load_recent_walk_forward_reports",
    "load_scheduler_state",
    "locked",
    "read_state",
    "replace_state",
]

STATE = "scheduler.json"
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
_MODE = 0o644


def load_scheduler_state(*, audit_root: Path = AUDIT) -> dict[str, object] | None:
    """Return the scheduler's state under the founding names, times as text; nothing where there is no file.

    Raises:
        DocumentError: the file is damaged.
        AuditError: the file cannot be read.
    """
    state = read_state(Path(audit_root) / STATE)
    return None if state is None else msgspec.to_builtins(state)


def read_state(path: Path) -> SchedulerState | None:
    """Read a scheduler's state; nothing where there is no file. See `load_scheduler_state` for what is raised."""
    try:
        return decode_json(path.read_bytes(), SchedulerState, str(path))
    except FileNotFoundError:
        return None
    except DocumentError as error:
        hint = f"git checkout HEAD -- {path} brings the last good one back; or begin anew: {RESET} --interval 6h"
        raise DocumentError(error.message, hint=hint) from error
    except OSError as error:
        msg = f"{path}: expected a readable file, got {error.strerror or error}"
        raise AuditError(msg, hint="fix permissions; nothing is trained meanwhile") from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for the lock of a scheduler's state and hold it; threads exclude each other as processes do.

    Raises:
        AuditError: there is no such lock to be had, or what was done under it failed on the disk.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(f".{path.name}.lock"), _OPEN, _MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        msg = f"{path}: expected to write, got {error.strerror or error}"
        raise AuditError(msg, hint="it is not recorded; free space or fix permissions, then do it again") from error


def replace_state(path: Path, state: SchedulerState) -> None:
    """Replace a scheduler's state, whole or not at all, and wait until it is on the disk. The caller holds the lock.

    Raises:
        AuditError: it could not be written.
    """
    write_bytes(path, encode_json(state), sync=True)
