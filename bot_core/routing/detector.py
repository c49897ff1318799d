"""What a drift detector is to the series that it watches."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

Level = Literal["warning", "drift"]


class Window(NamedTuple):
    """What a detector saw when it spoke: values in its window, and their means before and after the change.

    `statistic` is what it holds against `bound`, where it has such a number.
    """

    width: int
    before: float
    after: float
    statistic: float | None = None
    bound: float | None = None


class Detector(Protocol):
    """Watches one series, whose values have the mean 0 and the standard deviation 1 while nothing changes."""

    def update(self, value: float) -> Level | None:
        """Take the next value; say whether it makes a warning, or drift, known."""

    @property
    def window(self) -> Window:
        """What was seen at the newest alarm."""
