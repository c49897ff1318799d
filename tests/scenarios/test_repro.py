"""The main job as a user runs it, on a real repository with the real DVC."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scenarios.conftest import Repository

WRITTEN = {"config.json", "data.parquet", "data_quality.json", "features.parquet", "model.json", "walk_forward.json", "drift.json"}


def _ran(output: str) -> set[str]:
    return set(re.findall(r"Running stage '(\w+)@", output))


def test_it_writes_every_document_and_leaves_git_clean(reproduced: Repository) -> None:
    names = {path.name for path in (reproduced.path / "build/small").iterdir()}
    assert names >= WRITTEN | {"card.html", "card.md", "metrics.json"}
    assert reproduced.ok("git", "status", "--porcelain") == ""
    assert "0 violations" in reproduced.ok("bot-core", "validate")


def test_again_does_nothing(reproduced: Repository) -> None:
    assert _ran(reproduced.ok("dvc", "repro")) == set()


def test_git_keeps_the_figures_and_nothing_else_of_the_build(reproduced: Repository) -> None:
    kept = reproduced.ok("git", "ls-files", "build").split()
    assert kept == ["build/small/metrics.json"]


@pytest.mark.slow
def test_a_learning_rate_runs_training_and_what_follows_and_nothing_else(repository: Repository) -> None:
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 5.0")
    assert _ran(repository.ok("dvc", "repro")) == {"compose", "train", "walk_forward", "monitor", "report"}


@pytest.mark.slow
def test_the_number_of_workers_runs_nothing_but_the_composition(repository: Repository) -> None:
    repository.edit("conf/compute/local.yaml", "workers: -1", "workers: 1")
    assert _ran(repository.ok("dvc", "repro")) == {"compose", "report"}


@pytest.mark.slow
def test_one_model_that_stops_does_not_stop_the_others(repository: Repository) -> None:
    repository.edit(
        "params.yaml", "models:\n", "models:\n  dirty: {data: dirty, features: bars_daily, target: direction_5, model: logistic}\n"
    )
    text = (repository.path / "data/msft_1d.csv").read_text().splitlines()
    (repository.path / "data/dirty.csv").write_text("\n".join(text[:300] + text[1500:]) + "\n")
    source = (repository.path / "conf/data/msft_1d.yaml").read_text()
    (repository.path / "conf/data/dirty.yaml").write_text(source.replace("data/msft_1d.csv", "data/dirty.csv"))
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 4.0")
    done = repository.run("dvc", "repro", "--keep-going")
    assert done.returncode != 0
    assert "error[QUALITY]: data/dirty.csv: expected data fit to learn from" in done.stderr
    assert json.loads((repository.path / "build/dirty/data_quality.json").read_text())["status"] == "critical"
    assert not (repository.path / "build/dirty/model.json").exists()
    assert {"train", "report"} <= _ran(done.stdout)
    table = repository.ok("bot-core", "models")
    assert "critical" in table
    assert "small" in table


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_stopped(repository: Repository) -> None:
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 3.0")
    repository.ok("dvc", "repro", "train@small")
    for name in ("walk_forward.json", "drift.json", "card.html"):
        (repository.path / "build/small" / name).unlink(missing_ok=True)
    again = repository.ok("dvc", "repro")
    assert "train" not in _ran(again)
    assert {"walk_forward", "monitor", "report"} <= _ran(again)


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "conf/model/logistic.yaml",
            "penalty:",
            "penaltys:",
            "error[CONFIG]: conf/model/logistic.yaml: model.penaltys: expected one of",
        ),
        (
            "conf/features/bars_daily.yaml",
            "kind: indicators",
            "kind: columns",
            "error[CONFIG]: conf/features/bars_daily.yaml: features.",
        ),
    ],
)
def test_a_mistake_stops_the_model_before_anything_runs(
    repository: Repository, file: str, old: str, new: str, sentence: str
) -> None:
    repository.edit(file, old, new)
    done = repository.run("dvc", "repro")
    assert sentence in done.stderr
    assert _ran(done.stdout) == {"compose"}
    assert "Traceback" not in done.stderr
