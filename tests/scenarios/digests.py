"""What lies in a build folder, by its bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def digests(root: Path) -> dict[str, str]:
    """Digest every file of a repository's `build/`."""
    build = root / "build"
    return {
        str(path.relative_to(build)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(build.rglob("*.*"))
        if path.is_file()
    }
