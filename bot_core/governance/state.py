"""The state folder: what is in force here, what people said here, what must not be forgotten, and the proven bytes by digest.

Whoever changes anything holds the lock. A file is replaced whole, so a reader sees the old or the new, and a process that is killed at
any point leaves one of the two. Bytes are checked against their digest at every read.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot_core._digest import PREFIX, sha256
from bot_core._parse import decode_json, encode_json, read_bytes, read_json, write_bytes
from bot_core.documents.runtime import Active, Control, RuntimeMemory, RuntimeStatus
from bot_core.errors import AuditError, DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from bot_core.documents.interventions import Halt

T = TypeVar("T")


@dataclass(frozen=True)
class StateFolder:
    """A runtime's folder, such as `var/models`. Reading creates nothing."""

    root: Path

    @property
    def repository(self) -> Path:
        """The runtime's own bare clone."""
        return self.root / "repository.git"

    @property
    def active_path(self) -> Path:
        """What is in force; processes that decide look here."""
        return self.root / "active.json"

    @property
    def control_path(self) -> Path:
        """What people said here; processes that decide look here."""
        return self.root / "control.json"

    def active(self) -> Active | None:
        """Read what is in force; nothing where nothing ever was. A DocumentError where the file is damaged."""
        return _read(self.active_path, Active)

    def control(self) -> Control:
        """Read what people said here. A DocumentError where the file is damaged."""
        try:
            return _read(self.control_path, Control) or Control()
        except DocumentError as error:
            hint = f"no model decides until then: mend {self.control_path}, or remove it, and what was said here is unsaid"
            raise DocumentError(error.message, hint=hint) from error

    def memory(self) -> RuntimeMemory | None:
        """Read what must not be forgotten; nothing before first contact.

        Raises:
            DocumentError: the file is damaged: what was halted or revoked is then not known here.
        """
        path = self.root / "memory.json"
        try:
            return _read(path, RuntimeMemory)
        except DocumentError as error:
            hint = f"restore {path}; without a copy: compare the policy's digest by telephone, set it in conf/runtime/, remove the file"
            raise DocumentError(error.message, hint=hint) from error

    def status(self) -> RuntimeStatus | None:
        """Read how the reconciler's last pass went; nothing before the first. A DocumentError where the file is damaged."""
        return _read(self.root / "status.json", RuntimeStatus)

    def write(self, document: Active | Control | RuntimeMemory | RuntimeStatus) -> None:
        """Replace the file of a document's kind; on the disk when this returns.

        Raises:
            DocumentError: it could not be read again, so it is not written: nothing could be decided by it, or said after it.
            AuditError: it could not be written; the old file stands.
        """
        names = {Active: "active", Control: "control", RuntimeMemory: "memory", RuntimeStatus: "status"}
        path, data = self.root / f"{names[type(document)]}.json", encode_json(document)
        decode_json(data, type(document), str(path))
        write_bytes(path, data, sync=True)

    def change(self, change: Callable[[Control], Control]) -> Control:
        """Change what is said here, alone; return it.

        Raises:
            DocumentError: the file is damaged.
            AuditError: it could not be written.
        """
        with self.lock():
            before = self.control()
            after = change(before)
            if after != before:
                self.write(after)
        return after

    def halt(self, order: Halt) -> Path | None:
        """Say a halt here, whatever `control.json` holds; return where a damaged one was put aside.

        What else a damaged one said is not known, so nothing decides here (`detached`) until somebody attaches it again.

        Raises:
            AuditError: it could not be written.
        """
        with self.lock():
            try:
                said, aside = self.control(), None
            except DocumentError:
                aside = self._put_aside(order.issued)
                said = Control(detached=True, reason=f"control.json was damaged and lies in {aside.name}")
            self.write(msgspec.structs.replace(said, halts=[*said.halts, order], changed=order.issued))
        return aside

    def keep(self, data: bytes) -> str:
        """Keep bytes under their digest and return it. A file there that holds something else is written anew."""
        digest = sha256(data)
        path = self._blob(digest)
        if not path.is_file() or sha256(path.read_bytes()) != digest:
            write_bytes(path, data, sync=True)
        return digest

    def blob(self, digest: str) -> bytes:
        """Return the bytes of a digest.

        Raises:
            DocumentError: they are not here, or the file holds something else.
        """
        path = self._blob(digest)
        data = read_bytes(path)
        if sha256(data) != digest:
            msg = f"{path}: expected the content that its name says, got {sha256(data)}"
            raise DocumentError(msg, hint="bot-core reconcile --once writes it anew from git")
        return data

    def drop_all_but(self, digests: Collection[str]) -> None:
        """Remove the bytes that nothing names any more."""
        kept = {digest.removeprefix(PREFIX) for digest in digests}
        for path in (self.root / "blobs").glob("*"):
            if path.name not in kept:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self, name: str = "lock") -> Iterator[None]:
        """Hold the folder alone, or what else goes by a name in it; waits for whoever holds it.

        Raises:
            AuditError: the folder cannot be written to.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            msg = f"{self.root}: expected a folder to write to, got {error.strerror or error}"
            raise AuditError(msg, hint="fix its permissions, or name another with --state") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _put_aside(self, now: dt.datetime) -> Path:
        """Give the control file a second name, so that there is not a moment without one."""
        aside = self.root / f"{self.control_path.name}.damaged-{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
        try:
            aside.unlink(missing_ok=True)
            aside.hardlink_to(self.control_path)
        except OSError as error:
            msg = f"{aside}: expected to keep a damaged {self.control_path.name}, got {error.strerror or error}"
            raise AuditError(msg, hint=f"move {self.control_path} away by hand, then say it again") from error
        return aside

    def _blob(self, digest: str) -> Path:
        return self.root / "blobs" / digest.removeprefix(PREFIX)


def _read(path: Path, kind: type[T]) -> T | None:
    return read_json(path, kind) if path.exists() else None
