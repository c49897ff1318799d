"""Where a training ran: the commit, and the digest of the environment. Outside a repository there is no commit, and training goes on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import distributions
from typing import TYPE_CHECKING

from bot_core._digest import sha256, sha256_file
from bot_core.errors import GitError
from bot_core.governance import worktree
from bot_core.governance.release import LOCK

if TYPE_CHECKING:
    from pathlib import Path

_CODE = ("bot_core", "scripts", "requirements")


@dataclass(frozen=True, slots=True)
class Provenance:
    """`commit` is missing outside a repository; `clean`: what is committed is what ran."""

    commit: str | None
    clean: bool
    environment: str


def provenance(root: Path) -> Provenance:
    """Read where this runs: the lock file's digest, or where there is none that of what is installed."""
    lock = root / LOCK
    environment = sha256_file(lock) if lock.is_file() else installed()
    try:
        return Provenance(worktree.head(root), not worktree.changed(root, _CODE), environment)
    except GitError:
        return Provenance(None, clean=False, environment=environment)


def installed() -> str:
    """Name the installed packages by the digest of their names and versions, a line each, sorted."""
    lines = sorted({f"{found.metadata['Name'].lower()}=={found.version}\n" for found in distributions()})
    return sha256("".join(lines).encode())
