"""Stage 1: compose a model's Hydra overrides into `build/<model>/config.json`. The only place that knows Hydra.

JSON, because DVC reads it at every start and its YAML parser takes most of an idle `dvc repro`.

A key the typed groups do not know, a wrong type or a value out of range stops the model here, before anything of it runs; the
sentence names the file that holds the key.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bot_core._parse import convert, write_json
from bot_core.cli.boundary import guard
from bot_core.config.load import load_roster, overrides
from bot_core.config.models import PipelineConfig
from bot_core.errors import ConfigError


def main(model: str, file: str = "params.yaml") -> None:
    """Compose, check and write one model's configuration; `file` is the roster that has it."""
    roster = load_roster(Path(file))
    if model not in roster:
        msg = f"{file}: models: expected one of {', '.join(roster)}; got {model}"
        raise ConfigError(msg, hint="add the model to the roster")
    lines = overrides(roster[model])
    composed = _compose(f"{file}: models.{model}", lines)
    choices = composed.hydra.runtime.choices
    plain = {str(group): OmegaConf.to_container(composed[group], resolve=True) for group in composed if group != "hydra"}

    def locate(key: str) -> str:
        group = key.partition(".")[0]
        own = "." in key and any(line.startswith(f"{key}=") for line in lines)  # without a dot it is a choice
        group = "ensemble" if group == "model" and choices.get("ensemble") else group  # its file fills the model's section
        return f"{file}: models.{model}.set" if own else f"conf/{group}/{choices.get(group, '?')}.yaml"

    convert(plain, PipelineConfig, "conf/config.yaml", error=ConfigError, locate=locate)
    write_json(Path("build", model, "config.json"), plain)


def _compose(where: str, lines: list[str]) -> DictConfig:
    try:
        with initialize_config_dir(version_base="1.3", config_dir=str(Path("conf").resolve())):
            return compose("config", overrides=lines, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split()).partition(" Config search path")[0]
        msg = f"{where}: expected choices and keys that exist in conf/, got: {reason}"
        raise ConfigError(msg, hint="ls conf/*") from error


if __name__ == "__main__":
    guard(main, *sys.argv[1:])
