from __future__ import annotations

import contextlib
import datetime as dt
import json
import math
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.errors import AuditError, SigningError
from bot_core.governance import sshsig
from bot_core.journal.head import NAMESPACE, head_path, read_head
from bot_core.journal.verification import verify
from bot_core.runtime.journal import EVENTS, JsonlTradingDecisionJournal, TradingDecisionEvent, recorded
from tests.authenticator import keypair

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
FOUNDING = 26  # fields


def event(kind: str = "decision", **more: object) -> TradingDecisionEvent:
    where = {"environment": "ai-monitoring", "portfolio": "ai-manager", "risk_profile": "ai-monitoring"}
    return TradingDecisionEvent(event_type=kind, timestamp=NOW, **where, **more)  # type: ignore[arg-type]  # as a caller's keywords


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "decision_journal" / "rollback.log"


# --- the founding snippet ---


def test_the_runbook_s_lines_make_a_file_with_both_events(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        journal = JsonlTradingDecisionJournal("logs/decision_journal/rollback.log")
        journal.record(event("ai_model_rollback_requested", metadata={"reason": "data_drift_alert"}))
        journal.record(event("ai_model_rollback_completed", metadata={"artifact": "models/x/1.json", "signatures": ["risk.ann"]}))
        path = Path("logs/decision_journal/rollback.log")
        assert path.is_file()
        assert [json.loads(line)["event"]["event_type"] for line in path.read_bytes().splitlines()] == [
            "ai_model_rollback_requested",
            "ai_model_rollback_completed",
        ]
        assert verify(path).whole


def test_an_event_has_the_founding_fields_and_kinds() -> None:
    assert len(msgspec.structs.fields(TradingDecisionEvent)) == FOUNDING
    assert {
        "ai_retraining",
        "ai_retraining_failed",
        "ai_walk_forward_report",
        "ai_data_quality_report",
        "ai_drift_report",
        "ai_model_activated",
        "ai_model_rollback_requested",
        "ai_model_rollback_completed",
        "decision",
    } <= EVENTS


def test_as_a_dictionary_it_is_text_by_name_and_metadata_takes_no_name_of_a_field() -> None:
    found = event(
        symbol="EURUSD", price=1.25, metadata={"reason": "x", "symbol": "y", "event": "z", "n": 3, "list": [1, None]}
    ).as_dict()
    assert found == {
        "event": "decision",
        "timestamp": "2026-11-21T10:15:00Z",
        "environment": "ai-monitoring",
        "portfolio": "ai-manager",
        "risk_profile": "ai-monitoring",
        "symbol": "EURUSD",
        "price": "1.25",
        "reason": "x",
        "meta_symbol": "y",
        "meta_event": "z",
        "n": "3",
        "list": "[1,null]",
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: event("ai_model_rolback"), r"event: event_type: expected one of activation, .*; got ai_model_rolback"),
        (lambda: event(price=math.nan), "event: price: expected finite numbers; got nan"),
        (lambda: event(metadata={"scores": [1.0, {"deep": math.inf}]}), "event: metadata: expected finite numbers"),
        (
            lambda: msgspec.structs.replace(event(), timestamp=NOW.replace(tzinfo=None)),
            "event: timestamp: expected a time with its zone",
        ),
    ],
)
def test_an_event_that_says_less_than_it_seems_is_refused(wrong: Callable[[], TradingDecisionEvent], message: str) -> None:
    with pytest.raises(AuditError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (event(metadata={"where": object()}), "event: metadata: expected values that JSON has"),
        (event("journal_sealed"), "expected what happened outside of the journal; got journal_sealed"),
        (event("journal_repaired"), "expected what happened outside of the journal; got journal_repaired"),
    ],
)
def test_what_cannot_be_recorded_leaves_nothing(wrong: TradingDecisionEvent, message: str, path: Path) -> None:
    journal = JsonlTradingDecisionJournal(path)
    with pytest.raises(AuditError, match=message):
        journal.record_all([event(), wrong])
    assert not path.exists()


# --- the file ---


def test_a_record_returns_the_place_that_other_documents_name(path: Path) -> None:
    with JsonlTradingDecisionJournal(path, clock=lambda: NOW) as journal:
        first = journal.record(event())
        last = journal.record_all([event(), event()])
        assert journal.checkpoint().taken == NOW
    assert (first.sequence, last.sequence) == (1, 3)
    assert last.entry == f"3:{verify(path).place.hash}"


def test_what_was_recorded_is_read_back_through_all_files(path: Path) -> None:
    journal = JsonlTradingDecisionJournal(path, rotate_bytes=500)
    events = [event(metadata={"n": number}) for number in range(6)]
    for each in events:
        journal.record(each)
    journal.rotate()
    journal.record(event("outcome"))
    found = list(recorded(path))
    assert [sequence for sequence, _ in found] == list(range(1, len(found) + 1))
    assert [each for _, each in found if each.event_type == "decision"] == events
    assert [each["event"] for each in journal.export()][-2:] == ["journal_sealed", "outcome"]
    journal.close()


def test_a_journal_that_does_not_chain_is_not_exported(path: Path) -> None:
    JsonlTradingDecisionJournal(path).record_all([event(), event(), event()])
    path.write_bytes(path.read_bytes().replace(b"ai-manager", b"ai-manageR", 1))
    with pytest.raises(AuditError, match=r"rollback\.log: line 1: .*expected line 2 after") as caught:
        list(JsonlTradingDecisionJournal(path).export())
    assert caught.value.hint == f"bot-core journal verify {path}"


def test_a_torn_line_is_reported(path: Path) -> None:
    JsonlTradingDecisionJournal(path).record(event())
    with path.open("ab") as stream:
        stream.write(b"torn")
    journal = JsonlTradingDecisionJournal(path)
    assert journal.repaired == []
    journal.record(event())
    assert [(repair.what, repair.size) for repair in journal.repaired] == [("torn", 4)]
    assert [each.event_type for _, each in recorded(path)] == ["decision", "journal_repaired", "decision"]


# --- signed heads ---


def test_heads_are_signed_with_a_service_s_key_and_openssh_agrees(path: Path, tmp_path: Path) -> None:
    key = keypair(tmp_path, "runtime")
    with JsonlTradingDecisionJournal(path, signing_key=key) as journal:
        journal.record(event())
    head = read_head(head_path(path))
    assert head
    assert sshsig.verify(head.said, head.signature, NAMESPACE).key == sshsig.key_blob(key.with_suffix(".pub").read_text().strip())
    (tmp_path / "head.sig").write_bytes(head.signature)
    (tmp_path / "allowed").write_text(f"runtime-1 {key.with_suffix('.pub').read_text()}")
    words = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-s", "head.sig", "-f", "allowed", "-I", "runtime-1"]
    subprocess.run(words, input=head.said, cwd=tmp_path, check=True, capture_output=True)


def test_a_head_that_could_not_be_signed_is_a_failed_operation(path: Path, tmp_path: Path) -> None:
    journal = JsonlTradingDecisionJournal(path, signing_key=tmp_path / "missing")
    with pytest.raises(SigningError, match="expected a private key"):
        journal.record(event())
