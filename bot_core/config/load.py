"""Read what was composed, and the roster. Below this, only typed values travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.events import EventsEntry
from bot_core.config.models import Group, Name, PipelineConfig
from bot_core.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    from pathlib import Path


class Params(Group, frozen=True, kw_only=True):
    """`params.yaml`."""

    models: dict[Name, dict[str, object]]
    events: dict[Name, EventsEntry] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if taken := self.models.keys() & self.events.keys():
            msg = f"Expected tables of events with names that no model has, got {min(taken)}"
            raise ValueError(msg)


def load_config(path: Path) -> PipelineConfig:
    """Read a composed configuration, `build/<model>/config.json`.

    Raises:
        ConfigError: missing, or not what the typed groups allow.
    """
    return convert(_plain(path, "dvc repro"), PipelineConfig, str(path), error=ConfigError)


def load_roster(path: Path) -> dict[str, dict[str, object]]:
    """Read the roster: model → its Hydra overrides.

    Raises:
        ConfigError: missing, or an entry that is not a mapping of overrides.
    """
    return _params(path).models


def load_events(path: Path) -> dict[str, EventsEntry]:
    """Read the tables of events that the roster's own models make: table → how; none where the file names none.

    Raises:
        ConfigError: missing, or an entry that is not what the type allows.
    """
    return _params(path).events


def overrides(entry: dict[str, object]) -> list[str]:
    """Spell a roster entry as Hydra overrides: choices first, then the single values under `set:`.

    >>> overrides({"model": "trees_range", "set": {"model": {"rounds": 50}}})
    ['model=trees_range', 'model.rounds=50']
    """
    choices = [f"{group}={choice}" for group, choice in entry.items() if group != "set"]
    return choices + _assignments(entry.get("set") or {}, "")


def _assignments(value: object, prefix: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{prefix}={msgspec.json.encode(value).decode()}"]
    return [line for key, inner in value.items() for line in _assignments(inner, f"{prefix}.{key}" if prefix else str(key))]


def _params(path: Path) -> Params:
    return convert(_plain(path, "run from the repository's root"), Params, str(path), error=ConfigError)


def _plain(path: Path, hint: str) -> object:
    """Read YAML, of which JSON is a part."""
    try:
        return load_yaml(read_bytes(path), str(path))
    except DocumentError as error:
        raise ConfigError(error.message, hint=hint) from error
