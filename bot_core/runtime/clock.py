"""A clock that never goes back: what has ended once has ended, whatever somebody does to the machine's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.decision.ports import utc_now

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable


class SteadyClock:
    """The present in UTC, at least as late as ever before in this process."""

    def __init__(self, source: Callable[[], dt.datetime] = utc_now) -> None:
        self._source = source
        self._latest = source()

    def __call__(self) -> dt.datetime:
        """Return the time."""
        self._latest = max(self._latest, self._source())
        return self._latest
