from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot_core.documents.interventions import Halt, Resume, Revocation
from bot_core.governance import layout
from bot_core.governance.crew import Withdrawn
from bot_core.governance.interventions import Memory, Restrictions, halted, restrictions
from tests.memory_view import DAY, DIGEST, MODEL, REPOSITORY, T0, VERSION, MemoryView, device, entry, make, policy, rules, sign

ASKED = rules(approvals={"risk": 1, "compliance": 1})
CREW = policy(environments=[ASKED])


def found(view: MemoryView, memory: Memory | None = None) -> Restrictions:
    return restrictions(view, CREW, ASKED, memory or Memory())


def halt(view: MemoryView | None = None, signer: str = "ann", name: str = "stop", **changed: object) -> Halt:
    facts = {
        "schema": "bot-core/halt/v1",
        "repository": REPOSITORY,
        "environment": "paper",
        "id": "stop",
        "model": MODEL,
        "version": VERSION,
        "signer": signer,
        "issued": T0,
        "reason": "It drifts.",
        **changed,
    }
    order = make(Halt, facts)
    if view is not None:
        sign(view, f"{layout.halts('paper')}/{name}.yaml", order, layout.HALT, signer)
    return order


def resume(view: MemoryView, role: str, signer: str, **changed: object) -> None:
    facts = {
        "schema": "bot-core/resume/v1",
        "repository": REPOSITORY,
        "environment": "paper",
        "halt": "stop",
        "role": role,
        "signer": signer,
        "issued": T0 + dt.timedelta(hours=1),
        "reason": "Mended.",
        **changed,
    }
    sign(view, f"{layout.resumes('paper', 'stop')}/{role}.{signer}.yaml", make(Resume, facts), layout.RESUME, signer)


def revoke(view: MemoryView, kind: str, subject: str, signer: str = "ben", **changed: object) -> None:
    facts = {
        "schema": "bot-core/revocation/v1",
        "repository": REPOSITORY,
        "id": "gone",
        "kind": kind,
        "subject": subject,
        "signer": signer,
        "issued": T0,
        "reason": "Lost.",
        **changed,
    }
    sign(view, f"{layout.REVOCATIONS}/gone.yaml", make(Revocation, facts), layout.REVOCATION, signer)


def test_nothing_restricts_at_first() -> None:
    assert found(MemoryView()) == Restrictions(found(MemoryView()).crew, frozenset(), [])


@pytest.mark.parametrize(
    ("order", "stopped"),
    [
        ({}, True),
        ({"version": None}, True),
        ({"model": None, "version": None}, True),
        ({"version": "20261110T080000Z-bb17c02e"}, False),
        ({"model": "other", "version": None}, False),
    ],
)
def test_a_halt_stops_what_it_names(order: dict[str, Any], *, stopped: bool) -> None:
    view = MemoryView()
    halt(view, **order)
    assert bool(found(view).stopping(entry())) == stopped


@pytest.mark.parametrize(
    ("order", "signer", "name"),
    [
        ({}, "eve", "stop"),
        ({}, "ann", "other"),
        ({"repository": "quant/other"}, "ann", "stop"),
        ({"environment": "x"}, "ann", "stop"),
    ],
)
def test_a_halt_that_does_not_count_does_nothing(order: dict[str, Any], signer: str, name: str) -> None:
    view = MemoryView()
    halt(view, signer, name, **order)
    assert found(view).halts == []


def test_a_halt_is_explained_with_the_command_that_ends_it() -> None:
    (reason,) = halted(entry(), "paper", [halt()])
    assert reason.message == (
        f"compliance/environments/paper.yaml: {MODEL}: expected no halt in force, got stop of ann: It drifts."
    )
    assert reason.hint == "bot-core resume paper stop --role ROLE --signer NAME --key KEY --reason TEXT"


def test_every_role_must_say_that_a_halt_ends() -> None:
    view = MemoryView()
    halt(view)
    resume(view, "risk", "ann")
    assert len(found(view).halts) == 1
    resume(view, "compliance", "ben")
    assert found(view).halts == []


@pytest.mark.parametrize("changed", [{"issued": T0 - DAY}, {"halt": "other"}, {"environment": "x"}, {"repository": "quant/other"}])
def test_a_word_for_something_else_ends_nothing(changed: dict[str, Any]) -> None:
    view = MemoryView()
    halt(view)
    resume(view, "risk", "ann", **changed)
    resume(view, "compliance", "ben")
    assert len(found(view).halts) == 1


def test_what_was_seen_is_not_forgotten() -> None:
    memory = Memory((Withdrawn(T0, person="ben"),), frozenset({DIGEST}), [halt()])
    seen = found(MemoryView(), memory)
    assert [order.id for order in seen.halts] == ["stop"]
    assert seen.revoked == {DIGEST}
    assert list(seen.crew.withdrawn) == [Withdrawn(T0, person="ben")]


def test_revoked_are_releases_people_and_keys() -> None:
    public = " ".join(device("ann").public.split()[:2])
    nothing: frozenset[str] = frozenset()
    for kind, subject, expected in (
        ("release", DIGEST, (frozenset({DIGEST}), [])),
        ("person", "ann", (nothing, [Withdrawn(T0, person="ann")])),
        ("key", public, (nothing, [Withdrawn(T0, key=device("ann").blob)])),
    ):
        view = MemoryView()
        revoke(view, kind, subject)
        seen = found(view)
        assert (seen.revoked, list(seen.crew.withdrawn)) == expected


def test_a_compromise_reaches_back_but_never_forward() -> None:
    for since, counted in ((T0 - DAY, T0 - DAY), (T0 + DAY, T0)):
        view = MemoryView()
        revoke(view, "person", "ann", compromised_since=since)
        assert [gone.since for gone in found(view).crew.withdrawn] == [counted]


@pytest.mark.parametrize(
    ("kind", "subject", "signer", "changed"),
    [
        ("person", "ann", "eve", {}),
        ("person", "ann", "ben", {"id": "other"}),
        ("person", "ann", "ben", {"repository": "quant/other"}),
        ("key", "no key", "ben", {}),
    ],
)
def test_a_revocation_that_does_not_count_does_nothing(kind: str, subject: str, signer: str, changed: dict[str, Any]) -> None:
    view = MemoryView()
    revoke(view, kind, subject, signer, **changed)
    assert list(found(view).crew.withdrawn) == []


def test_junk_in_the_folders_does_nothing() -> None:
    view = MemoryView()
    halt(view)
    for folder in (layout.halts("paper"), layout.REVOCATIONS):
        view.put(f"{folder}/junk.yaml", b"\x00")
        view.put(f"{folder}/stop.txt", b"")
    assert len(found(view).halts) == 1
