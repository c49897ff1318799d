"""Bars that keep coming: the real ones of a year, some each second, and on request a world that has moved."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WARM = 200
"""Bars that are there from the beginning."""


@dataclass
class Feed:
    """Appends to a file what a venue would; one bar every `every_s` seconds from `with` to its end."""

    path: Path
    source: Path
    every_s: float = 0.1
    _factor: float = 1.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        lines = self.source.read_text().splitlines(keepends=True)
        self._rows: Iterator[str] = iter(lines[WARM + 1 :])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(lines[: WARM + 1]))
        self._thread = threading.Thread(target=self._come, name="feed")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def move(self, bars: int, rise: float = 0.003) -> None:
        """Let a market come that training never saw: so many bars at once, each higher than the one before."""
        with self._lock:
            for row in islice(self._rows, bars):
                self._factor *= 1.0 + rise
                self._append(row)

    def _come(self) -> None:
        while not self._over.wait(self.every_s):
            with self._lock:
                self._append(next(self._rows))

    def _append(self, row: str) -> None:
        time, *prices, volume = row.split(",")
        with self.path.open("a") as file:
            file.write(",".join([time, *(f"{float(price) * self._factor:.6f}" for price in prices), volume]))
