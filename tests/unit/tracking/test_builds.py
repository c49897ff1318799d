from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256, sha256_file
from bot_core._parse import encode_json
from bot_core.config.tracking import MlflowTracking, TrackingConfig
from bot_core.errors import ConfigError, DocumentError
from bot_core.tracking import local
from bot_core.tracking.builds import built, record_built
from bot_core.tracking.spool import Spool
from tests import compact

if TYPE_CHECKING:
    from pathlib import Path

TRAINED_AT = 1_795_000_000
METRICS = {"rows": 3661, "mae": 11.9557, "beats_baseline_bool": False, "drift": "ok", "best_baseline": "zero"}
AWAY = TrackingConfig(mlflow=MlflowTracking(uri="http://127.0.0.1:9"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository in which a compact model is built."""
    write(tmp_path, "small")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/train.txt").write_text("numpy==2.3.0\n")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def write(root: Path, model: str, seed: int = 7) -> None:
    """Write what the stages leave of a model."""
    found, build = compact.built("small", seed), root / "build" / model
    build.mkdir(parents=True, exist_ok=True)
    (build / "model.json").write_bytes(encode_json(found.trained))
    (build / "config.json").write_bytes(found.config)
    (build / "metrics.json").write_text(json.dumps(METRICS))
    for kind, report in found.reports.items():
        (build / f"{kind}.json").write_bytes(report)
    os.utime(build / "model.json", (TRAINED_AT, TRAINED_AT))


def git(root: Path, *words: str) -> str:
    """Run git there."""
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def commit(root: Path) -> None:
    """Commit everything."""
    git(root, "add", "-A")
    git(root, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qm", "x")


def test_a_run_says_what_it_was_made_of(root: Path) -> None:
    run, trained = built(root, "small"), compact.built("small", 7).trained
    assert run.origin.commit == git(root, "rev-parse", "HEAD")
    assert run.origin.clean
    assert run.origin.data == trained.metadata.data_digest
    assert run.origin.config == sha256_file(root / "build/small/config.json")
    assert run.origin.environment == sha256(b"numpy==2.3.0\n")
    assert (run.experiment, run.model, run.ended.timestamp()) == ("small", "small", TRAINED_AT)


def test_a_run_holds_what_the_model_was_told_and_how_good_it_is(root: Path) -> None:
    run, trained = built(root, "small"), compact.built("small", 7).trained
    assert run.params["model.family"] == "lightgbm"
    assert run.params["model.seed"] == "7"
    assert run.params["validation.embargo"] == "1d"
    assert run.params["features"] == "momentum, volume_ratio"
    assert run.metrics["mae"] == 11.9557
    assert run.metrics["test/mae"] == trained.metrics.test.mae
    assert "beats_baseline_bool" not in run.metrics
    assert run.tags["best_baseline"] == "zero"
    assert run.tags["task"] == "regression"
    names = ["config", "model", "metrics", "data_quality", "walk_forward", "drift"]
    assert [file.path for file in run.files] == [f"build/small/{name}.json" for name in names]
    assert all(sha256_file(root / file.path) == file.digest for file in run.files)


def test_the_same_result_is_the_same_run_and_another_is_another(root: Path) -> None:
    first = built(root, "small")
    commit_again = root / "data"
    commit_again.write_text("x")
    commit(root)
    assert built(root, "small").id == first.id
    (root / "build/small/metrics.json").write_text(json.dumps({**METRICS, "mae": 12.0}))
    assert built(root, "small").id != first.id
    write(root, "small", seed=11)
    assert built(root, "small").id != first.id


@pytest.mark.parametrize(
    ("path", "clean"), [("params.yaml", False), ("bot_core/x.py", False), ("dvc.lock", True), ("notes.txt", True)]
)
def test_a_run_from_a_tree_with_changes_says_so(root: Path, path: str, clean: bool) -> None:  # noqa: FBT001  # a parameter
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text("changed\n")
    assert built(root, "small").origin.clean is clean


def test_outside_a_repository_a_run_has_no_commit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(root / "none"))
    origin = built(root, "small").origin
    assert (origin.commit, origin.clean) == (None, False)


def test_what_was_not_built_to_its_end_is_no_run(root: Path) -> None:
    with pytest.raises(DocumentError, match=r"build/other/model\.json: expected a readable file"):
        built(root, "other")
    (root / "build/small/config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"build/small/config\.json"):
        built(root, "small")


def test_one_that_cannot_be_recorded_does_not_hold_up_the_others(root: Path) -> None:
    none, small = record_built(root, ("other", "small"))
    assert none.problem is not None
    assert list(none.words()) == [f"warning: other: not recorded: {none.problem}"]
    assert small.delivery is not None
    assert (small.delivery.new, list(small.words())) == (True, [])
    assert [run.name.partition("-")[0] for run in local.kept(root)] == ["small"]


def test_trackers_are_those_that_the_model_was_composed_with(root: Path) -> None:
    path = root / "build/small/config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "tracking": {"mlflow": {"uri": "http://127.0.0.1:9"}}}))
    (small,) = record_built(root, ("small",))
    (line,) = small.words()
    assert line.startswith("small: warning: mlflow: not told, waits in var/tracking/spool: http://127.0.0.1:9: expected")
    (declared,) = record_built(root, ("small",), to=TrackingConfig())
    assert list(declared.words()) == []


def test_what_a_clone_built_is_recorded_here_with_its_files(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    here = tmp_path_factory.mktemp("here")
    record_built(here, ("small",), to=AWAY, made=root)
    (entry,) = Spool(here).waiting()
    assert len(Spool(here).files(entry.run)) == len(entry.run.files)
    assert not (root / "var").exists()


def test_a_disk_that_takes_nothing_is_said_and_stops_nothing(root: Path) -> None:
    (root / "var").write_text("a file where a folder must be")
    (small,) = record_built(root, ("small",))
    assert "expected to write" in str(small.problem)
