"""Where released artifacts are kept: a folder, or what a DVC remote names, such as a bucket of S3.

A place creates and reads whole objects. It never replaces one: a folder links a finished file under its name, S3 is asked with
`If-None-Match: *`, so that of two writers one wins and the other is told. The remotes, their credentials and their time-outs are DVC's
(`dvc remote add`, `.dvc/config.local`, the AWS variables); without a default remote it is the folder `var/store`.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from bot_core.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dvc.fs import Filesystem as Outer

T = TypeVar("T")

EMBEDDED = Path("var/store")
TIMEOUTS = {"connect_timeout": 5, "read_timeout": 30}  # seconds, where the remote's configuration says nothing else


class Place(Protocol):
    """Where objects are kept under their names, which have slashes. All raise TrackingError where it does not answer, or refuses."""

    @property
    def url(self) -> str:
        """Where it is, for people."""

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes, or nothing where there is none."""

    def create(self, name: str, data: bytes, notes: Mapping[str, str]) -> bool:
        """Keep an object; False where there is one of that name already, which is left as it is."""

    def remove(self, name: str) -> None:
        """Take an object away. Nothing that was released is ever removed; see `health.storage`."""

    def names(self, prefix: str) -> list[str]:
        """List the objects whose names begin with a folder, in order."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, or one that is mounted here. It keeps no notes: the release's index has them."""

    root: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.root)

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, or nothing."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _said(self.url, error) from error

    def create(self, name: str, data: bytes, notes: Mapping[str, str]) -> bool:  # noqa: ARG002  # a folder has no place for notes
        """Write a file beside its place, then link it there, which fails where there is one; it is on the disk when this returns."""
        target = self.root / name
        part = target.with_name(f".{target.name}.{os.urandom(8).hex()}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _written(part, data)
            os.link(part, target)
        except FileExistsError:
            return False
        except OSError as error:
            raise _said(self.url, error) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
        return True

    def remove(self, name: str) -> None:
        """Take a file away."""
        try:
            (self.root / name).unlink(missing_ok=True)
        except OSError as error:
            raise _said(self.url, error) from error

    def names(self, prefix: str) -> list[str]:
        """List the files below a folder."""
        found = (self.root / prefix).rglob("*")
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.is_file() and path.suffix != ".part")


class Filesystem(Protocol):
    """What is used of an fsspec filesystem."""

    def cat_file(self, path: str) -> bytes:
        """Read an object."""

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: object) -> object:
        """Write an object."""

    def rm_file(self, path: str) -> None:
        """Remove an object."""

    def find(self, path: str) -> list[str]:
        """List the objects below a path."""


@dataclass(frozen=True)
class Remote:
    """A DVC remote that is no folder. `takes_notes`: it is S3, and an object's notes become its metadata."""

    url: str
    prefix: str
    filesystem: Filesystem
    failures: tuple[type[Exception], ...]
    takes_notes: bool

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes, or nothing."""
        return self._asked(lambda: self._found(name))

    def create(self, name: str, data: bytes, notes: Mapping[str, str]) -> bool:
        """Ask for an object that does not exist yet."""
        extra = {"Metadata": dict(notes)} if self.takes_notes else {}
        try:
            self._asked(lambda: self.filesystem.pipe_file(f"{self.prefix}/{name}", data, mode="create", **extra))
        except FileExistsError:
            return False
        return True

    def remove(self, name: str) -> None:
        """Delete an object."""
        self._asked(lambda: self.filesystem.rm_file(f"{self.prefix}/{name}"))

    def names(self, prefix: str) -> list[str]:
        """List the objects below a folder."""
        found = self._asked(lambda: self.filesystem.find(f"{self.prefix}/{prefix}"))
        return sorted(path.removeprefix(f"{self.prefix}/") for path in found)

    def _found(self, name: str) -> bytes | None:
        try:
            return self.filesystem.cat_file(f"{self.prefix}/{name}")
        except FileNotFoundError as error:
            if str(error).endswith(name):
                return None
            raise  # not the object is missing but the bucket

    def _asked(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except FileExistsError:
            raise
        except self.failures as error:
            raise _said(self.url, error) from error


def open_place(root: Path, remote: str | None = None) -> Place:
    """Open a DVC remote by its name, else DVC's default remote, else the folder `var/store`. Nothing is asked of it yet.

    Args:
        root: the repository.
        remote: a name that `dvc remote list` shows.

    Raises:
        TrackingError: no such remote, or the package that speaks to it is not installed.
    """
    settings = _settings(root)
    name = remote or str(settings.get("core", {}).get("remote") or "")
    return _remote(settings, name) if name else Folder(root / EMBEDDED)


def _settings(root: Path) -> Mapping[str, Mapping[str, object]]:
    """Read DVC's configuration; nothing where the repository has none."""
    if not (root / ".dvc").is_dir():
        return {}
    try:
        from dvc.config import Config, ConfigError  # noqa: PLC0415  # half a second
    except ImportError as error:
        msg = f"{root / '.dvc'}: expected the package dvc to read it, got: {_line(error)}"
        raise TrackingError(msg, hint="pip install 'bot-core[train]'") from error
    try:
        return dict(Config(str(root / ".dvc")))
    except ConfigError as error:
        msg = f"{root / '.dvc/config'}: expected DVC's configuration, got: {_line(error)}"
        raise TrackingError(msg, hint="dvc remote list") from error


def _remote(settings: Mapping[str, Mapping[str, object]], name: str) -> Place:
    from dvc.fs import get_cloud_fs  # noqa: PLC0415

    known = cast("Mapping[str, Mapping[str, object]]", settings.get("remote", {}))
    if name not in known:
        msg = f"remote: expected one of {', '.join(sorted(known)) or 'none, for there is no remote'}; got {name}"
        raise TrackingError(msg, hint=f"dvc remote add {name} URL")
    url = str(known[name]["url"])
    try:
        cls, options, path = get_cloud_fs(settings, name=name)
        if cls.protocol == "local":
            return Folder(Path(path))
        return Remote(url, path.rstrip("/"), _connected(cls, options), _failures(), takes_notes=cls.protocol == "s3")
    except _failures() as error:
        raise _said(url, error) from error


def _connected(cls: type[Outer], options: Mapping[str, object]) -> Filesystem:
    """Make the filesystem that DVC would use, with time-outs that a person would wait for."""
    is_s3 = cls.protocol == "s3"
    outer = cls(**({**TIMEOUTS, **options} if is_s3 else options))
    if is_s3:
        outer.fs_args.setdefault("config_kwargs", {})["retries"] = {"max_attempts": 1}
    return cast("Filesystem", outer.fs)


def _failures() -> tuple[type[Exception], ...]:
    """Name what the packages below raise when a place is away or refuses."""
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc_objects.fs.errors import RemoteMissingDepsError  # noqa: PLC0415

    known: list[type[Exception]] = [OSError, ImportError, NotImplementedError, DvcException, RemoteMissingDepsError]
    with contextlib.suppress(ImportError):
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        known += [BotoCoreError, ClientError]
    return tuple(known)


def _said(url: str, error: Exception) -> TrackingError:
    """Say in one sentence what a place answered."""
    if isinstance(error, ImportError) or type(error).__name__ == "RemoteMissingDepsError":
        extra = "pip install 'bot-core[s3]'" if url.startswith("s3:") else f"pip install dvc-{url.partition(':')[0]}"
        return TrackingError(f"{url}: expected the package that speaks to it, got: {_line(error)}", hint=extra)
    hint = "check its address and credentials: dvc remote list, dvc remote modify --local; bot-core doctor --weekly"
    return TrackingError(f"{url}: expected a store that answers, got: {_line(error)}", hint=hint)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _written(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
