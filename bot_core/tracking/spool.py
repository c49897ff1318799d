"""What trackers have still to be told, on the disk: `var/tracking/spool/<number>-<run>.<tracker>.<whom>.json`, in the order of numbers.

An entry is written, and is on the disk, before its tracker is asked for the first time, and it goes once the tracker has the whole run.
So a process or a machine that stops at any point loses nothing. The entry holds the run; the run's files are copied beside it, named by
their digest, because what a training leaves is replaced by the next one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot_core._digest import PREFIX, sha256, sha256_file, short
from bot_core._parse import encode_json, read_bytes, read_json, write_bytes
from bot_core.config.tracking import Destination, MlflowTracking
from bot_core.documents.document import Part
from bot_core.documents.tracking import TrackedRun
from bot_core.errors import AuditError, DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.tracking import TrackedFile

PLACE = Path("var", "tracking", "spool")
_FILES = "files"


class Spooled(Part, frozen=True, kw_only=True):
    """One entry: a run, and who has to be told of it."""

    schema: Literal["bot-core/spooled-run/v1"] = "bot-core/spooled-run/v1"
    run: TrackedRun
    to: Destination


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry where it lies."""

    number: int
    path: Path
    run: TrackedRun
    to: Destination

    @property
    def tracker(self) -> Literal["mlflow", "wandb"]:
        """The tracker's name."""
        return tracker_name(self.to)

    @property
    def server(self) -> str:
        """Who answers, or does not, for all runs that wait for the same."""
        return f"mlflow {self.to.uri}" if isinstance(self.to, MlflowTracking) else "wandb"


class Spool:
    """The spool of a repository. Nothing is created before the first entry."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = root / PLACE

    def add(self, run: TrackedRun, to: Destination, *, made: Path | None = None) -> bool:
        """Put a run at the end of the line, with copies of its files; return False where it waits already.

        Args:
            run: what has to be told.
            to: whom.
            made: where the run's files lie; by default the root.

        Raises:
            AuditError: it is not on the disk.
        """
        with self._locked("add.lock", wait=True):
            there, name = self._names(), f"{run.id}.{tracker_name(to)}.{short(sha256(encode_json(to)))}.json"
            if any(path.name.endswith(f"-{name}") for path in there):
                return False
            for file in run.files:
                self._copy(file, made or self.root)
            path = self.place / f"{max(map(_number, there), default=0) + 1:08d}-{name}"
            write_bytes(path, encode_json(Spooled(run=run, to=to)), sync=True)
        return True

    def waiting(self) -> list[Waiting]:
        """Read what waits, in the order in which it is told.

        Raises:
            DocumentError: an entry is damaged.
        """
        return [self._read(path) for path in self._names()]

    def files(self, run: TrackedRun) -> list[tuple[str, Path]]:
        """Return those of a run's files whose copies are here as they were: the name at the tracker, and the copy."""
        copies = [(file, self._place(file)) for file in run.files]
        return [(file.path, copy) for file, copy in copies if copy.is_file() and sha256_file(copy) == file.digest]

    def drop(self, entry: Waiting) -> None:
        """Take an entry out of the line, with the copies that no other entry needs.

        Raises:
            AuditError: it could not be removed; its tracker will be asked again, and finds that it has the run.
        """
        with self._locked("add.lock", wait=True):
            try:
                entry.path.unlink(missing_ok=True)
                self._purge()
            except OSError as error:
                msg = f"{entry.path}: expected to remove it, got {error.strerror or error}"
                raise AuditError(msg, hint="fix permissions; the run is delivered, and will not be twice") from error

    @contextmanager
    def telling(self) -> Iterator[bool]:
        """Be the only one who tells; False where another process does."""
        if not self.place.is_dir():
            yield True
            return
        with self._locked("tell.lock", wait=False) as mine:
            yield mine

    @contextmanager
    def _locked(self, name: str, *, wait: bool) -> Iterator[bool]:
        try:
            self.place.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.place / name, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            msg = f"{self.place / name}: expected to open it, got {error.strerror or error}"
            raise AuditError(msg, hint="free space or fix permissions, then run the same command again") from error
        try:
            yield _take(handle, wait=wait)
        finally:
            os.close(handle)

    def _names(self) -> list[Path]:
        return sorted(self.place.glob("[0-9]*.json"), key=_number)

    def _read(self, path: Path) -> Waiting:
        try:
            entry = read_json(path, Spooled)
        except DocumentError as error:
            raise DocumentError(error.message, hint=f"move {path} away; the run itself is kept under var/tracking/runs/") from error
        return Waiting(_number(path), path, entry.run, entry.to)

    def _place(self, file: TrackedFile) -> Path:
        return self.place / _FILES / file.digest.removeprefix(PREFIX) / Path(file.path).name

    def _copy(self, file: TrackedFile, made: Path) -> None:
        """Copy a file as it was when the run was made; one that is gone or changed is left out, and the tracker is told so."""
        source, copy = made / file.path, self._place(file)
        if not copy.is_file() and source.is_file() and sha256_file(source) == file.digest:
            write_bytes(copy, read_bytes(source), sync=True)

    def _purge(self) -> None:
        needed = {file.digest.removeprefix(PREFIX) for entry in self.waiting() for file in entry.run.files}
        for folder in (self.place / _FILES).glob("*"):
            if folder.name not in needed:
                shutil.rmtree(folder)


def tracker_name(to: Destination) -> Literal["mlflow", "wandb"]:
    """Name the tracker of a destination."""
    return "mlflow" if isinstance(to, MlflowTracking) else "wandb"


def _number(path: Path) -> int:
    return int(path.name.partition("-")[0])


def _take(handle: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
