"""Halts, resumes and revocations: who may give them, what they stop, and that nobody takes them back."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.documents.interventions import Halt
from bot_core.governance import layout
from tests.attacks.acts import (
    DAY,
    codes,
    forge,
    live,
    revoke,
    signed_by,
)
from tests.world import MODEL, SIGNERS, World

if TYPE_CHECKING:
    from tests.attacks.acts import Worlds


def test_a_halt_is_allowed_and_stops_the_release(world: Worlds) -> None:
    desk = live(world)
    halt(desk, "production", MODEL)
    assert desk.gate()[:2] == (0, set())
    assert codes(desk) == {"HALTED"}


@pytest.mark.parametrize(("who", "code", "reason"), [("eve", 20, "SIGNOFF-CONTEXT"), ("mallory", 30, "SIG-UNKNOWN-KEY")])
def test_a_halt_by_somebody_who_approves_nothing_does_nothing(world: Worlds, who: str, code: int, reason: str) -> None:
    desk = live(world)
    forge(desk, halt_of(desk, who), "compliance/halts/production/stop.yaml", layout.HALT, who)
    assert desk.gate()[:2] == (code, {reason})
    assert codes(desk) == set()


def test_the_command_does_not_write_a_halt_that_would_not_count(world: Worlds) -> None:
    desk = live(world)
    code, out, err = desk.run("halt", "production", MODEL, "--reason", "losses", *signed_by(desk, "eve"))
    assert (code, out) == (2, "")
    assert "would count for nothing" in err


def test_a_halt_signed_by_another_than_it_names_does_nothing(world: Worlds) -> None:
    desk = live(world)
    forge(desk, halt_of(desk, "ann"), "compliance/halts/production/stop.yaml", layout.HALT, "eve")
    assert desk.gate()[:2] == (30, {"SIG-UNKNOWN-KEY"})
    assert codes(desk) == set()


def test_a_resume_needs_every_role(world: Worlds) -> None:
    desk = live(world)
    name = halt(desk, "production", MODEL)
    for role, who in SIGNERS.items():
        assert codes(desk) == {"HALTED"}
        resume(desk, name, role, who)
        assert desk.gate()[:2] == (0, set())
    assert codes(desk) == set()


def test_one_person_in_two_roles_is_one_word_for_a_resume(world: Worlds) -> None:
    desk = live(world)
    name = halt(desk, "production", MODEL)
    for role, who in {"risk": "fay", "data": "fay", "platform": "cid", "compliance": "ben"}.items():
        resume(desk, name, role, who)
    assert codes(desk) == {"HALTED"}


def test_a_halt_is_neither_deleted_nor_reverted(world: Worlds) -> None:
    desk = live(world)
    name = halt(desk, "production", MODEL)
    desk.merge("work")
    desk.git("switch", "-qc", "deleted")
    desk.git("rm", "-q", *(f"compliance/halts/production/{name}.yaml{suffix}" for suffix in ("", ".sig")))
    desk.commit()
    assert desk.gate()[:2] == (30, {"ADD-ONLY"})
    desk.git("switch", "-qc", "reverted", "main")
    desk.git("revert", "--no-edit", "-m", "1", "HEAD")
    assert desk.gate()[:2] == (30, {"ADD-ONLY"})


def test_a_halt_of_a_release_leaves_others_eligible_and_all_stops_all(world: Worlds) -> None:
    desk = world("paper")
    desk.shift = DAY
    halt(desk, "paper", MODEL)
    desk.version = desk.release()
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    desk.sign_off("risk", env="paper")
    assert desk.gate(after=DAY)[:2] == (0, set())
    halt(desk, "paper", "--all")
    assert desk.gate(after=DAY)[:2] == (20, {"HALTED"})


def test_a_halt_does_not_stop_another_environment(world: Worlds) -> None:
    desk = live(world)
    halt(desk, "paper", "--all")
    assert codes(desk) == set()
    assert codes(desk, env="paper") == {"HALTED"}


def test_a_revocation_is_neither_deleted_nor_reverted(world: Worlds) -> None:
    desk = live(world)
    revoke(desk)
    assert desk.gate()[:2] == (0, set())
    assert codes(desk) == {"REVOKED"}
    desk.merge("work")
    desk.git("switch", "-qc", "deleted")
    desk.git("rm", "-qr", "compliance/revocations")
    desk.commit()
    assert desk.gate()[:2] == (30, {"ADD-ONLY"})


def halt(desk: World, env: str, what: str) -> str:
    """Give a halt by the command; return its name."""
    return Path(json.loads(desk.ok("halt", env, what, "--reason", "x", *signed_by(desk, "ann"), "--format", "json"))["path"]).stem


def resume(desk: World, name: str, role: str, who: str) -> None:
    desk.ok("resume", "production", name, "--role", role, "--reason", "mended", *signed_by(desk, who))


def halt_of(desk: World, who: str) -> Halt:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    words = {"repository": "quant/models", "environment": "production", "id": "stop", "model": MODEL, "version": desk.version}
    return Halt(schema="bot-core/halt/v1", signer=who, issued=now, reason="stop", **words)
