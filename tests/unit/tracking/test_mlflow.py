"""Against a real server; what stands between is a proxy that hangs up, or takes the server away, at a question of the test's choice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlflow.tracking import MlflowClient
from msgspec.structs import replace

from bot_core.config.tracking import MlflowTracking
from bot_core.documents.tracking import run_id
from bot_core.errors import TrackingError
from bot_core.tracking.backfill import backfill
from bot_core.tracking.mlflow import MlflowTracker
from bot_core.tracking.port import RunRefused, tags_of, tell
from bot_core.tracking.spool import Spool
from tests.mlflow_server import mlflow_server, through
from tests.tracked import CONTENT, FILE, METRICS, PARAMS, tracked
from tests.webserver import Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run

    from bot_core.documents.tracking import TrackedRun
    from tests.mlflow_server import MlflowServer
    from tests.webserver import Question

pytestmark = pytest.mark.xdist_group("mlflow")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as running:
        yield running


@dataclass(frozen=True)
class Desk:
    """A folder with a run to tell of, under an experiment of the test's own."""

    root: Path
    run: TrackedRun

    def waits_for(self, address: str) -> None:
        """Put the run into the spool."""
        Spool(self.root).add(self.run, MlflowTracking(uri=address, timeout_s=10))

    def told(self) -> list[str]:
        """Tell what waits; return what became of it."""
        return [told.state for told in backfill(self.root)]


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    run = tracked(1, tmp_path)
    return Desk(tmp_path, replace(run, experiment=f"e{run_id(request.node.name)}", id=run_id(request.node.name, "run")))


def client(server: MlflowServer) -> MlflowClient:
    """Return a client of MLflow's, to look with."""
    return MlflowClient(tracking_uri=server.address)


def runs(server: MlflowServer, experiment: str) -> list[Run]:
    """List what the server has of an experiment, deleted runs too."""
    there = client(server).get_experiment_by_name(experiment)
    return [] if there is None else list(client(server).search_runs([there.experiment_id], run_view_type=3))


def require_whole(server: MlflowServer, run: TrackedRun) -> None:
    """Look whether the server has a run once, with everything."""
    (there,) = runs(server, run.experiment)
    assert there.info.status == "FINISHED"
    assert there.info.run_name == run.name
    assert (there.info.start_time, there.info.end_time) == (run.started.timestamp() * 1000, run.ended.timestamp() * 1000)
    assert there.data.params == PARAMS
    assert there.data.metrics == METRICS
    assert tags_of(run).items() <= there.data.tags.items()
    assert all(len(client(server).get_metric_history(there.info.run_id, name)) == 1 for name in METRICS)
    with open(client(server).download_artifacts(there.info.run_id, FILE), "rb") as file:  # noqa: PTH123  # a text of MLflow's
        assert file.read() == CONTENT


def test_a_run_arrives_whole_with_its_origin(server: MlflowServer, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    tracker = MlflowTracker(MlflowTracking(uri=server.address), {})
    told = tell(tracker, desk.run, [(FILE, desk.root / FILE)])
    assert told.state == "delivered"
    require_whole(server, desk.run)
    (there,) = runs(server, desk.run.experiment)
    assert told.where == f"{server.address}/#/experiments/{there.info.experiment_id}/runs/{there.info.run_id}"
    assert tell(tracker, desk.run, []).state == "already"
    require_whole(server, desk.run)
    assert capsys.readouterr().out == ""


def test_the_servers_address_may_come_from_the_environment(server: MlflowServer) -> None:
    tracker = MlflowTracker(MlflowTracking(), {"MLFLOW_TRACKING_URI": f"{server.address}/"})
    assert tracker.check() == server.address
    named = MlflowTracker(MlflowTracking(), {"MLFLOW_TRACKING_URI": server.address.replace("//", "//anna:secret@")})
    assert named.check() == server.address


def test_an_experiment_that_is_declared_goes_before_the_runs_own(server: MlflowServer, desk: Desk) -> None:
    declared = f"{desk.run.experiment}-declared"
    tell(MlflowTracker(MlflowTracking(uri=server.address, experiment=declared), {}), desk.run, [])
    assert [there.info.run_name for there in runs(server, declared)] == [desk.run.name]
    assert runs(server, desk.run.experiment) == []


def test_more_than_a_request_holds_is_told_in_several(server: MlflowServer, desk: Desk) -> None:
    wide = replace(desk.run, params={f"p{i}": str(i) for i in range(250)}, metrics={f"m{i}": float(i) for i in range(250)})
    tell(MlflowTracker(MlflowTracking(uri=server.address), {}), wide, [])
    (there,) = runs(server, wide.experiment)
    assert (there.data.params, there.data.metrics) == (wide.params, wide.metrics)


def test_a_run_that_a_person_deleted_there_is_not_brought_back(server: MlflowServer, desk: Desk) -> None:
    tracker = MlflowTracker(MlflowTracking(uri=server.address), {})
    tell(tracker, desk.run, [])
    client(server).delete_run(runs(server, desk.run.experiment)[0].info.run_id)
    assert tell(tracker, desk.run, []).state == "already"
    assert [there.info.lifecycle_stage for there in runs(server, desk.run.experiment)] == ["deleted"]


# --- away, slow, refusing -------------------------------------------------------------------------------------------------------------


def test_a_server_that_is_away_is_known_before_its_library_is_loaded() -> None:
    code = (
        "import sys, bot_core.tracking.mlflow as m\n"
        "from bot_core.config.tracking import MlflowTracking as T\nfrom bot_core.errors import TrackingError\n"
        "try: m.MlflowTracker(T(uri='http://127.0.0.1:9'), {}).check()\n"
        "except TrackingError as error: print(error, 'mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    sentence = "http://127.0.0.1:9: expected MLflow to answer, got [Errno 111] Connection refused (curl http://127.0.0.1:9/health)"
    assert done.stdout == f"{sentence} False\n"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(Reply(after_s=30), "timed out"), (Reply(503), "HTTP 503"), (Reply(cut=-1), "Remote end closed connection without response")],
    ids=["slow", "broken", "hangs up"],
)
def test_a_server_that_is_not_well_is_away(reply: Reply, reason: str) -> None:
    with serving(lambda _: reply) as front, pytest.raises(TrackingError, match=f"expected MLflow to answer, got {reason}"):
        MlflowTracker(MlflowTracking(uri=front.address, timeout_s=0.5), {}).check()


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_does_not_know_us_says_what_to_set(server: MlflowServer, status: int) -> None:
    body = b'{"error_code": "PERMISSION_DENIED", "message": "who are you?"}'
    closed = Reply(status, body, {"Content-Type": "application/json"})
    with through(server, lambda asked, _: None if asked.path == "/health" else closed) as front:
        with pytest.raises(TrackingError, match=r"expected MLflow to know us, got .*who are you\?") as caught:
            MlflowTracker(MlflowTracking(uri=front.address), {}).check()
        assert caught.value.hint.startswith("set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
        assert not isinstance(caught.value, RunRefused)


def test_an_address_that_is_nobodys_says_so(server: MlflowServer) -> None:
    with pytest.raises(TrackingError, match="mlflow: expected the address of a server, got none"):
        MlflowTracker(MlflowTracking(), {}).check()
    with pytest.raises(TrackingError, match="expected MLflow to answer"):
        MlflowTracker(MlflowTracking(uri=f"{server.address}/elsewhere"), {}).check()


def test_a_run_that_the_server_refuses_lets_the_next_one_pass(server: MlflowServer, desk: Desk) -> None:
    tracker = MlflowTracker(MlflowTracking(uri=server.address), {})
    begun = tracker.start(desk.run)
    begun.params({"model.family": "another"})  # a parameter cannot be changed there
    spool, to = Spool(desk.root), MlflowTracking(uri=server.address)
    following = replace(desk.run, id=run_id(desk.run.id), name="following")
    spool.add(desk.run, to)
    spool.add(following, to)
    refused, passed = list(backfill(desk.root))
    assert (refused.state, passed.state) == ("refused", "delivered")
    assert "Changing param values is not allowed" in refused.reason
    assert [entry.run.id for entry in spool.waiting()] == [desk.run.id]


# --- cut off anywhere -----------------------------------------------------------------------------------------------------------------


def test_a_connection_that_breaks_anywhere_loses_nothing_and_tells_nothing_twice(server: MlflowServer, desk: Desk) -> None:
    """Before the server hears the N-th question, and after it did but before its answer comes back: for every N."""
    for breaks in range(1, 100):
        asked = [_broken(server, desk, breaks, heard=heard) for heard in (False, True)]
        if max(asked) < breaks:
            break
    assert 9 <= breaks < 99


def _broken(server: MlflowServer, desk: Desk, breaks: int, *, heard: bool) -> int:
    """Tell a run over a connection that breaks once, then again; return how many questions the first time came to."""
    name = f"{desk.run.experiment}.{breaks}.{heard}"
    here = Desk(desk.root / name, replace(tracked(1, desk.root / name), id=run_id(name), experiment=name))

    def at(question: Question, number: int) -> Reply | None:
        if number == breaks and heard:
            server.forward(question)
        return Reply(cut=-1) if number == breaks else None

    with through(server, at) as front:
        here.waits_for(front.address)
        first, asked = here.told(), len(front.asked)
        assert first == (["spooled"] if breaks <= asked else ["delivered"])
        assert here.told() in ([["delivered"], ["already"]] if first == ["spooled"] else [[]])
    require_whole(server, here.run)
    return asked


def test_a_server_that_is_killed_between_params_and_metrics_gets_the_rest_once_it_is_back(server: MlflowServer, desk: Desk) -> None:
    killed: list[int] = []

    def at(question: Question, number: int) -> Reply | None:
        if b'"metrics": [{' in question.body and not killed:
            server.kill()
            killed.append(number)
        return None if server.process else Reply(cut=-1)

    with through(server, at) as front:
        desk.waits_for(front.address)
        try:
            assert desk.told() == ["spooled"]
            assert desk.told() == ["spooled"]
        finally:
            server.start()
        (there,) = runs(server, desk.run.experiment)
        assert (there.info.status, there.data.params, there.data.metrics) == ("RUNNING", PARAMS, {})
        assert desk.told() == ["delivered"]
    require_whole(server, desk.run)


def test_a_process_that_is_killed_while_it_tells_is_followed_by_one_that_ends_it(server: MlflowServer, desk: Desk) -> None:
    """It is killed after the server heard the metrics and before it answers."""
    killed: list[int] = []

    def at(question: Question, _: int) -> Reply | None:
        if b'"metrics": [{' in question.body and not killed:
            server.forward(question)
            killed.append(process.pid)
            process.kill()
            return Reply(cut=-1)
        return None

    with through(server, at) as front:
        desk.waits_for(front.address)
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        command = [sys.executable, "-m", "bot_core.cli.main", "tracking", "backfill"]
        with subprocess.Popen(command, cwd=desk.root, env=environment) as process:
            assert process.wait(timeout=120) == -signal.SIGKILL
        assert [entry.run.id for entry in Spool(desk.root).waiting()] == [desk.run.id]
        assert desk.told() == ["delivered"]
    assert killed
    require_whole(server, desk.run)
