"""How much of the machine other processes take: wall clock means little when they do. Reads Linux's `/proc/stat`."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import NamedTuple

QUIET = 0.05
PATIENCE_S = 180.0
GLANCE_S = 2.0


class Ticks(NamedTuple):
    """Seconds since boot that all cores were busy, that they had, and that finished children of ours took."""

    busy: float
    had: float
    ours: float


def ticks() -> Ticks:
    """Read the counters."""
    second = os.sysconf("SC_CLK_TCK")
    user, nice, system, idle, waiting, *interrupts = (int(n) / second for n in Path("/proc/stat").read_text().split()[1:9])
    busy = user + nice + system + sum(interrupts)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Ticks(busy, busy + idle + waiting, children.ru_utime + children.ru_stime)


def others(before: Ticks, after: Ticks) -> float:
    """Return the share of the machine that went to processes which are not finished children of ours."""
    spent = after.busy - before.busy - (after.ours - before.ours)
    return max(0.0, spent / (after.had - before.had))


def wait_until_quiet() -> None:
    """Wait until others take less than 5 % of the machine, three minutes at most."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        before = ticks()
        time.sleep(GLANCE_S)
        if others(before, ticks()) < QUIET:
            return
