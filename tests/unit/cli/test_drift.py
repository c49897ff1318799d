"""`bot-core drift` and the monitor stage, on a model trained here: the same replay, and arguments that cannot be."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import yaml

from bot_core._parse import read_json, write_json
from bot_core.ai.training import Origin, train_model
from bot_core.cli import drift
from bot_core.cli.main import main
from bot_core.config.load import load_config
from bot_core.config.models import Linear
from bot_core.documents.drift import DriftReport
from bot_core.errors import ConfigError
from bot_core.features.dataset import FeatureDataset
from pipelines.compose import main as compose
from pipelines.monitor import main as monitor

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path.cwd()
ROSTER = {
    "models": {
        "m": {
            "data": "eurusd_1h",
            "features": "volatility",
            "target": "next_range",
            "model": "trees_range",
            "validation": "hourly",
            "set": {"monitoring": {"drift": {"window": 60, "replicates": 100}}},
        }
    }
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the model m is built as far as the monitor stage needs it."""
    root = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT / "conf", root / "conf")
    (root / "params.yaml").write_text(yaml.safe_dump(ROSTER))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        compose("m")
    draw = np.random.default_rng(0)
    values = draw.normal(size=(1000, 3))
    times = np.datetime64("2020-01-01T00:00:00", "us") + np.timedelta64(3600, "s") * np.arange(1000)
    targets = values[:, 0] + draw.normal(size=1000)
    dataset = FeatureDataset(("a", "b", "c"), times, times + np.timedelta64(3600, "s"), targets, values)
    config = msgspec.structs.replace(load_config(root / "build/m/config.json"), model=Linear(objective="l2"))
    digest = "sha256:" + "0" * 64
    write_json(root / "build/m/model.json", train_model(dataset, config, Origin("m", "i", digest, digest)))
    dataset.write(root / "build/m/features.parquet")
    return root


@pytest.fixture
def here(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(built)
    return built


def test_help_shows_what_can_be_asked(help_of: Callable[[str], str]) -> None:
    assert drift.EPILOG.rstrip() in help_of("drift")


def test_asking_for_help_loads_nothing_heavy() -> None:
    code = "import sys; import bot_core.cli.drift; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"numpy", "pandas", "rich", "matplotlib", "hydra"} == set()


def test_it_prints_what_the_stage_wrote_and_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monitor("m")
    assert capsys.readouterr().out.startswith("m: drift ")
    report = read_json(here / "build/m/drift.json", DriftReport)
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert main(["drift", "backtest", "m", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert report.backtest is not None
    assert said == {"model": "m", **msgspec.to_builtins(report.backtest)}
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("here")
def test_people_read_delays_false_alarms_and_how_to_read_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "backtest", "m"]) == 0
    said = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    assert said[0] == "m: windows of 60 rows, a look every 15, seed 7"
    assert said[2].startswith("How quickly would a shift be seen? ")
    assert [line.split("  ")[1] for line in said[4:11]] == [
        "mean +0.5 deviations",
        "mean +1 deviation",
        "mean +2 deviations",
        "spread × 2",  # noqa: RUF001  # as printed
        "unit × 100",  # noqa: RUF001  # as printed
        "frozen at its last value",
        "missing, filled with zero",
    ]
    assert any(line.startswith("  All rows, dealt anew ") for line in said)
    assert "How to read it" in said
    assert any("at 10 places, awaited for 120 rows with a look every 15." in line for line in said)


@pytest.mark.usefixtures("here")
def test_shift_step_and_shuffles_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--shift", "3", "--shift", "0.01", "--shift", "3", "--step", "20", "--shuffles", "1"]
    assert main(["drift", "backtest", "m", *words, "--format=json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["step"] == 20
    means = {part["size"]: part for part in said["shifts"] if part["shift"] == "mean" and part["features"] == "one"}
    assert list(means) == [3.0, 0.01]
    assert means[3.0]["detected"] == means[3.0]["trials"] == 30
    assert means[0.01]["median"] is None
    rows = {history["history"]: history["rows"] for history in said["histories"]}
    assert rows["shuffled"] == rows["later"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing"], "error[CONFIG]: build/nothing/config.json: expected a readable file, got No such file or directory\n"),
        (["m", "--step", "0"], "error[CONFIG]: --step: expected 1 to 60 rows, the window's length; got 0\n"),
        (["m", "--step", "61"], "error[CONFIG]: --step: expected 1 to 60 rows, the window's length; got 61\n"),
        (["m", "--shift", "0"], "error[CONFIG]: --shift: expected a finite number of standard deviations, not 0; got 0.0\n"),
        (["m", "--shift", "nan"], "error[CONFIG]: --shift: expected a finite number of standard deviations, not 0; got nan\n"),
        (["m", "--shuffles", "0"], "error[CONFIG]: --shuffles: expected 1 or more; got 0\n"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_cannot_be_is_refused(capsys: pytest.CaptureFixture[str], words: list[str], sentence: str) -> None:
    assert main(["drift", "backtest", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(sentence)


def test_a_history_too_short_to_replay_is_refused_here_and_left_out_there(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(here / "build", tmp_path / "build")
    monkeypatch.chdir(tmp_path)
    features = Path("build/m/features.parquet")
    FeatureDataset.read(features).rows(slice(0, 800)).write(features)
    assert main(["drift", "backtest", "m"]) == 2
    assert "error[DATASET]: drift backtest: expected at least 180 rows after training, got " in capsys.readouterr().err
    monitor("m")
    assert read_json(Path("build/m/drift.json"), DriftReport).backtest is None


def leave_out(names: list[str]) -> None:
    """Write into the composed configuration here what is not watched."""
    config = json.loads(Path("build/m/config.json").read_text())
    config["monitoring"]["drift"]["not_watched"] = names
    Path("build/m/config.json").write_text(json.dumps(config))


def test_the_stage_and_the_command_leave_out_what_is_not_watched(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(here / "build", tmp_path / "build")
    monkeypatch.chdir(tmp_path)
    leave_out(["b", "hour_sin"])
    monitor("m")
    assert " of 2 watched features\n" in capsys.readouterr().out
    report = read_json(Path("build/m/drift.json"), DriftReport)
    assert ([feature.feature for feature in report.features], report.not_watched) == (["a", "c"], ["b"])
    assert main(["drift", "backtest", "m", "--format", "json"]) == 0
    assert report.backtest is not None
    assert json.loads(capsys.readouterr().out) == {"model": "m", **msgspec.to_builtins(report.backtest)}
    leave_out(["a", "b", "c"])
    assert main(["drift", "backtest", "m"]) == 2
    sentence = "monitoring.drift.not_watched: expected to leave at least one feature, got all: a, b, c"
    assert f"error[CONFIG]: {sentence}" in capsys.readouterr().err
    with pytest.raises(ConfigError, match=sentence):
        monitor("m")
