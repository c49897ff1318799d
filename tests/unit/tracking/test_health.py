from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.config.tracking import MlflowTracking, TrackingConfig
from bot_core.documents.tracking import Origin, TrackedRun, run_id
from bot_core.governance.desk import Desk
from bot_core.tracking import health, store
from bot_core.tracking.finding import Finding
from bot_core.tracking.spool import Spool
from bot_core.tracking.store_places import Folder
from tests.webserver import Reply, serving
from tests.world import MODEL, World, build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot_core.governance.snapshot import Snapshot

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
AWAY = MlflowTracking(uri="http://127.0.0.1:9", timeout_s=1.0)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("desk"), "released")


@pytest.fixture
def view(desk: World) -> Snapshot:
    return Desk(desk.path, desk.now).view


class Forgetful(Folder):
    """A folder that says it kept something and did not."""

    def create(self, name: str, data: bytes, notes: Mapping[str, str]) -> bool:  # noqa: ARG002
        """Keep nothing."""
        return True


def waits(root: Path, age: dt.timedelta) -> None:
    """Let a run wait for MLflow since a time."""
    digest = sha256(b"x")
    origin = Origin(commit=None, clean=False, data=digest, config=digest, environment=digest)
    name = run_id("small", str(age))
    run = TrackedRun(id=name, name="small", experiment="small", model="small", started=NOW, ended=NOW, origin=origin)
    Spool(root).add(run, AWAY)
    (entry,) = [one for one in Spool(root).waiting() if one.run.id == name]
    then = (NOW - age).timestamp()
    os.utime(entry.path, (then, then))


def test_without_trackers_it_says_where_runs_are(tmp_path: Path) -> None:
    (found,) = health.trackers(TrackingConfig(), tmp_path)
    assert (found.check, found.well) == ("trackers", True)
    assert "var/tracking/runs" in found.found


def test_a_tracker_that_is_away_is_named(tmp_path: Path) -> None:
    (found,) = health.trackers(TrackingConfig(mlflow=AWAY), tmp_path)
    assert (found.check, found.well) == ("tracker mlflow", False)
    assert "127.0.0.1:9" in found.found
    assert found.hint


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_tracker_that_does_not_know_us_is_named(tmp_path: Path) -> None:
    with serving(lambda _: Reply(status=401, body=b'{"error_code": "UNAUTHENTICATED", "message": "who?"}')) as server:
        (found,) = health.trackers(TrackingConfig(mlflow=MlflowTracking(uri=server.address, timeout_s=2.0)), tmp_path)
    assert not found.well
    assert "401" in found.found or "UNAUTHENTICATED" in found.found


def test_nothing_waits_at_first_and_nothing_is_created(tmp_path: Path) -> None:
    assert health.waiting(tmp_path, NOW) == Finding("spool", well=True, found="nothing waits", hint="")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("hours", "well"), [(1, True), (7 * 24, True), (7 * 24 + 1, False)])
def test_what_waits_longer_than_a_week_is_wrong(tmp_path: Path, hours: int, *, well: bool) -> None:
    waits(tmp_path, dt.timedelta(hours=hours))
    waits(tmp_path, dt.timedelta(minutes=5))
    found = health.waiting(tmp_path, NOW)
    assert (found.well, found.hint) == (well, "bot-core tracking backfill")
    assert found.found == f"2 wait, the oldest since {NOW - dt.timedelta(hours=hours):%Y-%m-%d %H:%M} UTC"


def test_a_damaged_entry_is_a_finding(tmp_path: Path) -> None:
    waits(tmp_path, dt.timedelta(hours=1))
    (entry,) = Spool(tmp_path).waiting()
    entry.path.write_text("{")
    assert not health.waiting(tmp_path, NOW).well


def test_a_store_is_tried_and_left_as_it_was(tmp_path: Path, desk: World, view: Snapshot) -> None:
    place = Folder(tmp_path)
    storage, release = health.storage(place, view)
    assert (storage.well, storage.found) == (True, f"{tmp_path}: reachable and writable")
    assert (release.check, release.well, release.hint) == (f"stored {MODEL}", False, f"bot-core store push {MODEL} {desk.version}")
    assert place.names("") == []


def test_the_newest_release_is_compared_byte_for_byte(tmp_path: Path, desk: World, view: Snapshot) -> None:
    place = Folder(tmp_path)
    store.push(place, store.released(view, MODEL, desk.version))
    _, release = health.storage(place, view)
    assert (release.well, release.found) == (True, f"{desk.version}, byte for byte as git holds it")
    (tmp_path / "releases" / MODEL / desk.version / f"models/{MODEL}/{desk.version}.json").write_bytes(b"{}")
    _, release = health.storage(place, view)
    assert (release.well, release.hint) == (False, "bot-core store verify")


def test_only_the_newest_release_of_a_model_must_be_there(tmp_path: Path, desk: World) -> None:
    other = desk.clone(tmp_path / "other")
    other.shift = dt.timedelta(hours=1)
    newest = other.release()
    view = Desk(other.path, other.now).view
    place = Folder(tmp_path / "kept")
    store.push(place, store.released(view, MODEL, newest))
    _, release = health.storage(place, view)
    assert (release.well, newest in release.found) == (True, True)


def test_a_store_that_forgets_is_found(tmp_path: Path, view: Snapshot) -> None:
    (storage,) = health.storage(Forgetful(tmp_path), view)
    assert not storage.well
    assert "expected the object that was just written" in storage.found


def test_a_store_that_cannot_be_written_is_found(tmp_path: Path, view: Snapshot) -> None:
    (tmp_path / "kept").write_text("a file")
    (storage,) = health.storage(Folder(tmp_path / "kept"), view)
    assert (storage.check, storage.well) == ("storage", False)


def test_a_repository_without_releases_is_well(tmp_path: Path, desk: World) -> None:
    other = desk.clone(tmp_path / "other")
    other.git("rm", "-rq", "models")
    other.commit()
    _, release = health.storage(Folder(tmp_path / "kept"), Desk(other.path, other.now).view)
    assert release == Finding("releases", well=True, found="no signed release is committed here")


def test_free_space_is_measured_where_the_folder_will_be(tmp_path: Path) -> None:
    cache = tmp_path / "state/models"
    assert health.space(cache, 1).well
    assert not cache.exists()
    found = health.space(cache, 1 << 60)
    assert (found.well, "AI_TRADER_MODEL_CACHE" in found.hint) == (False, True)
    assert f"{cache}: " in found.found
