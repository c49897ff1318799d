from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from bot_core.config.tracking import MlflowTracking, WandbTracking
from bot_core.errors import TrackingError
from bot_core.tracking import local
from bot_core.tracking.backfill import backfill
from bot_core.tracking.spool import PLACE, Spool
from tests.tracked import tracked
from tests.unit.tracking.notebook import AWAY, NO, TO, Shelf

if TYPE_CHECKING:
    from pathlib import Path

OTHER = WandbTracking(project="p")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """Three runs wait, each for both trackers."""
    spool = Spool(tmp_path)
    for number in (1, 2, 3):
        spool.add(tracked(number, tmp_path), TO)
        spool.add(tracked(number), OTHER)
    return spool


def test_nothing_waits_where_nothing_was_recorded(tmp_path: Path) -> None:
    assert list(backfill(tmp_path, find=Shelf().find)) == []
    assert list(tmp_path.iterdir()) == []


def test_all_are_told_in_order_and_the_spool_is_empty(spool: Spool) -> None:
    shelf = Shelf()
    done = list(backfill(spool.root, find=shelf.find))
    assert [(told.tracker, told.state) for told in done] == [("mlflow", "delivered"), ("wandb", "delivered")] * 3
    assert shelf.mlflow.started == shelf.wandb.started == ["small-1", "small-2", "small-3"]
    assert spool.waiting() == []
    assert all(local.noted(spool.root, tracked(number).id, to) for number in (1, 2, 3) for to in (TO, OTHER))
    assert list(backfill(spool.root, find=shelf.find)) == []


def test_one_that_is_away_holds_its_own_line_and_no_other(spool: Spool) -> None:
    shelf = Shelf()
    shelf.mlflow.answers = {"small-2": AWAY}
    done = list(backfill(spool.root, find=shelf.find))
    assert [told.state for told in done if told.tracker == "wandb"] == ["delivered"] * 3
    assert [told.state for told in done if told.tracker == "mlflow"] == ["delivered", "spooled", "spooled"]
    assert {(told.reason, told.hint) for told in done if told.state == "spooled"} == {(AWAY.message, "wait")}
    assert shelf.mlflow.started == ["small-1", "small-2"]
    assert [entry.run.name for entry in spool.waiting()] == ["small-2", "small-3"]


def test_one_that_is_refused_stays_and_lets_the_next_pass(spool: Spool) -> None:
    shelf = Shelf()
    shelf.mlflow.answers = {"small-1": NO}
    done = [told.state for told in backfill(spool.root, find=shelf.find) if told.tracker == "mlflow"]
    assert done == ["refused", "delivered", "delivered"]
    assert [entry.run.name for entry in spool.waiting()] == ["small-1"]


def test_what_comes_meanwhile_is_told_too(spool: Spool) -> None:
    done = backfill(spool.root, find=Shelf().find)
    next(done)
    spool.add(tracked(4), TO)
    assert len(list(done)) == 6


def test_a_line_may_be_told_in_parts(spool: Spool) -> None:
    assert len(list(backfill(spool.root, find=Shelf().find, most=4))) == 4
    assert [(entry.run.name, entry.tracker) for entry in spool.waiting()] == [("small-3", "mlflow"), ("small-3", "wandb")]


def test_interrupted_it_goes_on_where_it_was(spool: Spool) -> None:
    """What was told stays told, and the place is free for the next."""
    first = backfill(spool.root, find=Shelf().find)
    next(first)
    first.close()  # type: ignore[attr-defined]  # it is a generator
    shelf = Shelf()
    assert len(list(backfill(spool.root, find=shelf.find))) == 5
    assert shelf.mlflow.started == ["small-2", "small-3"]


def test_two_do_not_tell_at_once(spool: Spool) -> None:
    with (spool.place / "tell.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TrackingError, match=f"{PLACE}: expected to be the only one who tells"):
            list(backfill(spool.root, find=Shelf().find))
    assert len(spool.waiting()) == 6


def test_each_waits_for_the_address_that_was_declared_when_it_was_recorded(tmp_path: Path) -> None:
    first, second = MlflowTracking(uri="http://127.0.0.1:9"), MlflowTracking(uri="http://127.0.0.1:10")
    for to in (first, second):
        Spool(tmp_path).add(tracked(), to)
    reasons = [told.reason for told in backfill(tmp_path)]
    assert [reason.partition(": expected MLflow to answer")[0] for reason in reasons] == [
        "http://127.0.0.1:9",
        "http://127.0.0.1:10",
    ]


def test_a_server_that_is_gone_for_good_does_not_hold_up_the_one_that_came_in_its_place(tmp_path: Path) -> None:
    gone, there = MlflowTracking(uri="http://127.0.0.1:9"), MlflowTracking(uri="http://127.0.0.1:10")
    Spool(tmp_path).add(tracked(1), gone)
    Spool(tmp_path).add(tracked(2), there)
    shelf = Shelf()
    shelf.mlflow.answers = {"small-1": AWAY}
    assert [told.state for told in backfill(tmp_path, find=shelf.find)] == ["spooled", "delivered"]
