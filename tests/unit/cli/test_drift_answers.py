"""`bot-core drift explain | confirm | dismiss`, in a governed repository with reports as a router writes them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai.audit import read_state
from bot_core.routing.reporter import Reporter
from bot_core.runtime.journal import recorded
from tests.drifting import NOON, Hours, online_drift, routing
from tests.evidence import walk_forward
from tests.monitored import inference_drift

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.journal.event import TradingDecisionEvent
    from tests.unit.conftest import Refuse
    from tests.world import Stage, World

ROOT = Path.cwd()
MODEL = "decision_engine"
JOURNAL = "logs/decision_journal/decisions.jsonl"
WHY = ("--reason", "Spreads widened for good.", "--ticket", "OPS-17")


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    place = world("configured")
    shutil.copytree(ROOT / "conf/runtime", place.path / "conf/runtime")
    shutil.copytree(ROOT / "conf/schedule", place.path / "conf/schedule", dirs_exist_ok=True)
    shutil.copy(ROOT / "conf/config.yaml", place.path / "conf/config.yaml")
    place.put("params.yaml", f"models: {{{MODEL}: {{schedule: nightly}}}}\n")
    place.put(".gitignore", "var/\nlogs/\nstate/\n")
    place.commit("A machine that routes")
    return place


def reported(desk: World) -> tuple[str, str]:
    """Report as a router does; return both paths."""
    reporter = Reporter(desk.path, routing(), None, Hours())
    reporter.submit(online_drift(model=MODEL))
    assert reporter.settle() == []
    name = f"{MODEL}.signal.{NOON:%Y%m%dT%H%M%SZ}.json"
    return f"state/drift_reports/{name}", f"audit/ai_decision/drift/{name}"


def events(desk: World) -> list[TradingDecisionEvent]:
    return [event for _, event in recorded(desk.path / JOURNAL)]


# --- explain ---


def test_explain_says_what_was_seen_and_how_to_answer(desk: World) -> None:
    local, _ = reported(desk)
    said = desk.ok("drift", "explain", local)
    assert "seen        the mean went from 0.5 to 4.5" in said
    assert f"no walk-forward report of {MODEL} is here" in said
    assert f"bot-core drift confirm {local} --reason" in said
    assert f"bot-core drift dismiss {local} --reason" in said


@pytest.mark.parametrize(
    "place", [f"build/{MODEL}/walk_forward.json", "audit/ai_decision/walk_forward/20260101T000000Z-0000abcd.json"]
)
def test_explain_puts_the_model_s_evidence_beside_it(desk: World, place: str) -> None:
    local, _ = reported(desk)
    path = desk.path / local
    report = msgspec.json.decode(path.read_bytes())
    path.write_bytes(encode_json(report | {"version": "20260101T000000Z-0000abcd"}))
    desk.put(place, encode_json(walk_forward(MODEL, beats=False)).decode())
    assert "evidence    out of sample it does not beat" in desk.ok("drift", "explain", local)
    facts = json.loads(desk.ok("drift", "explain", local, "--format", "json"))
    assert facts["evidence"]["model"] == facts["report"]["model"] == MODEL


def test_explain_reads_reports_of_windows_too(desk: World) -> None:
    desk.put("audit/ai_decision/drift/x.json", encode_json(inference_drift("critical")).decode())
    assert desk.ok("drift", "explain", "audit/ai_decision/drift/x.json").startswith("eurusd_range: critical")


def test_explain_refuses_what_is_no_report(desk: World, refuse: Refuse) -> None:
    desk.put("conf/a.json", "{}")
    assert "expected one of bot-core/drift/v1" in refuse(desk, 2, "drift", "explain", "conf/a.json")
    assert "expected a readable file" in refuse(desk, 2, "drift", "explain", "nothing.json")


# --- confirm ---


def test_confirm_makes_the_training_due_because_of_the_report_and_is_journalled(desk: World) -> None:
    local, archived = reported(desk)
    said = desk.ok("drift", "confirm", local, *WHY)
    assert f"{MODEL} is due: drift of {MODEL} confirmed: Spreads widened for good. (OPS-17)" in said
    state = read_state(desk.path / "audit/ai_decision/scheduler.json")
    assert state is not None
    record = state.jobs[MODEL]
    assert record.requested is not None
    assert (record.requested.report, record.requested.reason) == (
        archived,
        f"drift of {MODEL} confirmed: Spreads widened for good. (OPS-17)",
    )
    (event,) = events(desk)
    assert (event.event_type, event.status, event.environment) == ("feedback", "confirmed", "paper")
    assert event.metadata["digest"] == sha256((desk.path / archived).read_bytes())
    assert (event.metadata["ticket"], event.metadata["report_path"], event.metadata["trained_anew"]) == ("OPS-17", archived, MODEL)


def test_another_model_of_the_roster_can_be_trained_for_it(desk: World) -> None:
    local, _ = reported(desk)
    desk.put("params.yaml", "models: {other: {schedule: nightly}}\n")
    assert "other is due" in desk.ok("drift", "confirm", local, *WHY, "--model", "other")


def test_confirm_refuses_a_model_that_is_none_and_records_nothing(desk: World, refuse: Refuse) -> None:
    local, _ = reported(desk)
    assert f"expected one of {MODEL}; got nobody" in refuse(desk, 2, "drift", "confirm", local, *WHY, "--model", "nobody")
    assert not (desk.path / JOURNAL).exists()


def test_an_answer_is_to_what_was_archived(desk: World, refuse: Refuse) -> None:
    local, archived = reported(desk)
    (desk.path / archived).unlink()
    said = refuse(desk, 2, "drift", "confirm", local, *WHY)
    assert "expected the same bytes in audit/ai_decision/drift, got none" in said
    assert not (desk.path / JOURNAL).exists()


def test_the_archived_file_is_found_by_its_bytes(desk: World) -> None:
    local, archived = reported(desk)
    (desk.path / archived).rename(desk.path / archived.replace("120000Z", "120001Z"))
    facts = json.loads(desk.ok("drift", "confirm", local, *WHY, "--format", "json"))
    assert facts["report"] == archived.replace("120000Z", "120001Z")


# --- dismiss ---


def who(desk: World, name: str = "ann", role: str = "risk") -> tuple[object, ...]:
    return ("--role", role, "--signer", name, "--key", desk.key(name))


def test_dismiss_is_a_signed_review_of_the_archived_file_and_is_journalled(desk: World) -> None:
    local, archived = reported(desk)
    desk.commit("A report")
    said = desk.ok("drift", "dismiss", local, *WHY, *who(desk))
    (review,) = (desk.path / f"compliance/reviews/alert/{MODEL}.drift").glob("risk.ann.*.yaml")
    text = review.read_text()
    assert str(review.relative_to(desk.path)) in said
    for line in (
        f"path: {archived}",
        "decision: dismiss",
        "ticket: OPS-17",
        f"digest: {sha256((desk.path / archived).read_bytes())}",
    ):
        assert f"{line}\n" in text
    assert "Spreads widened for good." in text
    assert review.with_name(f"{review.name}.sig").exists()
    (event,) = events(desk)
    assert (event.event_type, event.status) == ("feedback", "dismissed")
    assert event.metadata["review"] == str(review.relative_to(desk.path))
    assert (event.metadata["signer"], event.metadata["role"]) == ("ann", "risk")


def test_a_report_that_is_not_committed_cannot_be_dismissed(desk: World, refuse: Refuse) -> None:
    local, archived = reported(desk)
    assert f"{archived}: expected a committed file, got none" in refuse(desk, 2, "drift", "dismiss", local, *WHY, *who(desk))
    assert not (desk.path / JOURNAL).exists()


def test_nobody_dismisses_in_a_role_of_others(desk: World, refuse: Refuse) -> None:
    local, _ = reported(desk)
    desk.commit("A report")
    assert "expected somebody in the role data" in refuse(desk, 2, "drift", "dismiss", local, *WHY, *who(desk, "ann", "data"))
    assert not (desk.path / JOURNAL).exists()
