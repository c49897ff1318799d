"""`bot-core meta-label events`, on real bars: the table, what is said of it, and where the barriers come from."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from bot_core._digest import sha256_file
from bot_core._parse import write_json
from bot_core.cli import meta_events
from bot_core.config.events import Barriers
from bot_core.config.load import load_config
from bot_core.errors import ConfigError
from bot_core.metalabel.events import build_events, read_bars
from tests.unit.metalabel.primaries import HOURLY, composed

BARS = 700
DECLARED = {"model": "m", "file": "data/eurusd_1h.csv", "barriers": {"horizon": 6, "volatility_window": 12, "loss": 2.0}}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model composed, some of its bars, and a roster that declares no events."""
    write_json(tmp_path / "build/m/config.json", composed(*HOURLY))
    lines = Path("data/eurusd_1h.csv").read_text().splitlines(keepends=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/eurusd_1h.csv").write_text("".join(lines[: BARS + 1]))
    (tmp_path / "params.yaml").write_text("models: {m: {}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    meta_events.add_arguments(parser)
    return parser.parse_args(words, argparse.Namespace(format="json"))


def made(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """Run it and return the facts that it printed."""
    assert meta_events.run(parsed(*words)) == 0
    facts: dict[str, object] = json.loads(capsys.readouterr().out)
    return facts


def expected(**barriers: float) -> pd.DataFrame:
    """Make the table by hand."""
    config = load_config(Path("build/m/config.json"))
    return build_events(read_bars(config), config, Barriers(**barriers))  # type: ignore[arg-type]  # counts and numbers


def test_asking_for_help_loads_nothing_heavy() -> None:
    code = "import sys; import bot_core.cli.meta_events; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"numpy", "pandas", "sklearn", "lightgbm", "hydra"} == set()


def test_without_an_entry_the_horizon_is_the_targets(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = made(capsys, "m")
    path = here / "data/events.parquet"
    table = pd.read_parquet(path)
    pd.testing.assert_frame_equal(table, expected(horizon=4))
    assert facts == {
        "output": "data/events.parquet",
        "digest": sha256_file(path),
        "model": "m",
        "events": len(table),
        "long": int((table["side"] == 1.0).sum()),
        "first": f"{table['time'].min():%Y-%m-%dT%H:%M:%SZ}",
        "last": f"{table['time'].max():%Y-%m-%dT%H:%M:%SZ}",
        "last_end": f"{table['event_end'].max():%Y-%m-%dT%H:%M:%SZ}",
        "paid": table["meta_label"].mean(),
        "mean_payoff_bps": table["payoff"].mean(),
    }


@pytest.mark.usefixtures("here")
def test_what_is_declared_counts_and_what_is_given_counts_more(capsys: pytest.CaptureFixture[str]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump({"models": {"m": {}}, "events": {"events": DECLARED}}))
    made(capsys, "m", "--output", "declared.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet("declared.parquet"), expected(horizon=6, volatility_window=12, loss=2.0))
    made(capsys, "m", "--output", "given.parquet", "--horizon", "5", "--profit", "0.5", "--volatility-window", "30", "--loss", "3")
    given = expected(horizon=5, volatility_window=30, profit=0.5, loss=3.0)
    pd.testing.assert_frame_equal(pd.read_parquet("given.parquet"), given)


@pytest.mark.usefixtures("here")
def test_people_read_how_many_signals_paid(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parsed("m")
    arguments.format = "text"
    assert meta_events.run(arguments) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    table = pd.read_parquet("data/events.parquet")
    assert first.startswith(f"data/events.parquet: {len(table)} signals of m, ")
    assert second.startswith(f"{table['time'].min():%Y-%m-%dT%H:%M:%SZ} to ")
    assert third.startswith(f"{table['meta_label'].mean():.1%} paid more than their costs; all of them ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["m", "--horizon", "0"], "meta-label events: horizon: expected int >= 1, got 0"),
        (["m", "--profit", "-1"], "meta-label events: profit: expected float > 0.0, got -1"),
        (["nobody"], "build/nobody/config.json: expected a readable file"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(here: Path, words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        meta_events.run(parsed(*words))
    assert said in str(caught.value)
    assert not (here / "data/events.parquet").exists()


def test_a_failure_leaves_the_table_that_was_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(capsys, "m")
    before = (here / "data/events.parquet").read_bytes()
    shutil.rmtree(here / "build")
    with pytest.raises(ConfigError):
        meta_events.run(parsed("m"))
    assert (here / "data/events.parquet").read_bytes() == before
