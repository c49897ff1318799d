from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.config.tracking import MlflowTracking, TrackingConfig
from bot_core.documents.tracking import Told
from bot_core.errors import AuditError
from bot_core.tracking import local
from bot_core.tracking.recording import AT_ONCE, record, record_all, words
from bot_core.tracking.spool import Spool
from tests.tracked import tracked
from tests.webserver import Reply, serving

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = "http://127.0.0.1:9"
AWAY = TrackingConfig(mlflow=MlflowTracking(uri=NOBODY))
REASON = f"{NOBODY}: expected MLflow to answer, got [Errno 111] Connection refused"


def test_without_a_tracker_a_run_is_a_file(tmp_path: Path) -> None:
    run = tracked(1, tmp_path)
    first, second = record(run, TrackingConfig(), tmp_path), record(run, TrackingConfig(), tmp_path)
    assert (first.new, second.new, first.told, first.waits) == (True, False, [], False)
    assert local.kept(tmp_path) == [run]
    assert [path.name for path in (tmp_path / "var/tracking").iterdir()] == ["runs"]


def test_a_server_that_is_away_stops_nothing_and_loses_nothing(tmp_path: Path) -> None:
    run = tracked(1, tmp_path)
    done = record(run, AWAY, tmp_path)
    assert done.told == [Told(run=run.id, tracker="mlflow", state="spooled", reason=REASON, hint=f"curl {NOBODY}/health")]
    assert local.kept(tmp_path) == [run]
    assert [entry.run for entry in Spool(tmp_path).waiting()] == [run]
    assert list(words(done)) == [
        f"warning: mlflow: not told, waits in var/tracking/spool: {REASON}; curl {NOBODY}/health; later: bot-core tracking backfill"
    ]


def test_a_run_that_waits_is_not_put_into_the_line_again(tmp_path: Path) -> None:
    for _ in range(3):
        assert record(tracked(1, tmp_path), AWAY, tmp_path).waits
    assert len(Spool(tmp_path).waiting()) == 1


def test_a_slow_server_is_waited_for_once_for_all(tmp_path: Path) -> None:
    with serving(lambda _: Reply(after_s=60)) as slow:
        config = TrackingConfig(mlflow=MlflowTracking(uri=slow.address, timeout_s=0.3))
        done = record_all([(tracked(number, tmp_path), config) for number in (1, 2, 3)], tmp_path)
        assert len(slow.asked) == 1
    assert [delivery.told[0].reason.endswith("timed out") for delivery in done] == [True] * 3
    assert len(Spool(tmp_path).waiting()) == 3


def test_what_a_tracker_has_is_not_asked_again(tmp_path: Path) -> None:
    run, to = tracked(1, tmp_path), MlflowTracking(uri=NOBODY)
    local.note(tmp_path, to, Told(run=run.id, tracker="mlflow", state="delivered", where="there"))
    done = record(run, AWAY, tmp_path)
    assert [(told.state, told.where) for told in done.told] == [("already", "there")]
    assert list(words(done)) == ["mlflow: delivered before: there"]
    assert Spool(tmp_path).waiting() == []


def test_while_another_process_tells_a_run_joins_its_line(tmp_path: Path) -> None:
    record(tracked(1, tmp_path), AWAY, tmp_path)
    with (Spool(tmp_path).place / "tell.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (told,) = record(tracked(2, tmp_path), AWAY, tmp_path).told
    assert (told.run, told.state) == (tracked(2).id, "spooled")
    assert "another process" in told.reason
    assert len(Spool(tmp_path).waiting()) == 2


def test_a_damaged_entry_of_another_run_stops_no_training(tmp_path: Path) -> None:
    record(tracked(1, tmp_path), AWAY, tmp_path)
    Spool(tmp_path).waiting()[0].path.write_text("{")
    (told,) = record(tracked(2, tmp_path), AWAY, tmp_path).told
    assert told.state == "spooled"
    assert "expected JSON" in told.reason


def test_a_long_line_is_not_waited_for(tmp_path: Path) -> None:
    to = MlflowTracking(uri=NOBODY)
    for number in range(AT_ONCE):
        Spool(tmp_path).add(tracked(number), to)
    (told,) = record(tracked(AT_ONCE, tmp_path), AWAY, tmp_path).told
    assert (told.run, told.state) == (tracked(AT_ONCE).id, "spooled")
    assert told.reason == f"{AT_ONCE} that waited longer were told first"


def test_an_address_from_the_environment_is_kept_unless_it_holds_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anywhere = TrackingConfig(mlflow=MlflowTracking())
    addresses = (NOBODY, "http://anna:secret@127.0.0.1:9", "sqlite:///runs.db")
    for number, address in enumerate(addresses):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        assert record(tracked(number, tmp_path), anywhere, tmp_path).waits
    assert [entry.to for entry in Spool(tmp_path).waiting()] == [MlflowTracking(uri=NOBODY), MlflowTracking(), MlflowTracking()]
    assert not any(b"secret" in path.read_bytes() for path in (tmp_path / "var").rglob("*.json"))


def test_a_disk_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder must be")
    with pytest.raises(AuditError, match="expected to write"):
        record(tracked(), AWAY, tmp_path)


def test_a_run_recorded_under_another_declaration_is_told_to_the_new_tracker(tmp_path: Path) -> None:
    run = tracked(1, tmp_path)
    record(run, TrackingConfig(), tmp_path)
    done = record(replace(run, name="again"), AWAY, tmp_path)
    assert (done.new, [told.state for told in done.told]) == (False, ["spooled"])
