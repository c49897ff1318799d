"""The vendored files as they are declared, and copies of them made dirty on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.models import CsvBars, DataConfig, MonitoringConfig, QualityConfig, Repairs

ROOT = Path(__file__).parents[3]
Dirty = Callable[[str, Callable[[list[str]], list[str]]], CsvBars]


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def declared() -> Callable[[str], CsvBars]:
    """Read `conf/data/<name>.yaml`."""

    def read(name: str) -> CsvBars:
        path = ROOT / f"conf/data/{name}.yaml"
        config: DataConfig = convert(load_yaml(read_bytes(path), str(path)), DataConfig, str(path))  # type: ignore[arg-type]  # a union
        assert isinstance(config, CsvBars)
        return config

    return read


@pytest.fixture
def quality() -> QualityConfig:
    """Read `conf/monitoring/default.yaml`."""
    path = ROOT / "conf/monitoring/default.yaml"
    return convert(load_yaml(read_bytes(path), str(path)), MonitoringConfig, str(path)).quality


@pytest.fixture
def dirty(tmp_path: Path, declared: Callable[[str], CsvBars]) -> Dirty:
    """Copy a vendored file with its rows changed; the configuration returned points at the copy and declares no repair."""

    def spoil(name: str, change: Callable[[list[str]], list[str]]) -> CsvBars:
        config = declared(name)
        header, *rows = Path(config.path).read_text().splitlines()
        copy = tmp_path / Path(config.path).name
        copy.write_text("\n".join([header, *change(rows)]) + "\n")
        return msgspec.structs.replace(config, path=str(copy), repairs=Repairs())

    return spoil
