"""What a running process keeps, and when it pauses."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core.config.runtime import Protection
from bot_core.documents.drift import Span
from bot_core.documents.monitoring import InferenceDrift, Policy
from bot_core.documents.runtime import Protected
from bot_core.errors import AuditError, DocumentError
from bot_core.runtime.active import InForce
from bot_core.runtime.paper import PaperAutotrader
from tests.machine import MODEL, NOW, SETTINGS, TERMS, Machine, bars
from tests.unit.runtime.trading import ORDER

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.runtime.autotrader import Order
    from bot_core.runtime.station import Station

RUNNING, PAUSED = InForce(environment="paper"), InForce(environment="paper", maintenance=True)
REPORT = InferenceDrift(
    model=MODEL,
    version="20261120T115953Z-379e42a2",
    environment="paper",
    status="critical",
    window=Span(first="2026-11-21T10:00:00Z", last="2026-11-21T12:00:00Z", rows=250),
    policy=Policy(enforce=True),
    warning_share=0.0,
    critical_share=0.5,
    drifted_share=0.5,
    features=[],
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def pause_of(station: Station) -> str | None:
    """Say why nothing is traded now."""
    return station.autotrader.paused


def orders(count: int) -> list[Order]:
    return [replace(ORDER, id=f"a{number}") for number in range(count)]


# --- maintenance --------------------------------------------------------------------------------------------------------------------


def test_a_pause_cancels_what_waits_and_every_cancellation_is_recorded(machine: Machine) -> None:
    with machine.station() as station:
        for order in orders(3):
            station.autotrader.submit(order)
        assert station.maintain(PAUSED) == []
        assert pause_of(station) == "maintenance"
        assert station.maintain(PAUSED) == []  # once
        assert station.autotrader.on_bar("eurusd", bars()[0]) == []
        assert station.maintain(RUNNING) == []
        assert pause_of(station) is None
    events = machine.events("outcome")
    assert [(event["signal_id"], event["status"], event["environment"]) for event in events] == [
        (f"a{number}", "cancelled", "paper") for number in range(3)
    ]


def test_somebody_elses_pause_stays(machine: Machine) -> None:
    with machine.station() as station:
        station.autotrader.pause("the desk")
        station.maintain(PAUSED)
        station.maintain(RUNNING)
        assert pause_of(station) == "the desk"


def test_a_pause_that_a_restart_found_ends_with_maintenance(machine: Machine) -> None:
    former = PaperAutotrader(TERMS)
    former.pause("maintenance")
    with machine.station(trader=PaperAutotrader.restore(former.state(), TERMS)) as station:
        station.maintain(PAUSED)
        assert pause_of(station) == "maintenance"
        station.maintain(RUNNING)
        assert pause_of(station) is None


def test_what_cannot_be_recorded_is_cancelled_all_the_same_and_told(machine: Machine) -> None:
    machine.journal.parent.mkdir(parents=True)
    machine.journal.mkdir()  # no file to append to
    with machine.station() as station:
        for order in orders(2):
            station.autotrader.submit(order)
        failed = station.maintain(PAUSED)
        assert [type(error) for error in failed] == [AuditError, AuditError]
        station.maintain(RUNNING)
        assert station.autotrader.on_bar("eurusd", bars()[0]) == []


# --- reports ------------------------------------------------------------------------------------------------------------------------


def test_a_report_is_written_then_journalled_then_acted_on(machine: Machine) -> None:
    with machine.station() as station:
        station.record(REPORT)
    assert [event["event_type"] for event in machine.events()] == ["ai_drift_report", "guard_trip"]
    (protected,) = machine.control().protected
    data = (machine.root / protected.path).read_bytes()
    assert (protected.model, protected.digest, protected.since) == (MODEL, sha256(data), NOW)
    report, trip = (dict(event["metadata"]) for event in machine.events())  # type: ignore[call-overload]  # plain JSON
    assert report["digest"] == sha256(data)
    assert trip == {"model": MODEL, "report_path": protected.path, "version": REPORT.version, "factor": 0.5}


@pytest.mark.parametrize(
    ("share", "features", "expected"), [(0.49, 0.5, 0), (0.5, 0.5, 1), (1.0, 1.0, 1), (1.0, 0.0, 0), (0.0, 0.5, 0)]
)
def test_limits_shrink_from_the_declared_share_of_features_on(
    machine: Machine, share: float, features: float, expected: int
) -> None:
    """A share of zero declares that nothing shrinks them."""
    machine.settings = replace(SETTINGS, protection=Protection(features=features))
    with machine.station() as station:
        station.record(replace(REPORT, drifted_share=share))
    assert len(machine.control().protected) == len(machine.events("guard_trip")) == expected


def test_a_model_that_is_protected_stays_so_by_the_first_report(machine: Machine) -> None:
    with machine.station() as station:
        station.record(REPORT)
        first = machine.control().protected
        machine.clock.now += dt.timedelta(hours=1)
        station.record(REPORT)
        station.record(replace(REPORT, model="other_engine"))
    assert machine.control().protected[:1] == first
    assert [found.model for found in machine.control().protected] == [MODEL, "other_engine"]
    assert [event["portfolio"] for event in machine.events("guard_trip")] == [MODEL, "other_engine"]
    assert len(machine.events("ai_drift_report")) == 3


def test_once_the_report_is_answered_the_next_one_shrinks_again(machine: Machine) -> None:
    with machine.station() as station:
        station.record(REPORT)
        machine.say(protected=[])
        station.record(REPORT)
    assert len(machine.events("guard_trip")) == 2
    assert len(machine.control().protected) == 1


def test_other_words_on_this_machine_stay(machine: Machine) -> None:
    other = Protected(model="other", path="x", digest=f"sha256:{'1' * 64}", since=NOW)
    machine.say(protected=[other], reason="we look into it")
    with machine.station() as station:
        station.record(REPORT)
    assert (machine.control().protected[0], machine.control().reason) == (other, "we look into it")


def test_where_nothing_can_be_remembered_the_decision_fails(machine: Machine) -> None:
    machine.folder.root.mkdir(parents=True)
    machine.folder.control_path.write_bytes(b"{")
    with machine.station() as station, pytest.raises(DocumentError):
        station.record(REPORT)
    assert machine.events("guard_trip") == []


def test_a_report_that_cannot_be_written_is_not_acted_on(machine: Machine) -> None:
    (machine.root / "audit").write_text("a file where the folder should be")
    with machine.station() as station, pytest.raises(AuditError):
        station.record(REPORT)
    assert machine.events() == []
    assert machine.control().protected == []


def test_a_report_that_cannot_be_journalled_is_not_acted_on(machine: Machine) -> None:
    machine.journal.mkdir(parents=True)
    with machine.station() as station, pytest.raises(AuditError):
        station.record(REPORT)
    assert machine.control().protected == []
