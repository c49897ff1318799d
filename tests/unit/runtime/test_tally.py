from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import AuditError
from bot_core.runtime.journal import JsonlTradingDecisionJournal, TradingDecisionEvent
from bot_core.runtime.tally import Tally, placed, tallied

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.journal.chain import Link

T0 = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
OURS = ("m", "1")


def event(
    hours: int, kind: str = "decision", *, env: str = "paper", status: str = "accepted", **facts: object
) -> TradingDecisionEvent:
    metadata = {"model": "m", "version": "1", "is_ready": True, **facts}
    return TradingDecisionEvent(
        event_type=kind,
        timestamp=T0 + hours * HOUR,
        environment=env,
        portfolio="desk",
        risk_profile="normal",
        status=status,
        metadata=metadata,
    )


@pytest.fixture
def journal(tmp_path: Path) -> JsonlTradingDecisionJournal:
    return JsonlTradingDecisionJournal(tmp_path / "decisions.jsonl")


def record(journal: JsonlTradingDecisionJournal, *events: TradingDecisionEvent) -> list[Link]:
    with journal:
        return [journal.record(each) for each in events]


def test_a_release_s_decisions_are_counted(journal: JsonlTradingDecisionJournal) -> None:
    links = record(journal, event(0), event(1, status="rejected"), event(2, is_ready=False), event(3, "outcome"))
    assert tallied(journal.path, 4, "paper", {OURS: T0}) == {
        OURS: Tally(T0, T0 + 2 * HOUR, is_ready=False, candidates=3, decisions=2, hash=links[2].hash)
    }


def test_only_what_is_ours_and_in_time_counts(journal: JsonlTradingDecisionJournal) -> None:
    strangers = (event(5, env="production"), event(5, version="2"), event(5, model="n"), event(5, "feedback"))
    record(journal, event(0), event(2), *strangers, event(6))
    (found,) = tallied(journal.path, 6, "paper", {OURS: T0 + HOUR}).values()
    assert (found.candidates, found.first, found.last) == (1, T0 + 2 * HOUR, T0 + 2 * HOUR)
    assert tallied(journal.path, 7, "moon", {OURS: T0}) == {}


def test_ready_is_said_or_it_is_not(journal: JsonlTradingDecisionJournal) -> None:
    record(journal, event(0, is_ready="yes"))
    assert not tallied(journal.path, 1, "paper", {OURS: T0})[OURS].is_ready


def test_events_are_read_through_all_files_as_far_as_a_line(journal: JsonlTradingDecisionJournal) -> None:
    links = record(journal, event(0))
    journal.rotate()
    links += record(journal, event(1), event(2))
    found = list(placed(journal.path, links[1].sequence))
    assert [(place, each.event_type) for place, each in found if each.event_type == "decision"] == [
        (links[0], "decision"),
        (links[1], "decision"),
    ]


def test_a_line_that_does_not_follow_is_said(journal: JsonlTradingDecisionJournal) -> None:
    record(journal, event(0), event(1))
    text = journal.path.read_text()
    journal.path.write_text(text.replace("accepted", "rejected", 1))
    with pytest.raises(AuditError, match="line 1"):
        list(placed(journal.path, 2))
    journal.path.write_text(text.replace('"decision"', '"nonsense"'))
    with pytest.raises(AuditError):
        list(placed(journal.path, 2))
