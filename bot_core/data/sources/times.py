"""Text becomes UTC times. A text with an offset is taken at its word; one without is local time in the declared zone.

Bars of whole days carry a session's date: a local midnight stands for that date at 00:00 UTC, whatever the zone.
What is no time comes back as NaT, and `explain` says why: no ISO 8601 date, an offset where the file's first row has none (or the
other way round), a local time that the zone skips or has twice. `now` and `today`, which pandas would accept, are no times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from bot_core.data.contracts import UTC_TIME
from bot_core.errors import ConfigError

_DATE = r"\s*\d{4}[-./]\d{2}[-./]\d{2}"
_OFFSET = r"\d[T ].*?(Z|[+-]\d{2}(?::?\d{2})?)\s*$"
_HALVES = re.compile(r"([+-])(\d{2}):?(\d{2})?")


@dataclass(frozen=True, slots=True)
class Clock:
    """How a file tells the time: `aware` with UTC offsets or not, the zone of local times, and whether bars are whole days."""

    aware: bool
    timezone: str
    whole_days: bool = False


def has_offset(text: str) -> bool:
    """Say whether a time carries its UTC offset.

    >>> has_offset("2017-01-01T22:00:00Z"), has_offset("2017-01-01")
    (True, False)
    """
    return re.search(_OFFSET, text) is not None


def parse(text: pd.Series[str], clock: Clock) -> tuple[pd.Series[pd.Timestamp], pd.Series[int] | None]:
    """Return UTC times (NaT where the text is no time) and, where the file is aware, the offsets in minutes."""
    stamps = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce").astype(UTC_TIME)
    suffix = text.str.extract(_OFFSET, expand=False)
    sound = text.str.match(_DATE, na=False) & (suffix.notna() == clock.aware)
    stamps = stamps.where(sound)
    if not clock.aware:
        return from_local(stamps.dt.tz_localize(None), clock), None
    offsets = _minutes(suffix)
    return (_session_dates(stamps, offsets) if clock.whole_days else stamps), offsets


def from_local(local: pd.Series[pd.Timestamp], clock: Clock) -> pd.Series[pd.Timestamp]:
    """Return the UTC times of naive local times (NaT: skipped or ambiguous in that zone)."""
    as_utc = local.dt.tz_localize("UTC").astype(UTC_TIME)
    if clock.timezone == "UTC":
        return as_utc
    utc = local.dt.tz_localize(zone(clock.timezone), ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC").astype(UTC_TIME)
    return utc.mask(local == local.dt.normalize(), as_utc) if clock.whole_days else utc


def from_zone(stamps: pd.Series[pd.Timestamp], *, whole_days: bool) -> pd.Series[pd.Timestamp]:
    """Return the UTC times of timestamps that know their zone."""
    local = stamps.dt.tz_localize(None)
    utc = stamps.dt.tz_convert("UTC").astype(UTC_TIME)
    return utc.mask(local == local.dt.normalize(), local.dt.tz_localize("UTC").astype(UTC_TIME)) if whole_days else utc


def explain(text: str, clock: Clock) -> tuple[str, str]:
    """Return what was expected of a text that is no time, and what to do."""
    if not re.match(_DATE, text) or pd.isna(pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")):
        return "an ISO 8601 time such as 2017-01-01T22:00:00Z", "write times as year-month-day hour:minute:second"
    if has_offset(text) != clock.aware:
        return f"a time {'with' if clock.aware else 'without'} a UTC offset, as in the first row", "write all times alike"
    return f"a time that {clock.timezone} has exactly once", "write times in UTC, or with their UTC offset"


def zone(name: str) -> ZoneInfo:
    """Return the declared time zone.

    Raises:
        ConfigError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"data.timezone: expected an IANA time zone such as UTC or America/New_York, got {name}"
        raise ConfigError(msg) from error


def _session_dates(stamps: pd.Series[pd.Timestamp], offsets: pd.Series[int]) -> pd.Series[pd.Timestamp]:
    local = stamps + pd.to_timedelta(offsets.astype("int64") * 60, unit="s")
    return stamps.mask(local == local.dt.normalize(), local)


def _minutes(suffix: pd.Series[str]) -> pd.Series[int]:
    codes, texts = pd.factorize(suffix)
    known = np.array([*(_offset(text) for text in texts), 0], dtype=np.int16)  # the last answers for NaN, code -1
    return pd.Series(known[codes], index=suffix.index)


def _offset(text: str) -> int:
    found = _HALVES.match(text)
    if found is None:
        return 0
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes
