from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.cli.boundary import outcome
from bot_core.config.models import DaskCompute, LocalCompute
from bot_core.errors import ConfigError, RetrainingError
from bot_core.retraining.compute import Call, Done, Job, Team, run_page, team
from bot_core.retraining.footing import footing

if TYPE_CHECKING:
    from pathlib import Path

HERE = Team(1, 4, beside=False)
BESIDE = Team(2, 2, beside=False)


def _calls(*models: str) -> list[Call]:
    return [Call(f"ingest@{model}", "pipelines.ingest", (model,)) for model in models]


@pytest.mark.parametrize("workers", [HERE, BESIDE], ids=["here", "beside"])
def test_a_page_that_stops_says_why_and_does_not_stop_the_others(workers: Team) -> None:
    done = {found.key: found for found in workers.run(_calls("nobody", "noone"), Job(outcome, None))}
    assert set(done) == {"ingest@nobody", "ingest@noone"}
    for key, found in done.items():
        assert found.failure is not None
        assert found.failure.code == "CONFIG"
        assert found.failure.message.startswith(f"build/{key.partition('@')[2]}/config.json: expected a readable file")


def test_an_unforeseen_fault_is_a_failure_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (done,) = HERE.run([Call("x", "json", ())], Job(outcome, None))
    assert done.failure is not None
    assert (done.failure.code, done.failure.message) == ("FAULT", "python -m json: an unforeseen fault")
    assert "AttributeError" in (tmp_path / "logs/fault.log").read_text()


def test_an_interruption_is_passed_on() -> None:
    def interrupted(*_: object) -> int:
        return 130

    with pytest.raises(KeyboardInterrupt):
        run_page(Call("x", "json", ()), Job(interrupted, None), 1)


def test_a_worker_that_differs_ends_the_run() -> None:
    other = msgspec.structs.replace(footing(()), python="2.7")
    with pytest.raises(RetrainingError, match=r"worker .*: python: expected 2\.7, got 3\.11"):
        list(BESIDE.run(_calls("a", "b"), Job(outcome, other)))


def test_a_worker_that_dies_ends_the_run() -> None:
    with pytest.raises(RetrainingError, match="a worker process: expected it to end its page") as caught:
        list(BESIDE.run([Call(str(i), "tests.unit.retraining.dying", ()) for i in range(2)], Job(outcome, None)))
    assert "--workers 1" in caught.value.hint


def test_nothing_to_run_is_nothing_done() -> None:
    nothing: list[Done] = []
    assert [list(workers.run([], Job(outcome, None))) for workers in (HERE, BESIDE, Team(2, 1, beside=True))] == [nothing] * 3


@pytest.mark.parametrize(
    ("workers", "models", "expected"),
    [(1, 5, Team(1, 1, beside=False)), (4, 2, Team(2, 4, beside=False)), (0, 2, Team(1, 1, beside=False))],
)
def test_there_are_never_more_workers_than_models(workers: int, models: int, expected: Team) -> None:
    with team(LocalCompute(workers=workers), models) as found:
        assert found == expected


def test_no_cluster_at_an_address_is_a_mistake_of_the_configuration() -> None:
    with (
        pytest.raises(ConfigError, match="compute: address: expected a Dask scheduler at nonsense, got"),
        team(DaskCompute(address="nonsense"), 1),
    ):
        pass
