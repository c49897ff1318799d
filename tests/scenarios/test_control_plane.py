"""What people do in git, and what the machine that follows then does: stories through the command line."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from bot_core.ai.manager import AIManager
from bot_core.governance import layout
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from tests.attacks import forge
from tests.attacks.acts import signed_by
from tests.authenticator import keypair
from tests.runtime_world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from bot_core.ai.plan import Plan
    from tests.runtime_world import RuntimeWorld

    Runtimes = Callable[..., RuntimeWorld]

JOURNAL = "logs/decision_journal/decisions.jsonl"


def plan(desk: RuntimeWorld) -> Plan | None:
    """Return what a loop decides by."""
    now = ActivePlans(StateFolder(desk.path / "var/models")).current()
    assert now.problem is None
    return now.plans.get(MODEL)


def version(desk: RuntimeWorld) -> str | None:
    found = plan(desk)
    return found.record.version if found else None


def told(desk: RuntimeWorld) -> list[tuple[object, ...]]:
    """Return the journal: what happened, and with which release."""
    facts: list[Any] = desk.journal()
    return [(event["event_type"], event["status"], event["metadata"].get("version")) for event in facts]


def follows(desk: RuntimeWorld, code: int = 0) -> dict[str, Any]:
    """Push, let the machine follow, and prove its journal."""
    desk.push()
    got, status = desk.reconcile()
    assert got == code, json.dumps(status, indent=1)
    desk.ok("journal", "verify", JOURNAL)
    return status


def first(desk: RuntimeWorld) -> str:
    return min(desk.path.glob(f"models/{MODEL}/*.release.yaml")).name.split(".")[0]


def test_the_life_of_a_release(runtime: Runtimes) -> None:
    desk = runtime()
    one, two = first(desk), desk.version
    follows(desk)
    desk.ok("halt", "paper", MODEL, *signed_by(desk, "ann"), "--reason", "It drifts.")
    assert version(desk) is None
    follows(desk, 20)
    assert (version(desk), desk.state("control")["halts"]) == (None, [])
    desk.ok("resume", "paper", "--role", "risk", *signed_by(desk, "ann"), "--reason", "mended")
    follows(desk)
    assert version(desk) == two
    desk.ok("rollback", MODEL, "--env", "paper", "--reason", "losses")
    follows(desk)
    assert version(desk) == one
    assert told(desk) == [
        ("ai_model_activated", "active", two),
        ("detach", "rules", two),
        ("ai_model_activated", "active", two),
        ("ai_model_rollback_completed", "active", one),
    ]


def test_a_reverted_promotion_is_a_rollback_too(runtime: Runtimes) -> None:
    desk = runtime(followed=True)
    one = first(desk)
    promotion = desk.git("log", "--format=%H", "-n", "1", "--", layout.environment("paper"))
    desk.git("revert", "--no-edit", promotion)
    follows(desk)
    assert (version(desk), told(desk)[-1]) == (one, ("ai_model_rollback_completed", "active", one))


def test_a_third_release_waits_for_its_signature_and_the_second_goes_on(runtime: Runtimes) -> None:
    desk = runtime(followed=True)
    third = desk.compact(99)
    desk.promote(third, sign=False)
    status = follows(desk, 10)
    assert (status["models"][0]["state"], version(desk)) == ("Pending", desk.version)
    desk.sign_off("risk", env="paper", subject=(MODEL, third))
    follows(desk)
    assert version(desk) == third


def test_what_signers_ask_and_what_the_domain_says_both_bind(runtime: Runtimes) -> None:
    desk = runtime(followed=True)
    desk.sign_off("risk", "fay", "--condition", "max_trade_notional=500", env="paper", subject=(MODEL, desk.version))
    desk.sign_off("risk", "ann", "--condition", "max_trade_notional=800", env="paper", subject=(MODEL, first(desk)))
    follows(desk)
    found = plan(desk)
    assert found is not None
    assert found.engine is not None
    assert (found.engine.orchestrator.max_trade_notional, found.engine.orchestrator.max_cost_bps) == (500.0, 15.0)
    assert told(desk)[-1] == ("ai_model_activated", "active", desk.version)


def test_a_signed_policy_is_followed_and_its_new_people_count(runtime: Runtimes) -> None:
    desk = runtime(followed=True)
    forge.policy(desk, "--drop", "gus")
    key = keypair(desk.path.parent, "hal")
    forge.policy(desk, "--person", f"hal={key}.pub:risk")
    third = desk.compact(99)
    desk.promote(third, sign=False)
    desk.ok("sign-off", MODEL, third, "--env", "paper", "--role", "risk", "--signer", "hal", "--key", key)
    follows(desk)
    assert version(desk) == third


def test_maintenance_is_announced_and_ended(runtime: Runtimes) -> None:
    desk = runtime(followed=True)
    for word, kind in (("true", "detach"), ("false", "attach")):
        desk.edit(
            layout.environment("paper"), "maintenance: false" if word == "true" else "maintenance: true", f"maintenance: {word}"
        )
        desk.commit()
        follows(desk)
        assert told(desk)[-1][0] == kind
        assert desk.state()["maintenance"] == (word == "true")


def test_what_was_asked_for_here_holds_until_git_moves_on(runtime: Runtimes, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = runtime(followed=True)
    monkeypatch.chdir(desk.path)
    AIManager().load_decision_artifact("back", f"models/{MODEL}/{first(desk)}.json", set_default=True)
    assert version(desk) == first(desk)
    desk.put("docs/note.md", "nothing about the model")
    desk.commit()
    follows(desk)
    assert version(desk) == first(desk)
    third = desk.compact(99)
    desk.promote(third)
    follows(desk)
    assert version(desk) == third


def test_several_machines_of_one_state_at_once(runtime: Runtimes) -> None:
    desk = runtime()
    third = desk.compact(99)
    for _ in range(2):
        spawned = [desk.start("reconcile", "--once", "--repo", desk.origin) for _ in range(3)]
        said = [process.communicate(timeout=120)[0] for process in spawned]
        assert [process.returncode for process in spawned] == [0, 0, 0], said
        if version(desk) != third:
            desk.promote(third)
    assert [name for kind, _, name in told(desk) if kind == "ai_model_activated"] == [desk.version, third]
    desk.ok("journal", "verify", JOURNAL)


def test_a_machine_that_starts_without_its_server_goes_on_with_what_it_has(runtime: Runtimes) -> None:
    desk = runtime(followed=True)
    desk.origin.rename(desk.origin.with_name("away.git"))
    process = desk.start("reconcile", "--once", "--repo", desk.origin)
    assert (process.communicate(timeout=60)[0].count("Fresh does not hold"), process.returncode) == (1, 2)
    assert version(desk) == desk.version


def test_a_clone_of_everything_but_the_state_starts_as_any_machine_does(runtime: Runtimes) -> None:
    desk = runtime(followed=True)
    subprocess.run(["rm", "-r", "var"], cwd=desk.path, check=True)
    follows(desk)
    assert [kind for kind, _, _ in told(desk)] == ["ai_model_activated"] * 2
