"""SHA-256 names content; nothing else does. A digest is spelled `sha256:<64 hex>` everywhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PREFIX = "sha256:"


def sha256(data: bytes) -> str:
    """Name bytes by their SHA-256."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Name a file's bytes by their SHA-256, in constant memory."""
    with path.open("rb") as stream:
        return PREFIX + hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Name a set of (path, digest) pairs: one line each, sorted by path, as `sha256sum` prints them."""
    lines = (f"{digest.removeprefix(PREFIX)}  {path}\n" for path, digest in sorted(pairs))
    return sha256("".join(lines).encode())


def short(digest: str) -> str:
    """Return the first eight hex digits, as used in version names."""
    return digest.removeprefix(PREFIX)[:8]
