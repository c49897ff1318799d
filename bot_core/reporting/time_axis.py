"""Time along a picture's bottom: days since 1970, and a few round dates that fit."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from bot_core.errors import DocumentError
from bot_core.reporting.numerals import parse_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bot_core.reporting.canvas import Canvas

DAY = 86_400.0
HALF_LABEL = 28
TICK_EVERY = 95
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
DAY_STEPS = (1, 2, 7, 14)


def days(text: str) -> float:
    """Return a UTC time as days since 1970.

    Raises:
        DocumentError: the text is no ISO time.
    """
    at = parse_time(text)
    if at is None:
        msg = f"report: expected an ISO time, got {text!r}"
        raise DocumentError(msg)
    return at.timestamp() / DAY


def time_ticks(first: float, last: float, at_most: int) -> list[tuple[float, str]]:
    """Choose round dates within [first, last], at most so many, the finest that fit: years, then months, then days."""
    for step in DAY_STEPS:
        if (last - first) / step < at_most:
            start = -(-first // step) * step
            return [(at, f"{_date(at):%d %b}".lstrip("0")) for at in _range(start, last, step)]
    for months in MONTH_STEPS:
        ticks = _month_ticks(first, last, months)
        if len(ticks) <= at_most:
            return ticks
    return []


def dress(canvas: Canvas, axes: Axes, first: float, last: float) -> None:
    """Put time from `first` to `last` on the x axis, as many dates as the picture is wide, none of them cut off."""
    ticks = time_ticks(first, last, canvas.width // TICK_EVERY)
    axes.set_xlim(first, max(last, first + 1e-6))
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])
    box, length = axes.get_position(), max(last - first, 1e-6)
    for (at, _), label in zip(ticks, axes.get_xticklabels(), strict=True):
        label.set_horizontalalignment(_side(canvas.width * (box.x0 + box.width * (at - first) / length), canvas.width))


def _side(at: float, width: float) -> Literal["left", "center", "right"]:
    """Keep a label inside a picture of so many pixels."""
    if at < HALF_LABEL:
        return "left"
    return "right" if at > width - HALF_LABEL else "center"


def _month_ticks(first: float, last: float, months: int) -> list[tuple[float, str]]:
    start, end = _date(first), _date(last)
    numbers = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    dates = [dt.datetime(n // 12, n % 12 + 1, 1, tzinfo=dt.UTC) for n in numbers if _round(n, months)]
    ticks = [(date.timestamp() / DAY, f"{date:%Y}" if months >= 12 else f"{date:%b %Y}") for date in dates]  # noqa: PLR2004  # whole years
    return [(at, label) for at, label in ticks if first <= at <= last]


def _round(number: int, months: int) -> bool:
    return number % months == 0


def _range(start: float, last: float, step: int) -> list[float]:
    return [start + step * i for i in range(int((last - start) // step) + 1)] if start <= last else []


def _date(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at * DAY, tz=dt.UTC)
