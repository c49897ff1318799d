from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from benchmarks import journal
from benchmarks.journal import check, decision, figure, write
from bot_core.runtime.journal import JsonlTradingDecisionJournal

if TYPE_CHECKING:
    from pathlib import Path


def test_both_sides_write_the_same_content(tmp_path: Path) -> None:
    event = decision(7)
    with JsonlTradingDecisionJournal(tmp_path / "a.jsonl") as ours:
        ours.record(event)
    peer = io.StringIO()
    write(peer, [msgspec.to_builtins(event)], flush=True)
    assert json.loads((tmp_path / "a.jsonl").read_bytes())["event"] == json.loads(peer.getvalue())


def test_a_figure_is_the_cost_of_one_event_and_ours_over_the_peer_s() -> None:
    found = figure("append", (0.04, 0.1), "peer", at_most=0.4)
    assert (found.ours, found.peer, round(found.ratio, 9), found.target) == (4.0, 10.0, 0.4, "<= 0.4x")
    assert not figure("append", (0.05, 0.1), "peer", at_most=0.4).met
    assert figure("append", (0.05, 0.1), "peer", at_most=None).target == "none"


def test_only_a_whole_journal_of_all_events_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "EVENTS", 3)
    with JsonlTradingDecisionJournal(tmp_path / "a.jsonl") as ours:
        ours.record_all([decision(number) for number in range(3)])
    check(tmp_path / "a.jsonl")
    with (tmp_path / "a.jsonl").open("r+b") as stream:
        stream.write(b"[")
    with pytest.raises(SystemExit, match="expected 3 whole lines, got 0"):
        check(tmp_path / "a.jsonl")
