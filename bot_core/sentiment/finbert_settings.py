"""Which model answers, from where, and when words may answer in its place: `conf/sentiment/<name>.yaml`, read without Hydra."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.models import Group
from bot_core.errors import ConfigError, DocumentError
from bot_core.sentiment import snapshot_package
from bot_core.sentiment.download import Hub

SETTINGS = Path("conf/sentiment/default.yaml")
Fallback = Literal["missing", "rules", "none"]
"""missing: the lexicon answers where there is no model. rules: it answers everything. none: it never does."""


class SentimentSettings(Group, frozen=True, kw_only=True):
    """`revision` and `cache` have defaults that depend: the packaged model's own revision; the environment's folder, else `state/models`.

    `head` is another folder of a head than the one that ships, for a model that needs one.
    """

    model: str = snapshot_package.MODEL
    revision: str | None = None
    cache: str | None = None
    allow_download: bool = False
    fallback: Fallback = "missing"
    head: str | None = None
    hub: Hub = Hub()


def settings_here(path: Path | None = None) -> SentimentSettings:
    """Return what a file says; where none is named, what the default file in the working directory says, or the defaults without one.

    Raises:
        ConfigError: the named file is missing, or a file is not what the group allows.
    """
    if path is None and not SETTINGS.exists():
        return SentimentSettings()
    return load_settings(path or SETTINGS)


def load_settings(path: Path = SETTINGS) -> SentimentSettings:
    """Read the settings of sentiment.

    Raises:
        ConfigError: missing, or not what the group allows.
    """
    try:
        return convert(load_yaml(read_bytes(path), str(path)), SentimentSettings, str(path), error=ConfigError)
    except DocumentError as error:
        raise ConfigError(error.message, hint="conf/sentiment/default.yaml, and rules.yaml for an emergency") from error
