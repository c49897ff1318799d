from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256_file
from bot_core._parse import read_json
from bot_core.cli import meta_label
from bot_core.cli.main import main
from bot_core.documents.meta_label import MetaLabelReport
from bot_core.documents.tracking import TrackedRun
from tests.unit.metalabel.tables import events, written

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path.cwd()
PAGE = (
    "data/events.parquet --model rf --cv-folds 5 --purge-gap 10 --label-column meta_label --time-column event_end"
    " --output artifacts/meta_model.pkl --mlflow-uri http://127.0.0.1:9 --wandb-project ai-trader-meta"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder with a table of events, and offline."""
    (tmp_path / "data").mkdir()
    written(tmp_path / "data", events(480, signal=0.3))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    return tmp_path


def test_the_founding_page_s_command_runs_word_for_word(place: Path) -> None:
    words = [sys.executable, str(ROOT / "scripts/meta_label_cli.py"), *PAGE.split()]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT), "WANDB_MODE": "offline"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in (place / "artifacts").iterdir()) == [
        "meta_model.json",
        "meta_model.model.json",
        "meta_model.pkl",
    ]
    found = read_json(Path("artifacts/meta_model.json"), MetaLabelReport)
    assert (found.model, len(found.folds), found.settings.purge_gap, found.settings.seed) == ("rf", 5, 10, 42)
    assert found.table.digest == sha256_file(Path("data/events.parquet"))
    assert "mlflow: not told, waits in var/tracking/spool" in done.stderr
    assert "wandb: delivered: var/tracking/wandb/" in done.stderr
    [kept] = Path("var/tracking/runs").glob("*.json")
    run = read_json(kept, TrackedRun)
    assert run.origin.data == found.table.digest
    assert run.params["purge_gap"] == "10"
    assert run.metrics["roc_auc"] == found.metrics["roc_auc"].mean
    assert run.metrics["fold/5/brier"] == found.folds[4].scores.brier
    assert [file.path for file in run.files] == ["artifacts/meta_model.model.json", "artifacts/meta_model.json"]
    assert run.experiment == "meta-labeling"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "words", [["data/events.parquet"], ["train", "data/events.parquet"], ["--format=json", "data/events.parquet"]]
)
def test_the_verb_may_be_left_out(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["meta-label", *words, "--model", "logistic", "--cv-folds", "2"]) == 0
    said = capsys.readouterr().out
    assert Path("artifacts/meta_model.model.json").is_file()
    if "--format=json" in words:
        facts = json.loads(said)
        assert (facts["model"], facts["tracking"]["new"]) == ("logistic", True)
    else:
        assert said.splitlines()[-1] == "report: artifacts/meta_model.json"


@pytest.mark.usefixtures("place")
def test_the_same_again_is_the_same_run_and_the_same_model() -> None:
    words = ["meta-label", "data/events.parquet", "--model", "logistic", "--cv-folds", "2"]
    assert main(words) == 0
    before = Path("artifacts/meta_model.model.json").read_bytes()
    assert main(words) == 0
    assert Path("artifacts/meta_model.model.json").read_bytes() == before
    assert len(list(Path("var/tracking/runs").glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["x.csv"], ["train", "x.csv"]),
        (["train", "x.csv"], ["train", "x.csv"]),
        (["events", "m"], ["events", "m"]),
        (["--help"], ["--help"]),
        (["--format", "json", "events", "m"], ["--format", "json", "events", "m"]),
        (["--format", "json", "x.csv"], ["--format", "json", "train", "x.csv"]),
        (["--model", "rf", "x.csv"], ["train", "--model", "rf", "x.csv"]),
        ([], ["train"]),
    ],
)
def test_the_verb_is_put_where_none_stands(given: list[str], meant: list[str]) -> None:
    assert meta_label.spelled(given) == meant


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["data/none.parquet"], 2, "error[INPUT]: data/none.parquet: expected a table of events"),
        (
            ["data/events.parquet", "--feature-cols", "a", "payoff"],
            20,
            "error[LEAK]: data/events.parquet: payoff: expected a feature",
        ),
        (["data/events.parquet", "--most-auc", "0.51"], 20, "error[LEAK]: data/events.parquet: a: expected a feature known"),
        (["data/events.parquet", "--cv-folds", "0"], 2, "error[CONFIG]: meta-label: cv_folds: expected int >= 1"),
        (
            ["data/events.parquet", "--cv-folds", "40"],
            2,
            "error[DATASET]: folds: expected at least 1230 labelled rows for 40 folds, got 480",
        ),
        (["data/events.parquet", "--embargo", "soon"], 2, "error[CONFIG]: meta-label: embargo: expected str matching regex"),
        (["data/events.parquet", "--output", "m.json"], 2, "error[CONFIG]: --output m.json: expected three files"),
        (["data/events.parquet", "--mlflow-uri", "nowhere"], 2, "error[CONFIG]: meta-label: mlflow"),
    ],
)
def test_what_cannot_be_trained_leaves_nothing(
    words: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["meta-label", *words]) == code
    assert sentence in capsys.readouterr().err
    assert not Path("artifacts").exists()
    assert not Path("var").exists()


def test_help_shows_the_commands(help_of: Callable[[str], str]) -> None:
    assert meta_label.EPILOG.rstrip() in help_of("meta-label")
