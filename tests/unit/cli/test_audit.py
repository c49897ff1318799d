from __future__ import annotations

import csv
import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from bot_core.ai.data_monitoring import report_event, write_report
from bot_core.cli import audit
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from tests.monitored import inference_drift
from tests.publisher import Publisher
from tests.world import MODEL, SERVICE, WEEK, build

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World

PERIOD = "2020-01-01..2100-12-31"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = build(tmp_path_factory.mktemp("audit"), "ready")
    world.merge(world.git("rev-parse", "--abbrev-ref", "HEAD"), after=WEEK)
    return world


def test_an_export_names_every_governed_change_and_who_signed_it(live: World) -> None:
    found = json.loads(live.ok("audit", "export", "--period", PERIOD, "--format", "json"))
    said = {(event["kind"], event["signer"], event["role"], event["decision"]) for event in found["events"]}
    assert ("signoff", "ann", "risk", "approve") in said
    assert ("release", "eve", "", "") in said
    assert ("policy", "", "", "") in said
    assert ("walk_forward", "", "", "") in said
    assert found["tip"] == live.git("rev-parse", "main")
    signed = [event for event in found["events"] if event["kind"] == "signoff"]
    assert all(event["key"].startswith("SHA256:") for event in signed)
    assert {event["subject"] for event in signed} == {f"release {MODEL} {live.version}", "domain trade_entry"}


def test_a_period_counts_both_of_its_days(live: World) -> None:
    day = live.t0.date()
    assert "0 governed changes" in live.ok("audit", "export", "--period", f"2020-01-01..{day - dt.timedelta(days=1)}")
    assert " signoff " in live.ok("audit", "export", "--period", f"{day}..{day + dt.timedelta(days=1)}")


def test_a_table_of_the_same(live: World) -> None:
    rows = list(csv.DictReader(live.ok("audit", "export", "--period", PERIOD, "--format", "csv").splitlines()))
    assert {row["action"] for row in rows} == {"added"}
    assert rows[0].keys() >= {"time", "commit", "kind", "path", "signer", "key"}


def test_a_replay_judges_a_commit_as_of_its_own_time(live: World) -> None:
    when = f"{live.t0 + WEEK + dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"  # the merge is dated ahead of this test
    now = json.loads(live.ok("audit", "replay", "--at", "main", "--env", "production", "--now", when, "--format", "json"))
    assert [model["verdict"] for model in now["environments"][0]["models"]] == ["ALLOW"]
    before = json.loads(live.ok("audit", "replay", "--at", "main~1", "--format", "json"))
    assert [len(place["models"]) for place in before["environments"]] == [1, 0]
    assert now["as_of"] > before["as_of"]


@pytest.mark.parametrize("period", ["2026", "2026-02-01..2026-01-01", "yesterday..today"])
def test_a_period_that_is_none_is_refused(live: World, period: str) -> None:
    code, _, err = live.run("audit", "export", "--period", period)
    assert (code, err.splitlines()[0]) == (
        2,
        f"error[CONFIG]: --period: expected FIRST..LAST such as 2026-10-01..2026-12-31, got {period}",
    )


def test_a_commit_that_is_none_is_refused(live: World) -> None:
    code, _, err = live.run("audit", "replay", "--at", "nothing")
    assert code == 2
    assert "expected a commit named nothing" in err


# --- alerts ---------------------------------------------------------------------------------------------------------------------------


def test_an_alert_must_be_answered_and_in_the_journal(world: Callable[[Stage], World]) -> None:
    desk = world("paper")
    assert desk.ok("audit", "alerts") == "no critical report\n"
    at = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
    report = inference_drift("critical", model=MODEL, version=desk.version)
    path = write_report(desk.path, report, lambda: at)
    desk.commit("A critical window")
    journal = desk.path / "decisions.jsonl"
    JsonlTradingDecisionJournal(journal).record(report_event(inference_drift("ok"), path.replace("drift", "data_quality"), at))
    code, out, _ = desk.run("audit", "alerts", "--journal", journal)
    assert (code, out.splitlines()[0]) == (20, f"{path}: not answered, not in the journal")
    JsonlTradingDecisionJournal(journal).record(report_event(report, path, at))
    for role, signer in (("risk", "ann"), ("compliance", "ben")):
        who = ("--role", role, "--signer", signer, "--key", desk.key(signer), "--dismiss", "--statement", "Seen.")
        desk.ok("review", "alert", f"{MODEL}.drift", path, *who)
    assert desk.ok("audit", "alerts", "--journal", journal) == f"{path}: in order\n"
    assert json.loads(desk.ok("audit", "alerts", "--format", "json"))["open"] is False


# --- publish ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def paper(world: Callable[[Stage], World]) -> Publisher:
    """A runtime in paper that has decided twice, and a scheduler that has run."""
    found = Publisher.on(world("paper"))
    found.decide("accepted", "rejected")
    found.schedule()
    return found


def words(paper: Publisher, *more: object) -> list[object]:
    who = ("--key", paper.desk.key(SERVICE), "--signer", SERVICE)
    return ["audit", "publish", "--env", "paper", "--journal", paper.journal, *who, *more]


def test_help_shows_every_verb(help_of: Callable[[str], str]) -> None:
    assert audit.EPILOG.rstrip() in help_of("audit")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("audit", "publish", "--env", "paper", "--journal", "j", "--key", "k", "--signer", "s")


def test_publish_says_what_it_published_and_then_that_nothing_is_new(paper: Publisher) -> None:
    said = paper.desk.ok(*words(paper)).splitlines()
    assert said[0] == f"published on origin/audit-log: {paper.tip[:12]}"
    assert "  audit/ai_decision/decision_journal.md" in said
    assert len([line for line in said if f"  audit/ai_decision/operation/paper/{paper.desk.version}/" in line]) == 4
    assert paper.desk.ok(*words(paper)) == "nothing new for origin/audit-log\n"
    facts = json.loads(paper.desk.ok(*words(paper, "--format", "json")))
    assert facts == {"branch": "origin/audit-log", "commit": None, "files": [], "notes": []}


def test_what_cannot_be_shown_is_said(paper: Publisher) -> None:
    paper.desk.path.joinpath("audit/ai_decision/scheduler.json").unlink()
    said = paper.desk.ok(*words(paper, "--no-push", "--branch", "mine"))
    assert f"published on mine: {paper.desk.git('rev-parse', 'mine')[:12]}" in said
    assert "not shown: " in said
    assert "scheduler.json: there is no such file, so nothing is said of the scheduler" in said


def test_the_state_and_the_commit_may_be_elsewhere(paper: Publisher) -> None:
    elsewhere = paper.desk.path.parent / "state"
    paper.schedule(elsewhere / "audit/ai_decision/scheduler.json")
    paper.desk.path.joinpath("audit/ai_decision/scheduler.json").unlink()
    said = paper.desk.ok(*words(paper, "--state", elsewhere, "--ref", "main", "--remote", "origin"))
    assert "/scheduler." in said
    assert "/journal." not in paper.desk.ok(*words(paper, "--ref", "main~1", "--no-push"))  # not in paper yet


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        (
            ["--signer", "ann"],
            20,
            "error[SIGNOFF-CONTEXT]: --signer: expected a service that may publish heads and reports (runtime-1), got ann",
        ),
        (["--env", "moon"], 20, "error[POLICY-MISSING]: --env: expected one of paper, production; got moon"),
        (["--journal", "nowhere.jsonl"], 2, "error[INPUT]: nowhere.jsonl: expected a journal"),
        (["--scheduler", "nowhere.json"], 2, "error[DOCUMENT]: nowhere.json: expected a readable file"),
        (["--remote", "nowhere"], 2, "error[GIT]: "),
        (["--ref", "nowhere"], 2, "error[GIT]: "),
        (["--format", "csv"], 2, "error[CONFIG]: --format: expected text or json, got csv"),
    ],
    ids=str,
)
def test_what_cannot_be_published_is_said(paper: Publisher, refuse: Refuse, more: list[str], code: int, sentence: str) -> None:
    assert refuse(paper.desk, code, *words(paper, *more)).startswith(sentence)
    assert paper.tip == ""


def test_a_head_never_goes_back(paper: Publisher, refuse: Refuse) -> None:
    paper.desk.ok(*words(paper))
    old = paper.journal.read_text().splitlines(keepends=True)[:1]
    for file in paper.journal.parent.iterdir():
        file.unlink()
    paper.journal.write_text("".join(old))
    assert "expected line 2 and more, as published" in refuse(paper.desk, 30, *words(paper))


def test_from_the_journal_of_paper_to_the_gate_of_production(paper: Publisher) -> None:
    paper.desk.ok(*words(paper))
    facts = json.loads(paper.desk.ok("promote", MODEL, paper.desk.version, "--env", "production", "--format", "json"))
    assert [path.rsplit("/", 1)[-1].split(".")[0] for path in facts["extracts"]] == ["journal", "journal", "scheduler", "scheduler"]
    assert paper.desk.gate()[:2] == (10, {"ROLE-MISSING", "LIMITS", "GO-LIVE"})
