"""When a model is trained anew, and what a challenger must show to be proposed. `conf/schedule/` says it.

A rhythm is either `every` (a duration since the last run) or `cron` (five fields, read in `timezone`; `calendar` passes over days that have
no session there). `bot_core.config.models` is where others import from; this module imports nothing of it, so that it can.
"""

from __future__ import annotations

import re
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from bot_core.config.values import Count, Duration, Name, NotNegative, OpenShare, Share

_FIELDS = 5
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 3650 * _SECONDS["d"]
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


class Proposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a challenger must show against the champion, the model that `environment` names.

    `better`: its loss is lower; `not_worse`: higher by less than `margin`, a share of the champion's; both at `confidence`. Nothing is
    proposed on fewer than `least_rows` paired rows, nor where less than `share_new` of them are newer than those that the champion was
    tested on.
    """

    environment: Name = "paper"
    require: Literal["better", "not_worse"] = "not_worse"
    margin: NotNegative = 0.02
    confidence: OpenShare = 0.95
    least_rows: Count = 100
    share_new: Share = 0.0


class ScheduleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model's rhythm, and what its challengers must show."""

    every: Duration | None = None
    cron: str | None = None
    timezone: str = "UTC"
    calendar: str | None = None
    proposal: Proposal = Proposal()

    def __post_init__(self) -> None:
        if (self.every is None) == (self.cron is None):
            got = "neither" if self.every is None else f"both {self.every} and {self.cron}"
            msg = f"Expected either every or cron, got {got}"
            raise ValueError(msg)
        if self.cron is None and self.calendar is not None:
            msg = f"Expected calendar beside cron alone, got {self.calendar} beside every: {self.every}"
            raise ValueError(msg)
        if self.every is not None:
            seconds(self.every)
        require_cron(self.cron, self.timezone)


def seconds(every: str) -> int:
    """Return a duration in seconds.

    Raises:
        ValueError: it is out of range.

    >>> seconds("90m")
    5400
    """
    length = int(every[:-1]) * _SECONDS[every[-1]]
    if not 0 < length <= _LONGEST:
        msg = f"Expected every to be between 1s and 3650d, got {every}"
        raise ValueError(msg)
    return length


def require_cron(cron: str | None, timezone: str) -> None:
    """Check what can be checked of a rhythm without reading its fields: their number, and that there is such a time zone.

    Raises:
        ValueError: one of them is wrong.
    """
    if cron is not None and len(cron.split()) != _FIELDS:
        msg = f"Expected five fields of cron such as 30 22 * * 5, got {cron!r}"
        raise ValueError(msg)
    if not _is_zone(timezone):
        msg = f"Expected an IANA time zone such as America/New_York, got {timezone!r}"
        raise ValueError(msg)


def _is_zone(name: str) -> bool:
    if name == "UTC" or _ZONE.fullmatch(name) is None:
        return name == "UTC"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone; no zone's file
        return False
    return True
