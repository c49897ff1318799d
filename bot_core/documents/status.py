"""The three states every report knows, and how several become one: the worst wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Status = Literal["ok", "warning", "critical"]
ORDER: tuple[Status, ...] = ("ok", "warning", "critical")


def worst(states: Iterable[Status]) -> Status:
    """Return the worst of some states; `ok` for none.

    >>> worst(["ok", "critical", "warning"])
    'critical'
    """
    return max(states, key=ORDER.index, default="ok")
