"""Which model is asked for, and what asking finds: one that is open, or why there is none. Importing this needs none of the libraries."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.sentiment.download import Hub

    Probabilities = tuple[float, float, float]

LIBRARIES = ("numpy", "onnxruntime", "tokenizers")
EXTRA = "pip install 'bot-core[sentiment]'"


def missing() -> list[str]:
    """Name the libraries that are not installed here; with all of them, the list is empty."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


@dataclass(frozen=True, slots=True)
class Order:
    """Which model, where it is kept, where it may come from, and the head's folder where it is not the one that ships."""

    model: str
    revision: str | None
    cache: Path
    allow_download: bool
    hub: Hub
    head: Path | None


@dataclass(frozen=True, slots=True)
class Absence:
    """Why there is no model, and what brings one."""

    why: str
    hint: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A model that is open. `probabilities` of a text: negative, neutral, positive; they add up to one."""

    version: str
    probabilities: Callable[[str], Probabilities]
