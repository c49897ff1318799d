"""Against whom a challenger must stand: the release that an environment desires of its model, else the newest release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._parse import decode_json, read_bytes
from bot_core.documents.artifact import ModelArtifact
from bot_core.governance import layout
from bot_core.governance.desk import Desk
from bot_core.governance.promotion import desired

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


def champion_of(tree: Path, model: str, environment: str, now: dt.datetime) -> str | None:
    """Return the version that an environment desires of a model, else the newest released; nothing where there is none.

    Raises:
        Refused: the environment's file is no such document.
    """
    entry = desired(Desk(tree, now).view, environment).entry(model)
    releases = sorted(path.stem for path in (tree / "models" / model).glob("*.json"))
    return entry.version if entry is not None else releases[-1] if releases else None


def artifact_of(tree: Path, model: str, version: str) -> ModelArtifact:
    """Read a release's artifact.

    Raises:
        DocumentError: it is not there, or damaged.
    """
    path = layout.artifact(model, version)
    return decode_json(read_bytes(tree / path), ModelArtifact, path)
