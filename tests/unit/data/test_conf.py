"""The shipped groups parse, and `conf/monitoring/default.yaml` spells out what the typed group would take by itself."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.models import DataConfig, DriftConfig, MonitoringConfig, QualityLimits
from bot_core.data.repairs import require_usable
from bot_core.data.sources import read


def test_monitoring_names_every_limit_and_keeps_the_defaults_of_drift() -> None:
    path = Path("conf/monitoring/default.yaml")
    monitoring = convert(load_yaml(read_bytes(path), str(path)), MonitoringConfig, str(path))
    assert monitoring.drift == DriftConfig()
    text = path.read_text()
    names = [*msgspec.structs.asdict(DriftConfig()), *(field.name for field in msgspec.structs.fields(QualityLimits))]
    assert [name for name in names if f" {name}: " not in text] == []


@pytest.mark.parametrize("path", sorted(Path("conf/data").glob("*.yaml")), ids=str)
def test_every_data_group_reads_a_file_that_is_there(path: Path) -> None:
    config: DataConfig = msgspec.convert(load_yaml(read_bytes(path), str(path)), DataConfig)
    require_usable(read(config), config)
