from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot_core.cli.main import main
from bot_core.tracking.spool import Spool
from tests.unit.tracking.test_builds import commit, git, write

SENTENCE = "http://127.0.0.1:9: expected MLflow to answer, got [Errno 111] Connection refused"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a repository with two models, one of them built, and the project's choices."""
    for name in ("conf/config.yaml", "conf/tracking"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (shutil.copytree if Path(name).is_dir() else shutil.copy)(name, tmp_path / name)
    write(tmp_path, "small")
    (tmp_path / "params.yaml").write_text("models: {small: {}, other: {}}\n")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/train.txt").write_text("numpy==2.3.0\n")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, expect: int = 0) -> tuple[str, str]:
    """Run a command; return what it printed, and what it said beside."""
    assert main(["tracking", *words]) == expect
    out = capsys.readouterr()
    return out.out, out.err


def test_what_is_built_is_recorded_once(capsys: pytest.CaptureFixture[str]) -> None:
    first, beside = said(capsys, "record")
    assert first.startswith("small  var/tracking/runs/")
    assert beside == ""
    again, _ = said(capsys, "record", "small")
    assert again == first.rstrip("\n") + "  recorded before\n"
    listed, _ = said(capsys, "list")
    assert len(listed.splitlines()) == 1
    assert "  small  small-" in listed


def test_a_tracker_that_is_away_is_said_and_no_failure(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    out, beside = said(capsys, "record", "--to", "mlflow", "--format", "json")
    (run,) = json.loads(out)["runs"]
    assert (run["model"], run["told"][0]["state"]) == ("small", "spooled")
    assert beside.startswith(f"small: warning: mlflow: not told, waits in var/tracking/spool: {SENTENCE}")
    assert beside.endswith("later: bot-core tracking backfill\n")
    assert len(Spool(root).waiting()) == 1


def test_backfill_fails_while_something_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "backfill")[0] == "nothing waits\n"
    said(capsys, "record", "--to", "mlflow")
    out, beside = said(capsys, "backfill", expect=2)
    assert out.endswith(f": spooled: {SENTENCE}\n")
    assert beside.startswith(f"error[TRACKING]: var/tracking/spool: expected to tell all that waits, got 1 of 1 left: {SENTENCE}")


def test_status_says_what_waits_and_asks_only_when_told_to(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    said(capsys, "record", "--to", "mlflow")
    out, _ = said(capsys, "status")
    first, second = out.splitlines()
    assert first == "recorded: 1, waiting to be told: 1"
    assert second.startswith("mlflow: small-")
    path = root / "conf/config.yaml"
    path.write_text(path.read_text().replace("tracking: none", "tracking: mlflow"))
    assert said(capsys, "status")[0] == out
    out, _ = said(capsys, "status", "--check", expect=20)
    assert out.splitlines()[2:] == [f"✗ tracker mlflow: {SENTENCE}", "    → curl http://127.0.0.1:9/health"]
    out, _ = said(capsys, "status", "--check", "--format", "json", expect=20)
    facts = json.loads(out)
    assert (facts["recorded"], len(facts["waiting"]), [found["well"] for found in facts["trackers"]]) == (1, 1, [False])


def test_reading_creates_nothing(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    assert said(capsys, "list")[0] == "no run is recorded\n"
    assert said(capsys, "list", "--last", "0", "--format", "json")[0] == '{"runs":[]}\n'
    assert said(capsys, "status", "--check")[0].startswith("recorded: 0, waiting to be told: 0\n✓ trackers: none declared")
    assert not (root / "var").exists()


def test_a_model_that_was_not_built_fails_and_the_others_are_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    out, beside = said(capsys, "record", "other", "small", expect=2)
    assert out.startswith("small  var/")
    assert beside.startswith("warning: other: not recorded: build/other/model.json: expected a readable file")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "error[CONFIG]: params.yaml: models: expected one of small, other; got nobody"),
        (["--to", "neptune"], "error[CONFIG]: conf/tracking/neptune.yaml: expected a readable file"),
    ],
)
def test_what_does_not_exist_is_named(capsys: pytest.CaptureFixture[str], words: list[str], sentence: str) -> None:
    assert said(capsys, "record", *words, expect=2)[1].startswith(sentence)


def test_where_nothing_is_built_it_says_so(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    shutil.rmtree(root / "build")
    assert said(capsys, "record")[0] == "no model of the roster is built: dvc repro\n"
