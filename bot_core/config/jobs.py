"""What the roster declares of each model's job, read without Hydra: a choice of `conf/schedule/`, and what its entry sets.

The choice of an entry that makes none is that of `conf/config.yaml`, as Hydra has it. A test composes every model both ways.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.load import load_roster
from bot_core.config.schedule import ScheduleConfig
from bot_core.errors import ConfigError, DocumentError

ROSTER = Path("params.yaml")
_GROUP = "schedule"
_DEFAULTS, _PLACE = Path("conf/config.yaml"), Path("conf", _GROUP)


def load_schedule(root: Path, model: str) -> ScheduleConfig:
    """Return the schedule that a repository's files declare for a model of its roster.

    Args:
        root: the repository's root.
        model: its name in params.yaml, which is its job's.

    Raises:
        ConfigError: no such model or choice, or not what the group allows; the sentence names the file.
    """
    roster = load_roster(root / ROSTER)
    if model not in roster:
        msg = f"{root / ROSTER}: models: expected one of {', '.join(roster)}; got {model}"
        raise ConfigError(msg, hint="a job has the name of a model of the roster")
    return schedule_of(root, model, roster[model])


def load_schedules(root: Path) -> dict[str, ScheduleConfig]:
    """Return the schedules of the whole roster, in its order; nothing where there is none. See `load_schedule` for what is raised."""
    if not (root / ROSTER).exists():
        return {}
    return {model: schedule_of(root, model, entry) for model, entry in load_roster(root / ROSTER).items()}


def schedule_of(root: Path, model: str, entry: dict[str, object]) -> ScheduleConfig:
    """Return the schedule that a model's entry of the roster declares; see `load_schedule` for what is raised."""
    choice = entry.get(_GROUP) or _default(root)
    path = root / _PLACE / f"{choice}.yaml"
    group, set_ = _mapping(path), _part(entry.get("set"), _GROUP)

    def locate(key: str) -> str:
        own = _has(set_, key.split("."))
        return f"{root / ROSTER}: models.{model}.set.{_GROUP}" if own else str(path)

    return convert(_laid_over(group, set_), ScheduleConfig, str(path), error=ConfigError, locate=locate)


def _default(root: Path) -> str:
    defaults = _mapping(root / _DEFAULTS).get("defaults")
    for line in defaults if isinstance(defaults, list) else []:
        if isinstance(line, dict) and isinstance(line.get(_GROUP), str):
            return str(line[_GROUP])
    msg = f"{root / _DEFAULTS}: defaults: expected a line - {_GROUP}: NAME, got none"
    raise ConfigError(msg, hint=f"git checkout {_DEFAULTS}")


def _mapping(path: Path) -> dict[str, object]:
    try:
        return convert(load_yaml(read_bytes(path), str(path)), dict[str, object], str(path))
    except DocumentError as error:
        raise ConfigError(error.message, hint=f"ls {path.parent}") from error


def _part(value: object, key: str) -> dict[str, object]:
    inner = value.get(key) if isinstance(value, dict) else None
    return cast("dict[str, object]", inner) if isinstance(inner, dict) else {}


def _laid_over(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    """Replace single values, at any depth."""
    deep = {key: _laid_over(_part(below, key), _part(above, key)) for key, value in above.items() if isinstance(value, dict)}
    return {**below, **above, **deep}


def _has(value: dict[str, object], keys: list[str]) -> bool:
    key, *rest = keys
    return key in value and (not rest or _has(_part(value, key), rest))
