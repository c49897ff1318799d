"""Which trackers are told of a training: `conf/tracking/` says it.

What a tracker needs to know somebody by (MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN, WANDB_API_KEY) stays in
the environment: a configuration is archived with each release. `bot_core.config.models` is where others import from; this module imports
nothing of it, so that it can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.values import Name, Positive
from bot_core.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    from pathlib import Path

_GROUP = "tracking"
_EXPERIMENT = Annotated[str, Meta(min_length=1, max_length=200)]


class MlflowTracking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tracker", tag="mlflow"):
    """An MLflow server. Without a `uri` it is where MLFLOW_TRACKING_URI says; without an `experiment` it is the run's own.

    Nothing waits for one answer longer than `timeout_s`.
    """

    uri: str | None = None
    experiment: _EXPERIMENT | None = None
    timeout_s: Positive = 5.0

    def __post_init__(self) -> None:
        if self.uri is None:
            return
        parts = urlsplit(self.uri)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"Expected an address such as http://mlflow:5000, got {self.uri!r}"
            raise ValueError(msg)
        if "@" in parts.netloc:
            msg = "Expected an address without a password (MLFLOW_TRACKING_PASSWORD holds it), got one that has one"
            raise ValueError(msg)


class WandbTracking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tracker", tag="wandb"):
    """A project of Weights & Biases. `offline`, or WANDB_MODE=offline, writes under var/tracking/wandb for `wandb sync`."""

    project: _EXPERIMENT
    entity: str | None = None
    mode: Literal["online", "offline"] = "online"
    timeout_s: Positive = 20.0


Destination = MlflowTracking | WandbTracking


class TrackingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told beside the files under var/tracking/runs/, which are always written. By default nobody."""

    mlflow: MlflowTracking | None = None
    wandb: WandbTracking | None = None

    @property
    def destinations(self) -> list[Destination]:
        """Those who are told, in the order in which they are."""
        return [destination for destination in (self.mlflow, self.wandb) if destination is not None]


def load_tracking(root: Path, choice: Name | None = None) -> TrackingConfig:
    """Read a choice of `conf/tracking/` without Hydra.

    Args:
        root: the repository's root.
        choice: the file's name; by default the one that `conf/config.yaml` makes.

    Raises:
        ConfigError: no such choice, or not what the group allows.
    """
    name = choice or _default(root)
    path = root / "conf" / _GROUP / f"{name}.yaml"
    return convert(_plain(path), TrackingConfig, str(path), error=ConfigError)


def _default(root: Path) -> str:
    path = root / "conf" / "config.yaml"
    plain = _plain(path)
    defaults = plain.get("defaults") if isinstance(plain, dict) else None
    for line in defaults if isinstance(defaults, list) else []:
        if isinstance(line, dict) and isinstance(line.get(_GROUP), str):
            return str(line[_GROUP])
    msg = f"{path}: defaults: expected a line - {_GROUP}: NAME, got none"
    raise ConfigError(msg, hint="add the line - tracking: none")


def _plain(path: Path) -> object:
    try:
        return load_yaml(read_bytes(path), str(path))
    except DocumentError as error:
        raise ConfigError(error.message, hint=f"ls {path.parent}") from error
