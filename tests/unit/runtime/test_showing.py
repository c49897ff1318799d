from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from bot_core._parse import encode_json
from bot_core.documents.schedule import JobState
from bot_core.errors import DocumentError
from bot_core.governance import layout, operation
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused
from bot_core.journal.rotation import Follower
from bot_core.runtime.press import Press
from bot_core.runtime.showing import reports, shown
from tests.evidence import data_quality, drifted
from tests.publisher import HOUR, Publisher
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.governance.writing import Files
    from tests.world import Stage, World

STAMP = "20261121T101500Z"


@pytest.fixture
def paper(world: Callable[[Stage], World]) -> Publisher:
    return Publisher.on(world("paper"))


def press(paper: Publisher, **changes: object) -> Press:
    desk = Desk(paper.desk.path, paper.clock)
    return Press.of(desk, desk.at("main"), paper.wish(**changes))


def show(paper: Publisher, **changes: object) -> tuple[Files, tuple[str, ...]]:
    return shown(press(paper, **changes), None, 99)


def kinds(files: Files) -> list[str]:
    return sorted(path.rsplit("/", 1)[-1].split(".")[0] for path in files if path.endswith(".json"))


def put(paper: Publisher, path: str, data: bytes) -> str:
    whole = f"audit/ai_decision/{path}"
    paper.desk.put(whole, data)
    return whole


# --- extracts ---


def test_both_extracts_say_what_the_environment_did_and_count(paper: Publisher) -> None:
    paper.decide("accepted", "rejected", "accepted")
    first = paper.clock - dt.timedelta(seconds=2)
    paper.schedule()
    paper.publish()
    with Follower(paper.journal) as follower:
        *_, last = ((line, follower.place.hash) for line in follower.lines())
    time = f"{paper.clock:%Y-%m-%dT%H:%M:%SZ}"
    whose = {
        "repository": "quant/models",
        "environment": "paper",
        "model": MODEL,
        "version": paper.desk.version,
        "signer": "runtime-1",
        "published": time,
    }
    decided = paper.clock - dt.timedelta(seconds=1)
    assert paper.shows("journal") == whose | {
        "schema": "bot-core/operation-journal/v1",
        "first": f"{first:%Y-%m-%dT%H:%M:%SZ}",
        "last": f"{decided:%Y-%m-%dT%H:%M:%SZ}",
        "is_ready": True,
        "candidates": 3,
        "decisions": 2,
        "head": f"sha256:{last[1]}",
    }
    scheduler = paper.shows("scheduler")
    assert {name: scheduler[name] for name in whose} == whose
    assert scheduler.keys() - whose.keys() == {"schema", "last_run", "next_run"}


def test_decisions_before_the_release_stood_here_are_not_its_own(paper: Publisher) -> None:
    paper.clock -= HOUR
    paper.decide("accepted", "accepted")
    paper.clock += HOUR
    paper.decide("accepted")
    files, _ = show(paper)
    (data,) = [data for path, data in files.items() if path.endswith(".json")]
    assert b'"candidates": 1' in data


def test_a_release_that_decided_nothing_is_named(paper: Publisher) -> None:
    paper.decide("accepted", version="20200101T000000Z-0a1b2c3d")
    files, notes = show(paper)
    assert (kinds(files), notes[0]) == ([], f"{MODEL} {paper.desk.version}: {paper.journal} has no decision of it in paper")


def test_an_environment_without_models_shows_nothing(paper: Publisher) -> None:
    paper.decide("accepted")
    assert show(paper, environment="production") == ({}, ())


@pytest.mark.parametrize(
    "changes",
    [{"last_run": None}, {"next_run": None, "paused_reason": "holidays"}],
    ids=["never ran", "paused"],
)
def test_a_scheduler_that_says_nothing_is_named(paper: Publisher, changes: dict[str, object]) -> None:
    paper.decide("accepted")
    file = paper.schedule(None, **changes)
    files, (note,) = show(paper)
    assert kinds(files) == ["journal"]
    assert note == f"{file}: the scheduler never ran, or is paused without an end, so nothing is said of it"


def test_the_scheduler_s_state_may_lie_elsewhere_and_must_be_one(paper: Publisher) -> None:
    paper.decide("accepted")
    assert "there is no such file" in show(paper)[1][0]
    file = paper.schedule(paper.desk.path.parent / "scheduler.json")
    assert kinds(show(paper, scheduler=file)[0]) == ["journal", "scheduler"]
    with pytest.raises(DocumentError, match="expected a readable file"):
        show(paper, scheduler=file.with_name("none.json"))
    file.write_text('{"version": 4}')
    with pytest.raises(DocumentError, match="expected"):
        show(paper, scheduler=file)


def test_an_overdue_scheduler_is_shown_as_it_is(paper: Publisher) -> None:
    paper.decide("accepted")
    paper.schedule(next_run=paper.clock - HOUR)
    assert kinds(show(paper)[0]) == ["journal", "scheduler"]


def record(paper: Publisher, **changes: object) -> dict[str, object]:
    """Return a job's record: it ran an hour ago and runs again in a day."""
    times = {"last_run": paper.clock - HOUR, "next_run": paper.clock + 24 * HOUR}
    return {**dict.fromkeys(JobState.__struct_fields__), "interval": 86400.0, "failure_streak": 0, **times, **changes}


def test_a_model_s_own_job_is_shown_where_there_is_one(paper: Publisher) -> None:
    paper.decide("accepted")
    times = {name: f"{paper.clock + hours * HOUR:%Y-%m-%dT%H:%M:%SZ}" for name, hours in (("last_run", -1), ("next_run", 24))}
    paper.schedule(jobs={MODEL: record(paper), "other": record(paper, last_run=None)})
    paper.publish()
    assert paper.shows("scheduler").items() >= times.items()


@pytest.mark.parametrize(
    ("changes", "whose"),
    [
        ({"jobs": {"last_run": None}}, f"the job {MODEL}"),
        ({"jobs": {"next_run": None, "paused_reason": "feed"}}, f"the job {MODEL}"),
        ({"jobs": {}, "next_run": None, "paused_reason": "holidays"}, f"the job {MODEL}"),
    ],
    ids=["never ran", "paused", "the roster paused"],
)
def test_a_job_that_says_nothing_is_named(paper: Publisher, changes: dict[str, Any], whose: str) -> None:
    paper.decide("accepted")
    file = paper.schedule(None, **{**changes, "jobs": {MODEL: record(paper, **changes["jobs"])}})
    files, (note,) = show(paper)
    assert kinds(files) == ["journal"]
    assert note == f"{file}: {whose} never ran, or is paused without an end, so nothing is said of it"


def test_what_says_the_same_of_another_stay_is_shown_again(paper: Publisher) -> None:
    paper.decide("accepted")
    paper.schedule()
    paper.publish()
    tip = Desk(paper.desk.path, paper.clock).git.resolve("origin/audit-log")
    assert shown(press(paper), tip, 99)[0] == {}
    paper.desk.git("switch", "-q", "main")
    text = paper.desk.read("compliance/environments/paper.yaml")
    paper.desk.shift = HOUR
    paper.desk.put("compliance/environments/paper.yaml", text.partition("models:")[0])
    paper.desk.commit()
    paper.desk.put("compliance/environments/paper.yaml", text)
    paper.desk.commit()
    paper.clock += 2 * HOUR
    assert kinds(shown(press(paper), tip, 99)[0]) == ["scheduler"]


# --- reports ---


def test_later_reports_are_signed_and_the_release_s_own_left(paper: Publisher) -> None:
    drift = put(paper, f"drift/{paper.desk.version}.{STAMP}.json", encode_json(drifted(MODEL, "critical")))
    quality = put(paper, f"data_quality/{paper.desk.version}.{STAMP}.json", encode_json(data_quality(MODEL, "ok")))
    put(paper, f"drift/{STAMP}.json", b"{}")
    files = reports(press(paper), None)
    assert set(files) == {path + end for path in (drift, quality) for end in ("", layout.SIG)}
    paper.desk.put(drift + layout.SIG, files[drift + layout.SIG])
    paper.desk.commit()
    desk = Desk(paper.desk.path, paper.clock)
    operation.require_reporter(desk.view, drift, desk.crew)


def test_what_somebody_signed_already_keeps_that_signature(paper: Publisher) -> None:
    path = put(paper, f"drift/{paper.desk.version}.{STAMP}.json", encode_json(drifted(MODEL, "ok")))
    signed = reports(press(paper), None)[path + layout.SIG]
    paper.desk.put(path + layout.SIG, signed)
    assert reports(press(paper, key=paper.desk.key("gus")), None)[path + layout.SIG] == signed
    paper.desk.put(path, encode_json(drifted(MODEL, "warning")))
    with pytest.raises(Refused) as caught:
        reports(press(paper), None)
    assert caught.value.code == "SIG-BAD"


def test_what_stands_on_the_protected_branch_is_not_published(paper: Publisher) -> None:
    put(paper, f"drift/{paper.desk.version}.{STAMP}.json", encode_json(drifted(MODEL, "ok")))
    assert len(reports(press(paper), None)) == 2
    paper.desk.commit()
    assert reports(press(paper), None) == {}


def test_what_is_no_report_is_not_signed(paper: Publisher) -> None:
    put(paper, f"drift/{paper.desk.version}.{STAMP}.json", b'{"schema": "bot-core/drift/v1"}')
    with pytest.raises(DocumentError):
        reports(press(paper), None)
