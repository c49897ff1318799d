"""How many windows of one model run at once in this process. Never more threads than the work around it leaves.

A stage alone takes what `conf/compute/` says. Where models run beside each other, whoever runs them says how much of the machine each
may take, and that holds for everything below.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from bot_core.config.models import LocalCompute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.config.models import ComputeConfig

_SHARE: ContextVar[int | None] = ContextVar("share", default=None)


def windows_at_once(compute: ComputeConfig) -> int:
    """Return the number of threads for a model's windows; -1: one per core.

    >>> windows_at_once(LocalCompute(workers=4))
    4
    >>> with at_most(1):
    ...     windows_at_once(LocalCompute(workers=4))
    1
    """
    share = _SHARE.get()
    if share is not None:
        return share
    return compute.workers if isinstance(compute, LocalCompute) else -1


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Give what runs inside this many threads, whatever its configuration says."""
    token = _SHARE.set(threads)
    try:
        yield
    finally:
        _SHARE.reset(token)
