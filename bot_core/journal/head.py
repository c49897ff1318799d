"""What proves where a journal ends: the tip beside the file, and heads, which may be signed and kept elsewhere.

`<file>.tip` is one line of 192 bytes, written in place after every write: `{"sequence":N,"hash":"…","boot":"…"}`, filled up with blanks;
`boot` is Linux's own name for the time since it was started, so that what a power failure took can be told from what somebody cut off.
The tip makes a cut-off or edited last line evident to the next writer and to whoever verifies; it is not signed.
`<file>.head` is a checkpoint, replaced whole. Its first line is a JSON object (`schema journal sequence hash taken`); after it stands, if
the journal has a key, the armored OpenSSH signature of exactly that line with its newline, for the namespace `head@bot-core`. By hand:
`head -n 1 FILE | ssh-keygen -Y verify -n head@bot-core -s <(tail -n +2 FILE) -f ALLOWED_SIGNERS -I NAME`. Whoever can write the folder can
replace both files, so copies of heads belong where that person cannot write: a branch that only the service's key signs.
"""

from __future__ import annotations

import datetime as dt  # msgspec reads annotations at run time
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bot_core._parse import write_bytes
from bot_core.errors import AuditError
from bot_core.journal.chain import Link

NAMESPACE = "head@bot-core"
TIP_SIZE = 192
_BOOT = Path("/proc/sys/kernel/random/boot_id")
Sequence = Annotated[int, Meta(ge=0)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a head says: at that time the journal of that name had so many lines, and the last one that hash."""

    schema: Literal["bot-core/journal-head/v1"] = "bot-core/journal-head/v1"
    journal: str
    sequence: Sequence
    hash: Hash
    taken: dt.datetime

    @property
    def place(self) -> Link:
        """The place it speaks of."""
        return Link(self.sequence, self.hash)

    def spelled(self) -> bytes:
        """Return the bytes that are signed."""
        return msgspec.json.encode({name: getattr(self, name) for name in self.__struct_fields__}) + b"\n"


class Head(msgspec.Struct, frozen=True):
    """A head as it was read: what it says, the bytes that say it, and their signature, empty where it is unsigned."""

    statement: Statement
    said: bytes
    signature: bytes


class Tip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest place, and since which start of the machine it was written."""

    sequence: Sequence
    hash: Hash
    boot: str

    @property
    def place(self) -> Link:
        """The place it speaks of."""
        return Link(self.sequence, self.hash)


_TIP = msgspec.json.Decoder(Tip)
_STATEMENT = msgspec.json.Decoder(Statement)


def tip_path(path: Path) -> Path:
    """Name a journal's tip."""
    return path.with_name(f"{path.name}.tip")


def head_path(path: Path) -> Path:
    """Name a journal's head."""
    return path.with_name(f"{path.name}.head")


def tip_bytes(place: Link) -> bytes:
    """Spell a tip."""
    return f'{{"sequence":{place.sequence},"hash":"{place.hash}","boot":"{boot()}"}}\n'.rjust(TIP_SIZE).encode()


@cache
def boot() -> str:
    """Name the time since the machine was started; empty where that has no name."""
    return _BOOT.read_text().strip() if _BOOT.exists() else ""


def read_tip(path: Path) -> Tip | None:
    """Read a journal's tip; nothing where there is none.

    Raises:
        AuditError: the file holds something else, or cannot be read.
    """
    file = tip_path(path)
    data = _read(file)
    if not data:
        return None
    try:
        return _TIP.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(file, "the tip of a journal", error) from error


def read_head(file: Path) -> Head | None:
    """Read a head; nothing where there is none. The signature is not checked here.

    Raises:
        AuditError: the file holds something else, or cannot be read.
    """
    data = _read(file)
    if data is None:
        return None
    said, newline, signature = data.partition(b"\n")
    try:
        statement = _STATEMENT.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(file, "the head of a journal", error) from error
    return Head(statement, said + newline, signature)


def write_head(file: Path, data: bytes) -> None:
    """Replace a head, whole or not at all, and wait until it is on the disk.

    Raises:
        AuditError: it could not be written; the old one is untouched.
    """
    write_bytes(file, data, sync=True)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{file}: expected a readable file, got {error.strerror or error}"
        raise AuditError(msg) from error


def _damaged(file: Path, wanted: str, error: Exception) -> AuditError:
    msg = f"{file}: expected {wanted}, got something else ({error})"
    return AuditError(msg, hint=f"bot-core journal verify {file.with_suffix('')}")
