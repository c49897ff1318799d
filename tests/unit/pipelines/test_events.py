"""The stage of tables on real bars: what it writes, and a raw file that DVC would not watch."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from bot_core._parse import write_json
from bot_core.config.events import Barriers
from bot_core.config.load import load_config
from bot_core.errors import ConfigError
from bot_core.metalabel.events import build_events, read_bars
from pipelines.events import main
from tests.unit.metalabel.primaries import HOURLY, composed

ENTRY = {"model": "m", "file": "data/eurusd_1h.csv", "barriers": {"horizon": 4}}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model composed and some of its bars."""
    write_json(tmp_path / "build/m/config.json", composed(*HOURLY))
    lines = Path("data/eurusd_1h.csv").read_text().splitlines(keepends=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/eurusd_1h.csv").write_text("".join(lines[:701]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_writes_the_table_and_says_in_a_line_what_it_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump({"models": {"m": {}}, "events": {"signals": ENTRY}}))
    main("signals")
    config = load_config(here / "build/m/config.json")
    table = pd.read_parquet(here / "data/signals.parquet")
    pd.testing.assert_frame_equal(table, build_events(read_bars(config), config, Barriers(horizon=4)))
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith(f"data/signals.parquet: {len(table)} signals of m; ")
    assert said.endswith("% paid more than their costs")


def test_another_raw_file_than_the_models_own_is_refused(here: Path) -> None:
    entry = ENTRY | {"file": "data/msft_1d.csv"}
    Path("params.yaml").write_text(yaml.safe_dump({"models": {"m": {}}, "events": {"events": entry}}))
    said = r"params\.yaml: events\.events\.file: expected data/eurusd_1h\.csv, which m reads, got data/msft_1d\.csv"
    with pytest.raises(ConfigError, match=said):
        main("events")
    assert not (here / "data/events.parquet").exists()
