"""Numbers and times as people read them. One spelling each, so that the card, the table and the Markdown agree.

Four significant digits, a comma every three, a true minus; a figure that does not exist is an en dash, never a zero.
"""

from __future__ import annotations

import datetime as dt
from math import floor, isfinite, log10

NONE = "\u2013"
MINUS = "\u2212"
PERCENT = "\u00a0%"
SMALLEST = 1e-6
SMALLEST_P = 1e-4
LARGEST_P = 0.99


def figure(value: float | None, *, digits: int = 4, sign: bool = False) -> str:
    """Spell a number with significant digits.

    >>> figure(12345.678), figure(0.0123456), figure(1.5, sign=True)
    ('12,346', '0.01235', '+1.500')
    """
    if value is None or not isfinite(value):
        return NONE
    plus = "+" if sign and value > 0 else ""
    return plus + _digits(value, digits).replace("-", MINUS)


def count(value: float | None) -> str:
    """Spell a whole number: `12,345`."""
    return NONE if value is None or not isfinite(value) else f"{value:,.0f}".replace("-", MINUS)


def percent(share: float | None, *, decimals: int = 1, sign: bool = False) -> str:
    """Spell a share in per cent, with a no-break space: 0.123 is `12.3 %`."""
    if share is None or not isfinite(share):
        return NONE
    text = f"{100 * share:{'+' if sign else ''},.{decimals}f}"
    return f"{_unsigned_zero(text)}{PERCENT}".replace("-", MINUS)


def interval(low: float | None, high: float | None) -> str:
    """Spell an interval of shares with one unit: `49.0` to `53.0 %`, an en dash between."""
    if low is None or high is None:
        return NONE
    return f"{percent(low).removesuffix(PERCENT)}{NONE}{percent(high)}"


def p_value(value: float) -> str:
    """Spell a p-value without pretending to more than four decimals.

    >>> p_value(0.031415), p_value(3e-9), p_value(0.9955)
    ('0.031', '< 0.0001', '> 0.99')
    """
    if value < SMALLEST_P:
        return "< 0.0001"
    return "> 0.99" if value > LARGEST_P else f"{value:.2g}"


def moment(text: str) -> str:
    """Spell a UTC time: the day alone at midnight, else day and minute; what is no time (a row number) stays as it is."""
    at = parse_time(text)
    if at is None:
        return text
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute, at.second) == (0, 0, 0) else f"{at:%Y-%m-%d %H:%M}"


def parse_time(text: str) -> dt.datetime | None:
    """Read an ISO time as UTC; None when it is none."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)


def _digits(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    if abs(value) < SMALLEST:
        return f"{value:.{digits - 1}e}"
    decimals = digits - 1 - floor(log10(abs(value)))
    return _unsigned_zero(f"{value:,.{min(max(decimals, 0), 8)}f}")


def _unsigned_zero(text: str) -> str:
    return text.lstrip("+-") if not any(digit in text for digit in "123456789") else text
