"""A duration of the configuration, `15m` or `1d`, as a number of microseconds: the unit of every time in a table."""

from __future__ import annotations

from bot_core.errors import ConfigError

SECOND = 1_000_000
DAY = 86_400 * SECOND
_LONGEST = (2**63 - 1) // 2  # so that two of them add up to a time
_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": DAY, "w": 7 * DAY}


def microseconds(duration: str, where: str) -> int:
    """Return a declared duration in microseconds.

    Raises:
        ConfigError: the duration is zero, or too long for a time.

    >>> microseconds("90m", "data.bar")
    5400000000
    """
    length = int(duration[:-1]) * _UNITS[duration[-1]]
    if not 0 < length <= _LONGEST:
        msg = f"{where}: expected a duration between 1s and 100 years, got {duration}"
        raise ConfigError(msg, hint="a count and a unit: 15m, 1h, 1d")
    return length
