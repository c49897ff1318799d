"""The scheduler's times and durations in words, for sentences that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

RESET = "bot-core schedule reset --last-run TIME"
_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_NAMES = {"d": "day", "h": "hour", "m": "minute", "s": "second"}


def in_words(length: dt.timedelta) -> str:
    """Spell a duration by its two largest units.

    >>> from datetime import timedelta
    >>> in_words(timedelta(hours=30)), in_words(timedelta(seconds=0.2))
    ('1 day 6 hours', 'less than a second')
    """
    left = int(length.total_seconds())
    parts: list[str] = []
    for unit, name in _NAMES.items():
        number, left = divmod(left, _SECONDS[unit])
        if number or parts:
            parts.append(f"{number} {name}{'s' * (number != 1)}" if number else "")
    return " ".join(filter(None, parts[:2])) or "less than a second"


def moment_in_words(time: dt.datetime) -> str:
    """Spell a time, to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def pause_in_words(until: dt.datetime | None, reason: str | None) -> str:
    """Say when a pause ends, and why it is there."""
    return f"until {'somebody resumes' if until is None else moment_in_words(until)}: {reason}"


def printable(text: str) -> str:
    """Return a reason in one line of characters that can be seen."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
