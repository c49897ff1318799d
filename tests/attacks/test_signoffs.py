"""Attacks on sign-offs: to what somebody says yes, when, and what a yes must say; and junk that means to stop production."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core.documents.signoff import SignOff, Subject
from bot_core.governance import layout
from bot_core.governance.reading import spell
from tests.attacks.forge import answering, bring, expect, on_main, paper, policy, reword, stranger, withdraw, word
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.governance.layout import Signable
    from tests.attacks.forge import Outcome
    from tests.world import Stage, World

CHECKLIST = "compliance/checklists/model-promotion-v1.yaml"
OTHER = "20200101T000000Z-0a1b2c3d"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    """Start from a proposal that everybody signed and the gate allows."""
    return world("ready")


def days(desk: World, issued: int, expires: int) -> dict[str, Any]:
    """Date a sign-off, in days after T0."""
    return {"issued": desk.t0 + issued * DAY, "expires": desk.t0 + expires * DAY}


def subject(desk: World, **changes: object) -> dict[str, Any]:
    """Point a sign-off elsewhere."""
    return {"subject": msgspec.structs.replace(word(desk).subject, **changes)}


# --- what is signed ---


ELSEWHERE: dict[str, Callable[[World], dict[str, Any]]] = {
    "release": lambda desk: subject(desk, version=OTHER),
    "model": lambda desk: subject(desk, name="another_model"),
    "environment": lambda desk: {"environment": "paper", "issued": desk.t0 - HOUR},
}
WRONG: dict[str, Callable[[World], dict[str, Any]]] = {
    "bytes": lambda desk: subject(desk, digest=sha256(b"another")),
    "domain": lambda desk: {"subject": Subject(kind="domain", name=MODEL, digest=word(desk).subject.digest)},
    "rollout": lambda desk: subject(desk, kind="rollout", percent=0),
    "repository": lambda _: {"repository": "quant/other"},
    "role": lambda _: {"role": "data"},
    "later policy": lambda _: {"policy_version": 2},
}


@pytest.mark.parametrize("name", [*ELSEWHERE, *WRONG])
def test_a_word_about_something_else_does_not_count_here(desk: World, name: str) -> None:
    reword(desk, at=paper(desk), **(ELSEWHERE | WRONG)[name](desk))
    expect(desk, 20, "ROLE-MISSING", "SIGNOFF-CONTEXT")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_word_about_something_else_that_lies_where_it_belongs_does_no_harm(desk: World, name: str) -> None:
    reword(desk, **ELSEWHERE[name](desk))
    expect(desk, 10, "ROLE-MISSING")


def test_the_same_word_signed_again_counts(desk: World) -> None:
    reword(desk)
    expect(desk, 0)


def test_a_paper_sign_off_cannot_be_copied_to_production(desk: World) -> None:
    path = desk.find(f"compliance/signoffs/paper/{MODEL}/{desk.version}/release.risk.*.yaml")
    copy, data, sig = path.replace("/paper/", "/production/"), desk.read(path), desk.read(path + layout.SIG)
    withdraw(desk, paper(desk))
    desk.put(copy + layout.SIG, sig)
    bring(desk, copy, data)
    expect(desk, 20, "ROLE-MISSING", "SIGNOFF-CONTEXT")


def test_an_old_sign_off_cannot_be_copied_to_a_new_release(world: Callable[[Stage], World]) -> None:
    desk = world("paper")
    old, desk.shift = desk.find(f"compliance/signoffs/paper/{MODEL}/*/release.risk.*.yaml"), HOUR
    before, desk.version = desk.version, desk.release()
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    for ending in ("", layout.SIG):
        desk.put(old.replace(before, desk.version) + ending, desk.read(old + ending))
    desk.commit()
    expect(desk, 20, "ROLE-MISSING", "SIGNOFF-CONTEXT")
    withdraw(desk, old.replace(before, desk.version))
    desk.sign_off("risk", env="paper")
    expect(desk, 0)


# --- when ---


@pytest.mark.parametrize(
    ("issued", "expires", "outcome"),
    [
        (-20, 60, (20, "ROLE-MISSING", "SIGNOFF-EXPIRED")),
        (-5, 60, (0,)),
        (9, 60, (20, "ROLE-MISSING", "SIGNOFF-CONTEXT")),
        (0, 3650, (20, "ROLE-MISSING", "SIGNOFF-TOO-LONG")),
        (0, 121, (20, "ROLE-MISSING", "SIGNOFF-TOO-LONG")),
        (0, 120, (0,)),
        (0, 7, (20, "ROLE-MISSING", "SIGNOFF-EXPIRED")),
        (0, 8, (20, "ROLE-MISSING", "SIGNOFF-EXPIRED")),
        (0, 9, (0,)),
        (0, -9, (20, "ROLE-MISSING", "SIGNOFF-EXPIRED")),
    ],
)
def test_a_sign_off_has_its_time(desk: World, issued: int, expires: int, outcome: Outcome) -> None:
    reword(desk, **days(desk, issued, expires))
    expect(desk, *outcome)


@pytest.mark.parametrize("spelling", ["+00:00", "+02:00", "-00:00", ".0Z", "z", ""])
def test_a_time_has_one_spelling(desk: World, spelling: str) -> None:
    path, data = paper(desk), desk.read(paper(desk))
    expires = f"{word(desk).expires:%Y-%m-%dT%H:%M:%S}"
    withdraw(desk, path)
    bring(desk, path, data.replace(f"{expires}Z", expires + spelling), desk.key("ann"))
    expect(desk, 30, "CANON", "ROLE-MISSING")


def test_the_command_can_ask_for_too_long_a_validity_but_not_get_it(desk: World) -> None:
    withdraw(desk, paper(desk))
    desk.sign_off("risk", None, "--valid-days", "3650")
    expect(desk, 20, "ROLE-MISSING", "SIGNOFF-TOO-LONG")


# --- what a yes must say ---


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        ("risk", {"C2": {"answer": "waived", "reason": "trust me", "expires": "2099-01-01T00:00:00Z"}}),
        ("risk", {"C1": {"answer": "waived"}}),
        ("risk", {"C4": {"answer": "waived", "reason": "busy", "expires": "2099-01-01T00:00:00Z"}}),
        ("risk", {"C7": {}}),
        ("risk", {"C9": {"answer": "pass"}}),
        ("data", {"C6": {"answer": "waived", "expires": "2099-01-01T00:00:00Z"}}),
        ("data", {"C6": {"answer": "waived", "reason": "none yet"}}),
        ("data", {"C6": {"answer": "waived", "reason": "none yet", "expires": "2020-01-01T00:00:00Z"}}),
    ],
    ids=[
        "the machine's, waived with a reason",
        "the machine's, waived",
        "no waiver allowed",
        "unanswered",
        "unknown",
        "a waiver without reason",
        "a waiver without end",
        "a waiver that ended",
    ],
)
def test_an_answer_that_the_checklist_does_not_allow(desk: World, role: str, answers: dict[str, Any]) -> None:
    reword(desk, role, checklist=answering(word(desk, role), **answers).checklist)
    expect(desk, 20, "CHECK-FAILED", "ROLE-MISSING")


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        ("data", {"C6": {"answer": "waived", "reason": "none yet", "expires": "2099-01-01T00:00:00Z"}}),
        ("risk", {"C2": {"answer": "pass"}}),
        ("compliance", {"C3": {"answer": "pass"}}),
    ],
    ids=["a waiver", "what the machine says", "more than asked"],
)
def test_an_answer_that_the_checklist_allows(desk: World, role: str, answers: dict[str, Any]) -> None:
    reword(desk, role, checklist=answering(word(desk, role), **answers).checklist)
    expect(desk, 0)


def test_a_yes_without_answers_does_not_count(desk: World) -> None:
    reword(desk, checklist=None)
    expect(desk, 20, "CHECK-FAILED", "ROLE-MISSING")


def test_a_checklist_weakened_after_signing_asks_everybody_again(desk: World) -> None:
    with on_main(desk):
        old = sha256(desk.read(CHECKLIST).encode())
        desk.edit(CHECKLIST, "    roles:\n      - data\n      - compliance\n", "    roles:\n      - data\n")
        policy(desk, edits=((old, sha256(desk.read(CHECKLIST).encode())),))
    expect(desk, 20, "CHECK-FAILED", "ROLE-MISSING")


def test_a_checklist_weakened_in_the_pull_request_is_not_the_one_of_the_policy(desk: World) -> None:
    desk.edit(CHECKLIST, "    roles:\n      - data\n      - compliance\n", "    roles:\n      - data\n")
    desk.commit()
    expect(desk, 30, "MIXED-CHANGE", "REL-DIGEST")


def test_a_text_that_signers_confirm_reading_stays_as_approved(desk: World) -> None:
    desk.put("docs/runbooks/rollback.md", "Nothing can be done.\n")
    desk.commit()
    expect(desk, 20, "CHECK-FAILED")


# --- junk that means to stop production ---


def no(desk: World, *, signer: str = "fay", environment: str = "production") -> SignOff:
    """Write somebody's rejection."""
    return msgspec.structs.replace(word(desk), signer=signer, environment=environment, decision="reject")


def where(said: SignOff) -> str:
    """Return where a sign-off for production belongs."""
    return layout.signoff("production", said.subject, said.role, said.signer, said.issued)


JUNK: dict[str, tuple[int, str, Callable[[World], tuple[bytes, Path | None, Signable]]]] = {
    "noise": (30, "CANON", lambda desk: (b"\0\xff\n", desk.key("gus"), layout.SIGNOFF)),
    "unsigned": (30, "SIG-BAD", lambda desk: (spell(no(desk)), None, layout.SIGNOFF)),
    "by a stranger": (30, "SIG-UNKNOWN-KEY", lambda desk: (spell(no(desk)), stranger(desk), layout.SIGNOFF)),
    "of another kind": (30, "SIG-NAMESPACE", lambda desk: (spell(no(desk)), desk.key("fay"), layout.HALT)),
    "of no role": (20, "SIGNOFF-CONTEXT", lambda desk: (spell(no(desk, signer="gus")), desk.key("gus"), layout.SIGNOFF)),
    "of elsewhere": (20, "SIGNOFF-CONTEXT", lambda desk: (spell(no(desk, environment="paper")), desk.key("fay"), layout.SIGNOFF)),
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_that_a_pull_request_brings_is_refused(desk: World, name: str) -> None:
    exit_code, reason, make = JUNK[name]
    bring(desk, where(no(desk)), *make(desk))
    expect(desk, exit_code, reason)


@pytest.mark.parametrize("name", JUNK)
def test_junk_on_the_protected_branch_stops_nothing(desk: World, name: str) -> None:
    path, junk = where(no(desk)), JUNK[name][2](desk)
    with on_main(desk):
        bring(desk, path, *junk)
    expect(desk, 0)


@pytest.mark.parametrize(
    "name", ["release.yaml", "release.", "release..yaml", "release.risk.fay.x.yaml", "release.risk/x.yaml", "\u0430.yaml"]
)
def test_a_junk_name_on_the_protected_branch_stops_nothing(desk: World, name: str) -> None:
    with on_main(desk):
        bring(desk, f"{desk.signoffs}/{name}", "no\n")
    expect(desk, 0)


def test_an_honest_no_on_the_protected_branch_stops_it(desk: World) -> None:
    path, data = where(no(desk)), spell(no(desk))
    with on_main(desk):
        bring(desk, path, data, desk.key("fay"))
    expect(desk, 20, "ROLE-REJECTED")


def test_a_signature_cannot_follow_its_document(desk: World) -> None:
    path, data = paper(desk), desk.read(paper(desk))
    with on_main(desk):
        bring(desk, path, data)
    expect(desk, 30, "SIG-BAD")
