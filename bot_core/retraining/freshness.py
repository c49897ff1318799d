"""How fresh data are, and the line of `conf/data/` that says so: `as_of`, the newest row that should be there.

Data quality counts bars due after the newest row up to `as_of` as `stale_tail`. So `as_of` follows the newest row when rows come, never
goes back, and does not depend on the clock: the same data give the same configuration. Whether a source is late is `late_after`'s matter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from bot_core._parse import load_yaml, read_bytes, write_bytes
from bot_core.config.models import EventTable
from bot_core.data.checks.found import written
from bot_core.data.durations import DAY, microseconds
from bot_core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.config.models import DataConfig

_LINE = re.compile(rb"""(?m)^as_of:[ \t]*(?P<value>"[^"\r\n]*"|'[^'\r\n]*'|[^\s#]+)""")


def as_of(config: DataConfig, newest: np.datetime64) -> str:
    """Return the `as_of` that a configuration should have: its own, or the newest row's time where that is later."""
    if np.datetime64(config.as_of.removesuffix("Z"), "us") >= newest.astype("datetime64[s]"):
        return config.as_of
    days = not isinstance(config, EventTable) and microseconds(config.bar, "data.bar") % DAY == 0
    return str(newest.astype("datetime64[D]")) if days and newest == newest.astype("datetime64[D]") else written(newest)


def move_as_of(path: Path, value: str) -> bool:
    """Write another `as_of` into a file of `conf/data/`, and leave every other byte; return whether it changed.

    Raises:
        ConfigError: the file has no line `as_of:` of its own, or cannot be read.
        AuditError: it could not be written; nothing was changed.
    """
    old = read_bytes(path)
    found = list(_LINE.finditer(old))
    if len(found) != 1:
        msg = f"{path}: expected one line as_of: at its left margin, got {len(found)}"
        raise ConfigError(msg, hint=f'write as_of: "{value}" on a line of its own')
    at = found[0]
    new = old[: at.start("value")] + f'"{value}"'.encode() + old[at.end("value") :]
    before, after = load_yaml(old, str(path)), load_yaml(new, str(path))
    if not isinstance(before, dict) or after != before | {"as_of": value}:
        msg = f"{path}: expected a mapping in which only as_of changes to {value}, got another"
        raise ConfigError(msg, hint=f'write as_of: "{value}" on a line of its own')
    if before["as_of"] == value:
        return False
    write_bytes(path, new, sync=True)
    return True


def require_fresh(config: DataConfig, newest: np.datetime64, now: np.datetime64) -> None:
    """Refuse data whose newest row is older than declared.

    Raises:
        InputError: it is.
    """
    limit = config.update.late_after if config.update else None
    if limit is None or now - newest <= np.timedelta64(microseconds(limit, "data.update.late_after"), "us"):
        return
    msg = f"{config.path}: expected rows of the last {limit}, got {written(newest)} as the newest"
    raise InputError(msg, hint="the source is late: ask who runs it; nothing was changed, the next run takes what has come")
