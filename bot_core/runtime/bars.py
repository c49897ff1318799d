"""Bars from a CSV file as they come: those that are there, or also those that are appended while somebody waits.

A feed only goes forward. A file that is shortened, replaced or rewritten is another file: the feed ends with an error, and a new one
begins at its start. Only the last page of what was read is compared; what is changed further up is not seen.
"""

from __future__ import annotations

import os
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.errors import InputError
from bot_core.runtime.bar_lines import BarLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO, Self

    from bot_core.config.models import CsvBars
    from bot_core.features.indicators.indicator import Bar

_CHUNK = 1 << 20
_PAGE = 4096


def read_bars(config: CsvBars, root: Path = Path()) -> Iterator[Bar]:
    """Yield the bars of a file that nobody writes to, oldest first, as `bot_core.data.ohlcv.load_bars` reads them.

    A last line without its end counts, as it does in training. The file is opened with the first bar.

    Args:
        config: the source as it is declared.
        root: what its path is relative to.

    Raises:
        ConfigError: an unknown time zone, or a repair that cannot be made on line.
        InputError: no file, no bar in it, or a line that is not what the configuration says.
    """
    return _read(BarLines(config), root)


def follow_bars(config: CsvBars, root: Path = Path(), *, stop: Callable[[], bool], poll_s: float = 0.2) -> Iterator[Bar]:
    """Yield the bars of a file, oldest first, and then each that is appended, once its line has an end.

    Args:
        config: the source as it is declared.
        root: what its path is relative to.
        stop: asked before every line and at every look; the feed ends once it says so.
        poll_s: seconds between two looks at the file.

    Raises:
        ConfigError: an unknown time zone, or a repair that cannot be made on line.
        InputError: no file, a line that is not what the configuration says, or a file that did not only grow.
    """
    return _followed(BarLines(config), root, stop, poll_s)


def _opened(lines: BarLines, root: Path) -> BinaryIO:
    where = lines.config.path
    try:
        return Path(root, where).open("rb")
    except OSError as error:
        msg = f"{where}: expected a readable CSV file, got {error.strerror or error}"
        raise InputError(msg, hint="data.path is relative to the directory of dvc.yaml") from error


def _read(lines: BarLines, root: Path) -> Iterator[Bar]:
    empty = True
    with _opened(lines, root) as file:
        for line in file:
            if (bar := lines.take(line.removesuffix(b"\n"))) is not None:
                empty = False
                yield bar
    if empty:
        msg = f"{lines.config.path}: expected at least one row after the header, got none"
        raise InputError(msg, hint="export or download the file again")


def _followed(lines: BarLines, root: Path, stop: Callable[[], bool], poll_s: float) -> Iterator[Bar]:
    with _Growing(_opened(lines, root), Path(root, lines.config.path)) as file:
        while not stop():
            if file.lines:
                if (bar := lines.take(file.lines.popleft())) is not None:
                    yield bar
            elif changed := file.change():
                hint = "read it again from its start; what was decided on its bars stays decided"
                raise lines.refused(expected="a file that only grows", got=changed, hint=hint)
            elif not file.read():
                time.sleep(poll_s)


class BarTail:
    """The bars of a file that grows, without waiting for any; asked again it goes on where it stopped.

    Args:
        config: the source as it is declared.
        root: what its path is relative to.

    Raises:
        ConfigError: an unknown time zone, or a repair that cannot be made on line.
    """

    def __init__(self, config: CsvBars, root: Path = Path()) -> None:
        self._lines = BarLines(config)
        self._root = root
        self._file: _Growing | None = None
        self._ahead: Bar | None = None

    def until(self, time: float) -> Iterator[Bar]:
        """Yield the bars that are there, in order, up to a time; the file is opened with the first.

        Raises:
            InputError: no file, a line that is not what the configuration says, or a file that did not only grow.
        """
        while (bar := self._ahead or self._next()) is not None:
            self._ahead = bar if bar.time > time else None
            if self._ahead is not None:
                return
            yield bar

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.__exit__()

    def _next(self) -> Bar | None:
        file = self._file = self._file or _Growing(_opened(self._lines, self._root), Path(self._root, self._lines.config.path))
        while file.lines or file.read():
            while file.lines:
                if (bar := self._lines.take(file.lines.popleft())) is not None:
                    return bar
        if changed := file.change():
            hint = "read it again from its start; what was decided on its bars stays decided"
            raise self._lines.refused(expected="a file that only grows", got=changed, hint=hint)
        return None


class _Growing:
    """A file that grows: its whole lines, without their ends, and what remains of the newest until it has one."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.lines: deque[bytes] = deque()
        self._file = file
        self._path = path
        self._read = 0
        self._page = b""
        self._torn = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def change(self) -> str | None:
        """Say what happened to the file that is not growing."""
        now = os.fstat(self._file.fileno())
        try:
            if not os.path.samestat(now, self._path.stat()):
                return "another one in its place"
        except OSError as error:
            return f"none any more ({error.strerror})"
        if now.st_size < self._read:
            return f"one that shrank from {self._read} to {now.st_size} bytes"
        if os.pread(self._file.fileno(), len(self._page), self._read - len(self._page)) != self._page:
            return "other lines where it was read already"
        return None

    def read(self) -> bool:
        """Read on; say whether there was anything."""
        data = os.pread(self._file.fileno(), _CHUNK, self._read)
        self._read += len(data)
        self._page = (self._page + data)[-_PAGE:]
        whole, end, self._torn = (self._torn + data).rpartition(b"\n")
        if end:
            self.lines.extend(whole.split(b"\n"))
        return bool(data)
