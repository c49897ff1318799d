"""What runs is watched as the router would watch it: a break is reported by series; a restart says nothing of what it learns from."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.config.routing import RoutingConfig
from bot_core.documents.online_drift import OnlineDrift
from bot_core.documents.reports import read_report
from bot_core.runtime.drift_watch import watched_as
from tests.degrading import BREAK, MODEL, Watching, broken
from tests.machine import SETTINGS, Machine

if TYPE_CHECKING:
    from pathlib import Path

ROUTING = """\
drift:
  signal:
    inputs: [log_range]
    block: 4
    warm_up: 60
    detectors: [{kind: adwin, delta: 0.002, warning: 0.02}]
  quiet: 1h
  mass: {share: 0.5, least: 2, within: 24h, factor: 0.5}
"""
SEEN = BREAK + 480


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "routing.yaml").write_text(ROUTING)
    return Machine(tmp_path, settings=replace(SETTINGS, routing="routing.yaml", journal="logs/decisions.jsonl"))


def reports(machine: Machine) -> dict[str, OnlineDrift]:
    """Read the archived reports by their names."""
    found = {}
    for path in sorted((machine.root / "audit/ai_decision/drift").glob("*.json")):
        found[path.name] = read_report(path.read_bytes(), "drift", str(path))
    return {name: report for name, report in found.items() if isinstance(report, OnlineDrift)}


def test_a_break_is_reported_for_what_moved_and_journalled(machine: Machine) -> None:
    it = Watching(machine, broken())
    assert it.decide(BREAK) == []
    before = reports(machine)
    assert it.decide(SEEN) == []
    after = {name: report for name, report in reports(machine).items() if name not in before}
    assert "input:log_range" in {report.signal for report in after.values() if report.drift}
    assert {(report.model, report.source, report.environment) for report in after.values()} == {(MODEL, f"signal:{MODEL}", "paper")}
    journalled = [json.loads(line)["event"] for line in machine.journal.read_text().splitlines()]
    paths = [one["metadata"]["report_path"] for one in journalled if one["event_type"] == "ai_drift_report"]
    assert sorted(path.rpartition("/")[2] for path in paths) == sorted(reports(machine))


def test_a_restart_learns_from_the_record_and_says_nothing_again(machine: Machine) -> None:
    it = Watching(machine, broken())
    it.decide(SEEN)
    before = reports(machine)
    assert before
    machine.clock.now += dt.timedelta(hours=2)
    it.decide(SEEN)  # another process, to which nothing new comes
    assert reports(machine) == before


def test_without_the_setting_nothing_is_watched(machine: Machine) -> None:
    plain = Machine(machine.root)
    Watching(plain, broken()).decide(SEEN)
    assert reports(plain) == {}


def test_what_is_watched_is_the_machines_own() -> None:
    found = watched_as(RoutingConfig(), replace(SETTINGS, state="here/state", journal="here/journal.jsonl"))
    assert (found.environment, found.state, found.journal) == ("paper", "here/state", "here/journal.jsonl")
    assert found.drift.sentiment is None
    assert found.drift.signal == RoutingConfig().drift.signal
