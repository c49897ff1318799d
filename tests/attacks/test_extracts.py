"""Attacks on what a running environment shows: extracts of something else, by somebody else, of another time, or that show no such thing.

Of the desk's proposal one extract is taken out and a forged one brought, in the proposal or past the gate on the protected branch. There a
bad one counts for nothing and stops nothing; in the proposal the gate refuses it as well.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from bot_core._parse import decode_json, encode_json
from bot_core.documents.operation import JournalExtract, SchedulerExtract
from bot_core.governance import layout, operation
from tests.attacks.acts import branch, codes
from tests.attacks.forge import answering, bring, expect, on_main, policy, reword, stranger, withdraw, word
from tests.world import SERVICE, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.governance.layout import Signable
    from tests.world import Stage, World

OTHER = "20200101T000000Z-0a1b2c3d"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
KINDS: dict[str, type[SchedulerExtract | JournalExtract]] = {"scheduler": SchedulerExtract, "journal": JournalExtract}


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    """Start from a proposal that everybody signed and the gate allows."""
    return world("ready")


def path_of(desk: World, kind: str) -> str:
    """Find the extract that the proposal brings."""
    return desk.find(f"{operation.FOLDER}/paper/{desk.version}/{kind}.*.json")


def take_out(desk: World, kind: str) -> SchedulerExtract | JournalExtract:
    """Take an extract out of the proposal; return what it said."""
    path = path_of(desk, kind)
    found = decode_json(desk.read(path).encode(), KINDS[kind], path)
    withdraw(desk, path)
    return found


def noted(desk: World) -> list[str]:
    """Return the codes of what the gate notes."""
    return [note["code"] for note in cast("list[dict[str, str]]", desk.gate()[2]["notes"])]


def put(desk: World, extract: SchedulerExtract | JournalExtract, key: Path, kind: Signable = layout.REPORT, at: str = "") -> None:
    """Commit an extract where its content belongs, or elsewhere."""
    bring(desk, at or operation.path_of(extract), encode_json(extract), key, kind)


def forge(
    desk: World, kind: str = "journal", *, key: str = SERVICE, of: Signable = layout.REPORT, at: str = "", **changes: object
) -> None:
    """Bring a changed extract in place of the proposal's."""
    there = path_of(desk, kind)
    extract = msgspec.structs.replace(take_out(desk, kind), **changes)
    put(desk, extract, desk.key(key), of, there if at == "there" else at)


# --- whose, of what ---


@pytest.mark.parametrize(
    ("changes", "exit_code", "reason"),
    [
        ({"signer": "ann", "key": "ann"}, 20, "SIGNOFF-CONTEXT"),
        ({"key": "ann"}, 30, "SIG-UNKNOWN-KEY"),
        ({"of": layout.SIGNOFF}, 30, "SIG-NAMESPACE"),
        ({"repository": "quant/other"}, 20, "SIGNOFF-CONTEXT"),
        ({"version": OTHER, "at": "there"}, 20, "SIGNOFF-CONTEXT"),
        ({"environment": "production", "at": "there"}, 20, "SIGNOFF-CONTEXT"),
    ],
    ids=["a person's", "a person's key", "another kind", "another repository", "another version", "another environment"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_an_extract_that_is_not_what_it_should_be_is_refused(
    desk: World, kind: str, changes: dict[str, Any], exit_code: int, reason: str
) -> None:
    forge(desk, kind, **changes)
    expect(desk, exit_code, reason, "RPT-MISSING")


@pytest.mark.parametrize("changes", [{"version": OTHER}, {"environment": "production"}, {"model": "another_model"}], ids=str)
def test_an_honest_extract_of_something_else_proves_nothing_here(desk: World, changes: dict[str, Any]) -> None:
    forge(desk, **changes)
    expect(desk, 10, "RPT-MISSING")


def test_an_extract_edited_after_signing_is_refused(desk: World) -> None:
    path = path_of(desk, "journal")
    edited, sig = desk.read(path).replace('"candidates": 3', '"candidates": 30'), desk.read(path + layout.SIG)
    withdraw(desk, path)
    desk.put(path + layout.SIG, sig)
    bring(desk, path, edited)
    expect(desk, 30, "SIG-BAD", "RPT-MISSING")


def test_an_unsigned_extract_is_refused(desk: World) -> None:
    (desk.path / (path_of(desk, "scheduler") + layout.SIG)).unlink()
    desk.commit()
    expect(desk, 30, "SIG-BAD", "RPT-MISSING")


def test_a_service_that_may_not_report_shows_nothing(desk: World) -> None:
    with on_main(desk):
        policy(desk, edits=(("      - head\n      - report\n", "      - head\n"),))
    expect(desk, 20, "SIGNOFF-CONTEXT", "RPT-MISSING")


def test_a_revoked_service_shows_nothing(desk: World) -> None:
    with on_main(desk):
        desk.ok("revoke", "key", f"{desk.key(SERVICE)}.pub", "--reason", "lost", "--signer", "cid", "--key", desk.key("cid"))
    expect(desk, 20, "SIG-REVOKED", "RPT-MISSING")


def test_a_stranger_shows_nothing(desk: World) -> None:
    stranger(desk)
    put(desk, msgspec.structs.replace(take_out(desk, "journal"), signer="mallory"), stranger(desk))
    expect(desk, 30, "SIG-UNKNOWN-KEY", "RPT-MISSING")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_published_and_not_brought_is_outstanding(desk: World, kind: str) -> None:
    take_out(desk, kind)
    expect(desk, 10, "RPT-MISSING")
    assert "bot-core audit publish --env paper --journal FILE" in str(desk.gate()[2]["reasons"])


# --- of which time ---


@pytest.mark.parametrize("days", [-1, -100, 9, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_an_extract_of_a_time_outside_the_stay_proves_nothing(desk: World, kind: str, days: int) -> None:
    taken = take_out(desk, kind)
    names = [name for name in ("published", "first", "last", "last_run", "next_run") if hasattr(taken, name)]
    moved = {name: getattr(taken, name) + days * DAY for name in names}
    put(desk, msgspec.structs.replace(taken, **moved), desk.key(SERVICE))
    expect(desk, 10, "RPT-MISSING")
    assert noted(desk) == ["RPT-STALE"]


@pytest.mark.parametrize("changes", [{"first": -DAY}, {"last": 2 * DAY}, {"first": HOUR}], ids=str)
def test_decisions_of_another_time_do_not_count(desk: World, changes: dict[str, dt.timedelta]) -> None:
    taken = take_out(desk, "journal")
    put(desk, msgspec.structs.replace(taken, **{name: taken.published + by for name, by in changes.items()}), desk.key(SERVICE))
    expect(desk, 10, "RPT-MISSING")


def test_an_extract_that_comes_after_the_entry_does_not_mend_it(desk: World) -> None:
    extract = take_out(desk, "journal")
    desk.merge(branch(desk), after=WEEK)
    assert codes(desk, after=WEEK + HOUR) == {"RPT-MISSING"}
    desk.shift = WEEK + HOUR
    put(desk, extract, desk.key(SERVICE))
    assert codes(desk, after=WEEK + 2 * HOUR) == {"RPT-MISSING"}


# --- what it shows ---


@pytest.mark.parametrize(
    ("kind", "changes"),
    [("journal", {"is_ready": False}), ("journal", {"candidates": 0, "decisions": 0})],
    ids=["not ready", "no candidates"],
)
def test_an_extract_that_shows_otherwise_is_a_no(desk: World, kind: str, changes: dict[str, Any]) -> None:
    forge(desk, kind, **changes)
    expect(desk, 20, "CHECK-FAILED")


@pytest.mark.parametrize(
    "times", [{"next_run": dt.timedelta()}, {"next_run": -HOUR}, {"last_run": HOUR}], ids=["due", "overdue", "a run to come"]
)
def test_a_scheduler_that_is_not_current_is_a_no(desk: World, times: dict[str, dt.timedelta]) -> None:
    taken = take_out(desk, "scheduler")
    put(desk, msgspec.structs.replace(taken, **{name: taken.published + by for name, by in times.items()}), desk.key(SERVICE))
    expect(desk, 20, "CHECK-FAILED")


def test_the_newest_extract_counts_whatever_an_older_one_shows(desk: World) -> None:
    extract = decode_json(desk.read(path_of(desk, "journal")).encode(), JournalExtract, "")
    put(desk, msgspec.structs.replace(extract, published=extract.published + HOUR, is_ready=False), desk.key(SERVICE))
    expect(desk, 20, "CHECK-FAILED")


def test_an_old_extract_under_a_newer_name_is_refused_and_counts_for_nothing(desk: World) -> None:
    extract = decode_json(desk.read(path_of(desk, "journal")).encode(), JournalExtract, "")
    newer = msgspec.structs.replace(extract, published=extract.published + HOUR)
    put(desk, msgspec.structs.replace(newer, is_ready=False), desk.key(SERVICE))
    put(desk, extract, desk.key(SERVICE), at=operation.path_of(msgspec.structs.replace(extract, published=newer.published + HOUR)))
    expect(desk, 20, "CHECK-FAILED", "SIGNOFF-CONTEXT")


@pytest.mark.parametrize("answer", ["pass", "waived"])
@pytest.mark.parametrize(("kind", "item"), [("scheduler", "C3"), ("journal", "C4")])
def test_nobody_answers_for_the_machine(desk: World, kind: str, item: str, answer: str) -> None:
    take_out(desk, kind)
    said: dict[str, object] = {"answer": answer}
    said |= {"reason": "we saw it", "expires": "2099-01-01T00:00:00Z"} if answer == "waived" else {}
    reword(desk, "platform", checklist=answering(word(desk, "platform"), **{item: said}).checklist)
    expect(desk, 20, "RPT-MISSING", "CHECK-FAILED", "ROLE-MISSING")


# --- past the gate ---


@pytest.mark.parametrize("junk", ["noise", "a person's", "edited"])
def test_a_bad_extract_on_the_protected_branch_is_a_note(desk: World, junk: str) -> None:
    good = decode_json(desk.read(path_of(desk, "journal")).encode(), JournalExtract, "")
    newer = msgspec.structs.replace(good, published=good.published + HOUR, is_ready=False)
    data = {"noise": b"\0\xff", "edited": encode_json(newer)}.get(junk, encode_json(msgspec.structs.replace(newer, signer="ann")))
    with on_main(desk):
        bring(desk, operation.path_of(newer), data, desk.key("ann"), layout.REPORT)
    expect(desk, 0)
    assert noted(desk) == [{"noise": "CANON", "edited": "SIG-UNKNOWN-KEY"}.get(junk, "SIGNOFF-CONTEXT")]


@pytest.mark.parametrize(
    "name", ["journal.json", "journal..json", "journal.z.json", "scheduler.99999999T999999Z.json", "other.json"]
)
def test_a_junk_name_on_the_protected_branch_stops_nothing(desk: World, name: str) -> None:
    with on_main(desk):
        bring(desk, f"{operation.FOLDER}/paper/{desk.version}/{name}", "{}\n")
    expect(desk, 0)


def test_a_service_that_leaves_stops_no_production(desk: World) -> None:
    desk.merge(branch(desk), after=WEEK)
    desk.shift = WEEK + HOUR
    block = desk.read(layout.POLICY).partition("services:\n")[2].partition("environments:\n")[0]
    policy(desk, edits=((f"services:\n{block}", ""),))
    assert codes(desk, after=WEEK + DAY) == set()
