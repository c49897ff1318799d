"""How it is asked for and what it prints; what it does is in tests/scenarios/test_reproducing.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot_core.cli.main import main
from bot_core.tracking.local import kept
from tests.compact import ROOT
from tests.unit.tracking.test_builds import write

PAGE = """\
import json, sys
request = json.loads(sys.stdin.read())
print(request["compute"], file=sys.stderr)
stop = {"kind": "failure", "code": "QUALITY", "message": "data/b.csv: expected data fit to learn from", "hint": "mend it", "exit_code": 20}
for model in request["models"]:
    print(json.dumps({"kind": "stage", "model": model, "stage": "ingest", "how": "restored"}))
    print(json.dumps({"kind": "stage", "model": model, "stage": "check_data", "how": "failed", "seconds": 1.25, "failure": stop}))
"""


@pytest.fixture(autouse=True)
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder with a roster of two, the project's choices of compute, and a page that finds all data bad."""
    shutil.copytree(Path("conf/compute"), tmp_path / "conf/compute")
    (tmp_path / "params.yaml").write_text("models: {alpha: {}, b: {}}\n")
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines/__main__.py").write_text(PAGE)
    monkeypatch.chdir(tmp_path)


def test_a_model_that_stopped_says_where_and_why(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["repro", "--workers", "3"]) == 20
    said = capfd.readouterr()
    assert said.out.splitlines() == [
        "model  seconds  test MAE  stages run",
        "alpha      1.2  stopped   from the cache: ingest",
        "b          1.2  stopped   from the cache: ingest",
        "alpha stopped at check_data: error[QUALITY]: data/b.csv: expected data fit to learn from",
        "  → mend it",
        "b stopped at check_data: error[QUALITY]: data/b.csv: expected data fit to learn from",
        "  → mend it",
    ]
    assert said.err == "{'backend': 'local', 'workers': 3}\n"


def test_programs_get_json_and_nothing_else_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["repro", "b", "--compute", "dask", "--address", "tcp://10.0.0.1:1", "--format", "json"]) == 20
    said = capfd.readouterr()
    (found,) = json.loads(said.out)["models"]
    assert (found["model"], found["stopped_at"], found["restored"], found["test"]) == ("b", "check_data", ["ingest"], None)
    assert said.err == "{'backend': 'dask', 'address': 'tcp://10.0.0.1:1'}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "error[CONFIG]: params.yaml: models: expected models among alpha, b; got nobody"),
        (["--address", "tcp://x:1"], "error[CONFIG]: conf/compute/local.yaml: backend: expected one that has address, got local"),
    ],
)
def test_a_mistake_is_exit_2_before_anything_runs(words: list[str], sentence: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["repro", *words]) == 2
    assert capfd.readouterr().err.startswith(sentence)


def test_what_was_built_is_recorded_and_a_tracker_that_is_away_is_only_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipelines/__main__.py").write_text("")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/train.txt").write_text("")
    monkeypatch.chdir(ROOT)
    for model in ("alpha", "b"):
        write(tmp_path, model)
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "build/b/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "tracking": {"mlflow": {"uri": "http://127.0.0.1:9"}}}))
    assert main(["repro"]) == 0
    assert capfd.readouterr().err.startswith("b: warning: mlflow: not told, waits in var/tracking/spool: http://127.0.0.1:9: ")
    assert {run.model for run in kept(tmp_path)} == {"alpha", "b"}
