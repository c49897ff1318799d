"""The path of a source: it must be a file with something in it."""

from __future__ import annotations

from pathlib import Path

from bot_core.errors import InputError


def existing(path: str, kind: str) -> Path:
    """Return the path of a file that is there and not empty.

    Raises:
        InputError: missing, a directory, or empty.
    """
    place = Path(path)
    if place.is_dir():
        msg = f"{path}: expected a {kind} file, got a directory"
        raise InputError(msg, hint="name the file in data.path")
    if not place.exists():
        msg = f"{path}: expected a {kind} file, got no file"
        raise InputError(msg, hint="data.path is relative to the directory of dvc.yaml")
    if place.stat().st_size == 0:
        msg = f"{path}: expected a {kind} file, got an empty file"
        raise InputError(msg, hint="export or download the file again")
    return place
