"""New governed documents: spelled, signed, written whole, and committed by themselves."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import write_bytes
from bot_core.errors import ConfigError, GitError
from bot_core.governance import sshsig, worktree
from bot_core.governance.layout import SIG
from bot_core.governance.reading import check, parse, spell
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import msgspec

    from bot_core.governance.crew import Crew
    from bot_core.governance.layout import Signable

Files = dict[str, bytes]


def signed(document: msgspec.Struct, path: str, signable: Signable, key: Path, crew: Crew | None, now: dt.datetime) -> Files:
    """Spell and sign a document; return it and its signature by path. Nothing is written.

    Args:
        document: names its signer in `signer` or `author`.
        path: where it will lie.
        signable: its kind.
        key: a private key's file, or with an agent or a hardware key the public one's.
        crew: whose keys count; nothing where there is no policy yet.
        now: the time, for the key's validity.

    Raises:
        SigningError: ssh-keygen gave no signature.
        Refused: the policy does not know the key for this person, or it does not count now.
    """
    data = spell(document)
    armored = sign(data, path, signable, key)
    name = str(getattr(document, "signer", None) or getattr(document, "author", ""))
    if crew is not None:
        crew.key_of(name, check(data, armored, path, signable, name, sshsig.verify), now, path)
    return {path: data, path + SIG: armored}


def require_readable(document: msgspec.Struct, path: str) -> None:
    """Prove before anybody signs that a document of words as typed will be read as one.

    Raises:
        ConfigError: an empty or too long text, a name that is none, a character that cannot be seen.
    """
    try:
        parse(spell(document), type(document), path)
    except ValueError as error:
        msg = f"{path}: {error}"
        raise ConfigError(msg, hint="nothing was written") from error
    except Refused as problem:
        raise ConfigError(problem.message, hint="nothing was written") from problem


def sign(data: bytes, path: str, signable: Signable, key: Path) -> bytes:
    """Return the armored signature of some bytes; the person sees the file's own name."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, Path(path).name)
        copy.write_bytes(data)
        return sshsig.sign(copy, signable.namespace, key)


def write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write new files; a file that is already there must be the same.

    Raises:
        Refused: ADD-ONLY: the file is there and holds something else.
        AuditError: a file could not be written.
    """
    for path, data in files.items():
        there = root / path
        if there.exists() and there.read_bytes() != data:
            raise Refused(
                "ADD-ONLY",
                path,
                f"{path}: expected a new file, got one that is there already",
                f"it was said already: git log -- {path}",
            )
    for path, data in files.items():
        write_bytes(root / path, data)


def commit(root: Path, files: Mapping[str, bytes], message: str) -> str:
    """Write some files and commit them alone; return the commit.

    Raises:
        GitError: other changes are staged, or git refuses.
    """
    worktree.require_nothing_staged(root)
    write(root, files)
    return worktree.commit(root, list(files), message)


def replace(root: Path, path: str, data: bytes, message: str) -> str:
    """Write a file that may change, and commit it alone; return the commit."""
    return overwrite(root, {path: data}, message)


def overwrite(root: Path, files: Mapping[str, bytes], message: str) -> str:
    """Write files that may change, and commit them alone; return the commit.

    Raises:
        GitError: other changes are staged, or git refuses.
    """
    worktree.require_nothing_staged(root)
    if edited := worktree.changed(root, list(files)):
        msg = f"{edited[0]}: expected no changes of yours, which would be lost; got some"
        raise GitError(msg, hint=f"git commit or git restore {edited[0]}, then run the same command again")
    for path, data in files.items():
        write_bytes(root / path, data)
    return worktree.commit(root, list(files), message)
