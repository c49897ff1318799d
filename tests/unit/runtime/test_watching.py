"""A model that learned from half a year decides on the other half: as it was, after a break, through restarts and faults."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core.documents.degradation import DegradationReport
from bot_core.documents.reports import read_report
from bot_core.errors import AuditError
from bot_core.runtime.journal import JsonlTradingDecisionJournal, recorded
from bot_core.runtime.watching import PerformanceWatch, watched
from tests.degrading import BREAK, LEARNED, MODEL, Watching, broken
from tests.machine import NOW, SETTINGS, Machine, bars

if TYPE_CHECKING:
    from pathlib import Path

ASKED, FELL = 4560, 4700
"""The bars, in steps of twenty, by which the break of bar 4000 is seen."""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> Watching:
    """A machine on which the rules decide since the break was seen; read only: copy it to change it."""
    found = Watching(Machine(tmp_path_factory.mktemp("fallen")), broken())
    assert found.decide(FELL + 60) == []
    return found


@pytest.fixture
def fell(fallen: Watching, tmp_path: Path) -> Watching:
    """A copy of it."""
    shutil.copytree(fallen.machine.root, tmp_path, dirs_exist_ok=True)
    return Watching(Machine(tmp_path), fallen.bars, fallen.next)


def scheduled(machine: Machine) -> dict[str, object]:
    """Return what the model's job was asked for."""
    path = machine.root / "audit/ai_decision/scheduler.json"
    return dict(json.loads(path.read_text())["jobs"][MODEL]["requested"])


def test_on_real_bars_it_stays_as_good_as_its_evidence(machine: Machine) -> None:
    it = Watching(machine)
    assert it.decide(len(bars())) == []
    assert it.reports() == []
    assert set(it.arms()) == {"learned"}
    (one,) = it.read().followed.values()
    assert len(one.judge.blocks) == 161  # every decided bar whose label is known, in twenties
    excess = one.judge.report("watching").excess
    assert excess is not None
    assert abs(excess) < 0.1


def test_after_a_break_it_asks_for_retraining_and_then_falls_back_to_rules(fallen: Watching) -> None:
    first, second = fallen.reports()
    assert (first["reason"], second["reason"]) == ("request", "fall_back")
    places = {str(event["metadata"]["bar"]): place for place, event in enumerate(fallen.machine.events("decision"))}  # type: ignore[index]
    assert fallen.arms() == ["learned"] * (FELL - LEARNED) + ["rules"] * 60
    for said, by in ((first, ASKED), (second, FELL)):
        data = (fallen.machine.root / str(said["report_path"])).read_bytes()
        report = read_report(data, "degradation", "it")
        assert isinstance(report, DegradationReport)
        assert sha256(data) == said["digest"]
        assert BREAK - 20 <= LEARNED + places[str(report.since)] <= BREAK + 100
        assert LEARNED + places[report.window.last] <= by - 1


def test_the_rules_decide_with_the_reason_and_the_guard_is_on_record(fallen: Watching) -> None:
    newest = fallen.machine.events("decision")[-1]["metadata"]
    assert newest["reasons"][0] == "degraded"  # type: ignore[index]  # plain JSON
    assert "version" not in newest  # type: ignore[operator]
    (trip,) = fallen.machine.events("guard_trip")
    assert trip["status"] == "degraded"
    (named,) = fallen.machine.control().degraded
    assert (named.model, named.path) == (MODEL, fallen.reports()[1]["report_path"])
    kinds = [event["event_type"] for event in fallen.machine.events() if event["event_type"] != "decision"]
    assert kinds == ["ai_degradation_report", "ai_degradation_report", "guard_trip"]


def test_retraining_is_asked_for_with_the_reason_and_the_newest_report(fallen: Watching) -> None:
    said = scheduled(fallen.machine)
    assert said["report"] == fallen.reports()[1]["report_path"]
    assert " worse than its walk-forward report since 2017-08-" in str(said["reason"])


def test_a_restart_forgets_nothing_and_says_nothing_twice(fell: Watching) -> None:
    before = len(fell.machine.events("decision"))
    assert fell.decide(fell.next + 100) == []
    assert fell.arms()[before:] == ["rules"] * 100
    assert len(fell.reports()) == 2


@pytest.mark.parametrize("step", [1, 7, 300])
def test_how_often_one_looks_and_restarts_between_change_no_block(machine: Machine, step: int, fallen: Watching) -> None:
    it = Watching(machine, fallen.bars)
    for until in (3333, 3334, 3700):
        it.decide(until, every=step)
    (one,) = it.read().followed.values()
    (whole,) = fallen.read().followed.values()
    report = read_report((fallen.machine.root / str(fallen.reports()[0]["report_path"])).read_bytes(), "degradation", "it")
    assert isinstance(report, DegradationReport)
    assert one.judge.blocks == report.blocks[: len(one.judge.blocks)]
    assert len(one.judge.blocks) == 34
    assert whole.judge.blocks == []  # judged anew since the rules took over


def test_bars_that_are_still_to_come_change_nothing_before(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    real, other = Watching(machine), Watching(Machine(tmp_path / "other"), broken(since=3500))
    found = []
    for it in (real, other):
        it.decide(3500)
        found.append([one.judge.blocks for one in it.read().followed.values()])
    assert found[0] == found[1]
    assert len(found[0][0]) == 24


def test_once_somebody_has_answered_the_model_decides_again_and_is_judged_anew(fell: Watching) -> None:
    fell.machine.say(degraded=[])  # as the reconciler does; see test_local
    before = len(fell.arms())
    assert fell.decide(fell.next + 400) == []
    assert set(fell.arms()[before:]) == {"learned"}
    (one,) = fell.read().followed.values()
    assert len(one.judge.blocks) == 19
    assert fell.decide(fell.next + 200) == []  # it is as bad as before, and its blocks are counted from then on
    assert [said["reason"] for said in fell.reports()] == ["request", "fall_back", "request"]


def test_another_release_of_the_model_is_not_meant(fell: Watching) -> None:
    fell.machine.put(fell.record(days=2))
    before = len(fell.arms())
    fell.decide(fell.next + 20)
    assert set(fell.arms()[before:]) == {"learned"}
    assert len(fell.machine.control().degraded) == 1


def test_where_nothing_is_enforced_it_is_reported_and_goes_on(tmp_path: Path) -> None:
    it = Watching(Machine(tmp_path, settings=replace(SETTINGS, enforce_monitoring=False)), broken())
    assert it.decide(FELL + 60) == []
    assert [(said["reason"], said["enforce"]) for said in it.reports()] == [("request", False), ("fall_back", False)]
    assert set(it.arms()) == {"learned"}
    assert it.machine.control().degraded == []
    assert it.machine.events("guard_trip") == []


def test_what_could_not_be_done_is_told_and_done_at_the_next_look(fell: Watching) -> None:
    """The machine died between the report and its effect, and what was said on it cannot be read."""
    fell.machine.say(degraded=[])
    before = [*takewhile(lambda line: line[1].event_type != "guard_trip", recorded(fell.machine.journal))]
    shutil.rmtree(fell.machine.journal.parent)
    with JsonlTradingDecisionJournal(fell.machine.journal, fsync="os") as journal:
        journal.record_all([each for _, each in before])
    fell.machine.folder.control_path.write_text("{")
    with fell.machine.station() as station:
        watch = PerformanceWatch(station, fell.feeds, journal=fell.machine.journal)
        assert watch.look() == []  # nothing decides at all
        assert watch.follower.followed == {}
        fell.machine.folder.control_path.unlink()
        assert watch.look() == []
        assert [one.path for one in fell.machine.control().degraded] == [fell.reports()[1]["report_path"]]
        assert watch.look() == []
        watch.close()
    assert len(fell.machine.events("guard_trip")) == 1


def test_a_request_that_cannot_be_recorded_stops_no_fall_back_and_is_made_later(machine: Machine) -> None:
    it = Watching(machine, broken())
    scheduler = machine.root / "audit/ai_decision/scheduler.json"
    scheduler.parent.mkdir(parents=True)
    scheduler.write_text("{")
    failed = it.decide(FELL + 20)
    assert {error.code for error in failed} == {"DOCUMENT"}
    assert it.arms()[-1] == "rules"
    assert len(failed) > 2  # at each look anew; beside a process it is told once


def test_a_label_that_does_not_come_is_a_warning_once(machine: Machine) -> None:
    it = Watching(machine)
    it.decide(LEARNED + 100)
    with machine.station() as station:
        watch = PerformanceWatch(station, it.feeds, journal=machine.journal)
        for days in (0, 4, 6, 7):
            machine.clock.now = NOW + dt.timedelta(days=days)
            assert watch.look() == []
        watch.close()
    assert [(said["reason"], said["enforce"]) for said in it.reports()] == [("silent", True)]
    assert [event["status"] for event in machine.events("ai_degradation_report")] == ["warning"]
    assert it.decide(LEARNED + 140) == []
    assert set(it.arms()) == {"learned"}


def test_a_release_without_its_walk_forward_report_is_not_watched_and_the_reason_can_be_read(machine: Machine) -> None:
    it = Watching(machine)
    machine.put(it.record(walk_forward=None))
    assert it.decide(LEARNED + 60) == []
    found = it.read()
    assert found.followed == {}
    (why,) = found.unwatched.values()
    assert "expected its walk-forward report, archived with it; got none" in str(why)


def test_a_feed_that_was_replaced_ends_the_comparison_and_is_told(machine: Machine) -> None:
    it = Watching(machine)
    it.decide(LEARNED + 40)
    with machine.station() as station:
        watch = PerformanceWatch(station, it.feeds, journal=machine.journal)
        assert watch.look() == []
        (machine.root / "feed.csv").write_text("time,open,high,low,close,volume\nyesterday,1,1,1,1,1\n")
        watch.close()
        again = PerformanceWatch(station, it.feeds, journal=machine.journal)
        (error,) = again.look()
        assert "expected an ISO 8601 time" in str(error)
        assert again.look() == []
        again.close()


def test_a_journal_that_was_changed_ends_it(machine: Machine) -> None:
    it = Watching(machine)
    it.decide(LEARNED + 40)
    lines = machine.journal.read_bytes().splitlines(keepends=True)
    machine.journal.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    with pytest.raises(AuditError, match="expected line 6"):
        it.read()


def test_beside_a_process_each_failure_is_told_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    it = Watching(machine)
    it.decide(LEARNED + 40)
    machine.settings = replace(SETTINGS, journal=str(machine.journal))
    monkeypatch.setattr("bot_core.runtime.watching.LOOK_S", 0.01)
    lines = machine.journal.read_bytes().splitlines(keepends=True)
    copy = machine.root / "copy.jsonl"
    copy.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    machine.settings = replace(SETTINGS, journal=str(copy))
    stop = threading.Event()
    with machine.station() as station, watched(station, it.feeds, stop) as failures:
        stop.wait(0.3)
    assert [error.code for error in failures] == ["AUDIT"]
