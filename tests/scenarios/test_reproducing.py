"""`bot-core repro` beside `dvc repro`: the same bytes, the same skips, the same lock, wherever it runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bot_core.config.models import DaskCompute, LocalCompute
from bot_core.errors import RetrainingError
from bot_core.retraining.reproducing import INTERRUPTED, reproduce
from pipelines import PINNED
from tests.scenarios.conftest import Repository, make_repository
from tests.scenarios.digests import digests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = ("compose", "ingest", "check_data", "featurize", "train", "walk_forward", "monitor", "report")
DRIFT = {"monitoring": {"drift": {"replicates": 100}}}
PAIR: dict[str, object] = {
    "models": {
        "trees": {
            "data": "eurusd_1h",
            "features": "two",
            "target": "next_range",
            "model": "trees_range",
            "validation": "hourly",
            "set": {"model": {"rounds": 20}, "validation": {"walk_forward": {"windows": 3}}, **DRIFT},
        },
        "plain": {
            "data": "msft_1d",
            "features": "two",
            "target": "direction_5",
            "model": "logistic",
            "validation": "daily_probability",
            "set": {"validation": {"walk_forward": {"windows": 3}}, **DRIFT},
        },
    }
}
TWO_FEATURES = """\
kind: indicators
features:
  - {name: momentum, indicator: momentum, parameters: {period: 5}}
  - {name: volume_ratio, indicator: volume_ratio, parameters: {period: 20}}
"""
CLUSTER = """\
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


def _lock(repository: Repository) -> bytes:
    return (repository.path / "dvc.lock").read_bytes()


def _bare(repository: Repository, path: Path) -> Repository:
    """Copy a repository with nothing built, nothing recorded and nothing cached."""
    copy = repository.clone(path)
    for name in ("build", ".dvc/cache", ".dvc/tmp"):
        shutil.rmtree(copy.path / name)
    (copy.path / "dvc.lock").unlink()
    return copy


def _again(repository: Repository) -> str:
    return repository.ok("dvc", "repro").splitlines()[-1]


# --- beside `dvc repro` ---


def test_a_fresh_clone_comes_to_the_bytes_and_the_lock_of_dvc_repro(reproduced: Repository, tmp_path: Path) -> None:
    other = _bare(reproduced, tmp_path / "project")
    said = json.loads(other.ok("bot-core", "repro", "--workers", "1", "--format", "json"))
    (found,) = said["models"]
    assert sorted(found["ran"]) == sorted(ALL)
    assert found["test"].endswith(" probability")
    assert digests(other.path) == digests(reproduced.path)
    assert _lock(other) == _lock(reproduced)
    assert _again(other) == "Data and pipelines are up to date."


def test_again_does_nothing(repository: Repository) -> None:
    before = _lock(repository)
    assert "none, it is up to date" in repository.ok("bot-core", "repro", "--workers", "1")
    assert _lock(repository) == before


def test_what_was_lost_comes_from_the_cache(repository: Repository) -> None:
    before, lock = digests(repository.path), _lock(repository)
    shutil.rmtree(repository.path / "build")
    (repository.path / "dvc.lock").unlink()
    (found,) = reproduce(repository.path).models
    assert (sorted(found.restored), found.ran) == (sorted(ALL), ())
    assert digests(repository.path) == before
    assert _lock(repository) == lock


def test_a_penalty_runs_training_and_what_follows_and_nothing_else(repository: Repository) -> None:
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 5.0")
    other = repository.clone(repository.path.parent / "other")
    (found,) = reproduce(repository.path).models
    assert sorted(found.ran) == sorted({"compose", "train", "walk_forward", "monitor", "report"})
    other.ok("dvc", "repro")
    assert (digests(repository.path), _lock(repository)) == (digests(other.path), _lock(other))


def test_what_comes_out_unchanged_is_not_followed(repository: Repository) -> None:
    path = repository.path / "bot_core/data/sources/csv_bars.py"
    path.write_text(f"{path.read_text()}# a comment\n")
    (found,) = reproduce(repository.path).models
    assert found.ran == ("ingest",)
    assert _again(repository) == "Data and pipelines are up to date."


def test_one_model_that_stops_does_not_stop_the_others(repository: Repository) -> None:
    repository.edit("params.yaml", "models:\n", "models:\n  broken: {data: nowhere, features: bars_daily, target: direction_5}\n")
    done = repository.run("bot-core", "repro", "--workers", "1")
    assert done.returncode == 2
    assert "broken stopped at compose: error[CONFIG]: params.yaml: models.broken: expected choices" in done.stdout
    assert "small" in done.stdout
    assert not (repository.path / "build/broken").exists()
    assert "broken" not in _lock(repository).decode()


# --- killed, interrupted, in the way ---


@contextmanager
def _started(repository: Repository, until: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process by itself and wait until a stage has ended; at the end, until it has."""
    command = [sys.executable, "-m", "pipelines"]
    with subprocess.Popen(command, cwd=repository.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b'{"models": ["small"], "compute": {"backend": "local", "workers": 1}}')
        process.stdin.close()
        try:
            assert any(json.loads(line)["stage"] == until for line in process.stdout)
            yield process
        finally:
            process.kill()


def test_killed_it_goes_on_from_the_cache(repository: Repository) -> None:
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 3.0")
    lock = _lock(repository)
    with _started(repository, "compose"):
        pass
    assert _lock(repository) == lock
    (found,) = reproduce(repository.path).models
    assert "compose" in found.restored
    assert "report" in found.ran
    assert _again(repository) == "Data and pipelines are up to date."


def test_killed_while_dvc_wrote_its_claims_it_goes_on(repository: Repository) -> None:
    (repository.path / ".dvc/tmp/rwlock").write_text('{"write": {"build')
    (found,) = reproduce(repository.path).models
    assert found.failure is None
    assert _again(repository) == "Data and pipelines are up to date."


def test_interrupted_it_records_what_is_finished(repository: Repository) -> None:
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 2.0")
    with _started(repository, "compose") as process:
        process.send_signal(signal.SIGINT)
        assert process.wait() == INTERRUPTED
    (found,) = reproduce(repository.path).models
    assert "compose" not in {*found.ran, *found.restored}
    assert "report" in found.ran


def test_two_at_once_do_not_write_one_lock(repository: Repository) -> None:
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 6.0")
    with (
        _started(repository, "compose"),
        pytest.raises(RetrainingError, match=r"dvc\.yaml: expected DVC to go on, got: Unable to acquire lock"),
    ):
        reproduce(repository.path)


# --- wherever it runs ---


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Two compact models, of trees and of a line, one after the other in one process."""
    repository = make_repository(tmp_path_factory.mktemp("alone") / "project", PAIR)
    (repository.path / "conf/features/two.yaml").write_text(TWO_FEATURES)
    assert reproduce(repository.path, compute=LocalCompute(workers=1)).exit_code == 0
    return repository


@pytest.fixture
def fresh(alone: Repository, tmp_path: Path) -> Repository:
    """The same, with nothing built and nothing cached."""
    return _bare(alone, tmp_path / "project")


@pytest.mark.slow
def test_two_processes_give_the_bytes_of_one(alone: Repository, fresh: Repository) -> None:
    done = reproduce(fresh.path, compute=LocalCompute(workers=2))
    assert [sorted(found.ran) for found in done.models] == [sorted(ALL)] * 2
    assert (digests(fresh.path), _lock(fresh)) == (digests(alone.path), _lock(alone))


@pytest.fixture
def cluster(request: pytest.FixtureRequest, fresh: Repository) -> Iterator[str]:
    """A Dask cluster of processes that stand in the repository, with the environment asked for; its address."""
    pinned, workers = request.param
    plain = {key: value for key, value in os.environ.items() if key not in PINNED}
    command = [sys.executable, "-c", CLUSTER, str(workers)]
    with subprocess.Popen(
        command, cwd=fresh.path, env=plain | pinned, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [(PINNED, 2)], indirect=True)
def test_a_cluster_gives_the_bytes_of_one(alone: Repository, fresh: Repository, cluster: str) -> None:
    said = fresh.ok("bot-core", "repro", "--compute", "dask", "--address", cluster)
    assert "monitor report" in said
    assert (digests(fresh.path), _lock(fresh)) == (digests(alone.path), _lock(alone))
    assert _again(fresh) == "Data and pipelines are up to date."


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [({}, 2)], indirect=True)
def test_a_worker_without_the_pins_is_refused(fresh: Repository, cluster: str) -> None:
    with pytest.raises(RetrainingError, match=r"kernels: expected \['openblas Nehalem'\], got .*: its results might differ"):
        reproduce(fresh.path, compute=DaskCompute(address=cluster))
    assert not (fresh.path / "build/trees").exists()


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [({}, 0)], indirect=True)
def test_workers_started_by_their_page_are_pinned(fresh: Repository, cluster: str) -> None:
    with pytest.raises(RetrainingError, match="expected workers at"):
        reproduce(fresh.path, ["plain"], compute=DaskCompute(address=cluster))
    command = [sys.executable, "-m", "pipelines.dask_worker", cluster, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=fresh.path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        registered = (line for line in process.stderr if "Registered to" in line)
        assert [next(registered) for _ in range(2)]
        (found,) = reproduce(fresh.path, ["plain"], compute=DaskCompute(address=cluster)).models
        process.terminate()
        said = process.stdout.read()
    assert sorted(found.ran) == sorted(ALL)
    assert "plain: 3 windows" in said
