"""The shipped groups parse, and `conf/monitoring/default.yaml` spells out what the typed group would take by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.load import load_events
from bot_core.config.models import DataConfig, DriftConfig, MonitoringConfig, QualityLimits
from bot_core.data.repairs import require_usable
from bot_core.data.sources import read

FILES = sorted(Path("conf/data").glob("*.yaml"))
TRACKED = set(subprocess.run(["git", "ls-files", "data"], capture_output=True, text=True, check=True).stdout.split())


def config_of(path: Path) -> DataConfig:
    """Read a file of the group."""
    config: DataConfig = msgspec.convert(load_yaml(read_bytes(path), str(path)), DataConfig)
    return config


def test_monitoring_names_every_limit_and_keeps_the_defaults_of_drift() -> None:
    path = Path("conf/monitoring/default.yaml")
    monitoring = convert(load_yaml(read_bytes(path), str(path)), MonitoringConfig, str(path))
    assert monitoring.drift == DriftConfig()
    text = path.read_text()
    names = [*msgspec.structs.asdict(DriftConfig()), *(field.name for field in msgspec.structs.fields(QualityLimits))]
    assert [name for name in names if f" {name}: " not in text] == []


@pytest.mark.parametrize("path", [path for path in FILES if config_of(path).path in TRACKED], ids=str)
def test_every_data_group_reads_a_file_that_is_there(path: Path) -> None:
    config = config_of(path)
    require_usable(read(config), config)


def test_what_is_not_of_git_is_made_by_a_stage_or_lies_in_a_folder_that_git_ignores() -> None:
    made = {f"data/{name}.parquet" for name in load_events(Path("params.yaml"))}
    elsewhere = {config_of(path).path for path in FILES} - TRACKED - made
    assert made
    assert subprocess.run(["git", "check-ignore", *made, *elsewhere], capture_output=True, check=False).returncode == 0
    assert {path.split("/")[1] for path in elsewhere} <= {"sentiment"}
