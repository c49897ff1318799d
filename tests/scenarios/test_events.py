"""A model that learns from another's signals: the table is a stage, and whatever it stands for is brought up to date first."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from bot_core.retraining.reproducing import reproduce
from tests.scenarios.conftest import Repository, make_repository
from tests.scenarios.digests import digests

if TYPE_CHECKING:
    from pathlib import Path

DRIFT = {"monitoring": {"drift": {"replicates": 100}}}
WINDOWS = {"validation": {"walk_forward": {"windows": 3}}}
ROSTER: dict[str, object] = {
    "models": {
        "meta": {
            "data": "decision_events",
            "features": "few",
            "target": "meta_label",
            "model": "logistic",
            "validation": "events",
            "set": {**WINDOWS, **DRIFT},
        },
        "primary": {
            "data": "eurusd_1h",
            "features": "two",
            "target": "forward_return_4",
            "model": "ridge",
            "validation": "hourly",
            "set": {**WINDOWS, **DRIFT},
        },
        "plain": {
            "data": "msft_1d",
            "features": "two",
            "target": "direction_5",
            "model": "logistic",
            "validation": "daily_probability",
            "set": {**WINDOWS, **DRIFT},
        },
    },
    "events": {"events": {"model": "primary", "file": "data/eurusd_1h.csv", "barriers": {"horizon": 4}}},
}
TWO = """\
kind: indicators
features:
  - {name: momentum, indicator: momentum, parameters: {period: 5}}
  - {name: volume_ratio, indicator: volume_ratio, parameters: {period: 20}}
"""
FEW = "kind: columns\ncolumns: [side, primary_prediction, momentum, volume_ratio]\n"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository whose first model learns from the signals of its second; nothing is built."""
    repository = make_repository(tmp_path_factory.mktemp("events") / "project", ROSTER)
    for name, text in (("two", TWO), ("few", FEW)):
        (repository.path / f"conf/features/{name}.yaml").write_text(text)
    repository.commit("few features")
    return repository


@pytest.fixture(scope="module")
def built(fresh: Repository) -> Repository:
    """The same, where the model that learns from signals was asked for, and it alone."""
    repository = fresh.clone(fresh.path.with_name("built"))
    reproduce(repository.path, ["meta"])
    return repository


@pytest.fixture
def repository(built: Repository, tmp_path: Path) -> Repository:
    """A copy to change."""
    return built.clone(tmp_path / "project")


def _table(repository: Repository) -> bytes:
    return (repository.path / "data/events.parquet").read_bytes()


def test_asked_for_one_model_the_table_and_what_it_is_made_from_come_first(built: Repository) -> None:
    assert sorted(path.name for path in (built.path / "build").iterdir()) == ["code", "meta", "primary"]
    assert [path.name for path in (built.path / "build/primary").iterdir()] == ["config.json"]
    config = json.loads((built.path / "build/meta/config.json").read_text())
    assert config["data"]["path"] == "data/events.parquet"
    assert (built.path / "build/meta/card.html").exists()
    assert built.ok("git", "status", "--porcelain", "data") == ""


def test_dvc_repro_comes_to_the_same_bytes_and_finds_nothing_to_do_after_it(fresh: Repository, tmp_path: Path) -> None:
    here, other = fresh.clone(tmp_path / "here"), fresh.clone(tmp_path / "other")
    assert [found.failure for found in reproduce(here.path).models] == [None, None, None]
    said = other.ok("dvc", "repro")
    assert said.index("events@events") < said.index("ingest@meta")
    assert _table(here) == _table(other)
    assert digests(here.path) == digests(other.path)
    assert (here.path / "dvc.lock").read_bytes() == (other.path / "dvc.lock").read_bytes()
    assert here.ok("dvc", "repro").splitlines()[-1] == "Data and pipelines are up to date."


def test_new_bars_of_the_primary_model_make_the_table_anew(repository: Repository) -> None:
    path = repository.path / "data/eurusd_1h.csv"
    before = pd.read_parquet(repository.path / "data/events.parquet")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-200]))
    (found,) = reproduce(repository.path, ["meta"]).models
    assert {"ingest", "featurize", "train"} <= set(found.ran)
    after = pd.read_parquet(repository.path / "data/events.parquet")
    assert after["time"].max() < before["time"].max()


def test_other_barriers_make_the_table_anew_and_nothing_of_the_others(repository: Repository) -> None:
    reproduce(repository.path)
    before = _table(repository)
    repository.edit("params.yaml", "horizon: 4", "horizon: 6")
    meta, primary, plain = reproduce(repository.path).models
    assert _table(repository) != before
    assert {"ingest", "train", "report"} <= set(meta.ran)
    assert (primary.ran, plain.ran) == (("ingest",), ("ingest",))


def test_a_table_that_cannot_be_made_stops_who_reads_it_and_nobody_else(repository: Repository) -> None:
    repository.edit("params.yaml", "file: data/eurusd_1h.csv", "file: data/msft_1d.csv")
    done = repository.run("bot-core", "repro", "--workers", "1")
    assert done.returncode == 2
    assert "events stopped at events: error[CONFIG]: params.yaml: events.events.file: expected data/eurusd_1h.csv" in done.stdout
    assert "meta stopped at ingest: error[INPUT]: data/events.parquet: expected a Parquet file, got no file" in done.stdout
    assert "plain stopped" not in done.stdout
    assert (repository.path / "build/plain/card.html").exists()


def test_the_table_lost_comes_from_the_cache(repository: Repository) -> None:
    before, lock = _table(repository), (repository.path / "dvc.lock").read_bytes()
    (repository.path / "data/events.parquet").unlink()
    shutil.rmtree(repository.path / "build")
    (found,) = reproduce(repository.path, ["meta"]).models
    assert found.ran == ()
    assert (_table(repository), (repository.path / "dvc.lock").read_bytes()) == (before, lock)


def test_a_model_of_signals_is_released_like_any_other(repository: Repository) -> None:
    repository.commit("built")
    said = json.loads(repository.ok("bot-core", "release", "meta", "--format", "json"))
    artifact = json.loads((repository.path / f"models/meta/{said['version']}.json").read_text())
    assert artifact["feature_names"] == ["side", "primary_prediction", "momentum", "volume_ratio"]
    digest = hashlib.sha256((repository.path / "build/meta/data.parquet").read_bytes()).hexdigest()
    assert artifact["metadata"]["training"]["data_digest"] == f"sha256:{digest}"


@pytest.mark.slow
def test_a_run_that_trains_anew_makes_the_table_in_its_clone_and_holds_what_it_learned_against_a_naive_prediction(
    repository: Repository,
) -> None:
    repository.commit("built")
    for name, value in (("user.name", "Example"), ("user.email", "example@example.org")):
        repository.ok("git", "config", name, value)
    (ran,) = json.loads(repository.ok("bot-core", "schedule", "run", "meta", "--format", "json"))["runs"]
    assert ran["outcome"] == "kept"
    assert "there is no champion; the walk-forward does not beat" in ran["reason"]
