"""Against the machine that follows: what was stopped stays stopped, what is not proven does not decide, whoever serves the history."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256_file
from bot_core.governance import layout
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from tests.attacks import forge
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime_world import RuntimeWorld


@pytest.fixture
def desk(runtime: Callable[..., RuntimeWorld]) -> RuntimeWorld:
    return runtime(followed=True)


def decides(desk: RuntimeWorld) -> str | None:
    """Return what a loop decides by."""
    plans = ActivePlans(StateFolder(desk.path / "var/models")).current().plans
    return plans[MODEL].record.version if plans else None


def after(desk: RuntimeWorld, code: int, *codes: str, force: bool = False) -> str | None:
    """Push, follow, expect an exit code and among the reasons these codes; return what decides."""
    desk.git("push", "-q", *(["-f"] if force else []), str(desk.origin), "main")
    got, status = desk.reconcile()
    assert got == code, json.dumps(status, indent=1)
    facts: Any = status
    found = {reason.partition(":")[0] for model in facts["models"] for reason in model["reasons"]}
    found |= {one["reason"] for one in facts["conditions"]}
    assert set(codes) <= found, found
    desk.ok("journal", "verify", "logs/decision_journal/decisions.jsonl")
    return decides(desk)


def halt(desk: RuntimeWorld, what: str = MODEL) -> str:
    desk.ok("halt", "paper", what, *signed_by(desk, "ann"), "--reason", "x", "--state", "none")
    return desk.find("compliance/halts/paper/*.yaml")


def first(desk: RuntimeWorld) -> str:
    return min(desk.path.glob(f"models/{MODEL}/*.release.yaml")).name.split(".")[0]


def release(desk: RuntimeWorld, version: str) -> str:
    return sha256_file(desk.path / layout.manifest(MODEL, version))


# --- what was stopped stays stopped ---


def test_a_deleted_halt_stays_in_force(desk: RuntimeWorld) -> None:
    path = halt(desk)
    assert after(desk, 20, "HALTED") is None
    forge.withdraw(desk, path)
    assert after(desk, 20, "HALTED") is None


def test_a_halt_whose_file_now_says_something_else_stays_in_force(desk: RuntimeWorld) -> None:
    path = halt(desk)
    after(desk, 20, "HALTED")
    desk.edit(path, "reason: ", "reason: un")
    desk.commit()
    assert after(desk, 20, "HALTED") is None


@pytest.mark.parametrize("how", ["rolled back", "rewritten without it"])
def test_a_history_without_the_halt_is_not_followed(desk: RuntimeWorld, how: str) -> None:
    before = desk.git("rev-parse", "HEAD")
    halt(desk)
    after(desk, 20, "HALTED")
    desk.git("reset", "-q", "--hard", before)
    if how != "rolled back":
        desk.put("docs/a.md", "as if nothing had been")
        desk.commit()
    assert after(desk, 30, "ANCESTRY", "HALTED", force=True) is None


def test_an_accepted_commit_as_second_parent_does_not_carry_the_history(desk: RuntimeWorld) -> None:
    before = desk.git("rev-parse", "HEAD")
    halt(desk)
    after(desk, 20, "HALTED")
    desk.git("switch", "-qc", "side", before)
    desk.put("docs/a.md", "1")
    desk.commit()
    desk.git("merge", "-q", "--no-ff", "-m", "Foxtrot", "main")
    desk.git("branch", "-qf", "main", "side")
    assert after(desk, 30, "ANCESTRY", "HALTED", force=True) is None


def test_who_may_not_resume_ends_no_halt(desk: RuntimeWorld) -> None:
    path = halt(desk)
    after(desk, 20, "HALTED")
    name = path.rsplit("/", 1)[-1].removesuffix(".yaml")
    desk.ok("resume", "paper", "--role", "data", *signed_by(desk, "dora"), "--reason", "x")
    assert after(desk, 20, "HALTED") is None
    resume = desk.find(f"compliance/resumes/paper/{name}/*.yaml")
    forged = desk.read(resume).replace("role: data", "role: risk").replace("signer: dora", "signer: ann")
    forge.bring(desk, f"{resume.rsplit('/', 1)[0]}/risk.ann.yaml", forged, desk.key("dora"), layout.RESUME)
    assert after(desk, 20, "HALTED") is None


def test_a_halt_by_nobody_stops_nothing(desk: RuntimeWorld) -> None:
    path = halt(desk)
    forged = desk.read(path)
    desk.git("reset", "-q", "--hard", "HEAD^")
    forge.bring(desk, path, forged, forge.stranger(desk), layout.HALT)
    assert after(desk, 0) == desk.version


def test_an_unsigned_file_of_its_name_does_not_lift_a_halt_of_this_machine(desk: RuntimeWorld) -> None:
    desk.ok("halt", "paper", MODEL, *signed_by(desk, "ann"), "--reason", "x")
    path = desk.find("compliance/halts/paper/*.yaml")
    desk.git("reset", "-q", "--hard", "HEAD^")
    forge.bring(desk, path, "signed by nobody\n")
    assert after(desk, 0) is None


@pytest.mark.parametrize("way", ["rollback", "desired again"])
def test_a_revoked_release_never_returns(desk: RuntimeWorld, way: str) -> None:
    desk.ok("revoke", "release", release(desk, first(desk)), "--reason", "x", *signed_by(desk, "cid"))
    after(desk, 0)
    desk.git("rm", "-qr", layout.REVOCATIONS)
    desk.commit("The revocation is gone")
    if way == "rollback":
        desk.ok("rollback", MODEL, "--env", "paper", "--reason", "x")
    else:
        path = layout.environment("paper")
        desk.git("checkout", "-q", desk.git("log", "--format=%H", "--", path).splitlines()[1], "--", path)
        assert f"version: {first(desk)}" in desk.read(path)
        desk.commit()
    assert after(desk, 20, "REVOKED") in {None, desk.version}
    assert decides(desk) != first(desk)


def test_nobody_is_brought_back_by_an_older_policy(desk: RuntimeWorld) -> None:
    old = {path: desk.read(path) for path in (layout.POLICY, *(f"{layout.POLICY}.{who}.sig" for who in forge.ROOTS))}
    forge.policy(desk, "--drop", "gus")
    after(desk, 0)
    for path, text in old.items():
        desk.put(path, text)
    desk.commit()
    assert after(desk, 30, "POLICY-CHAIN") == desk.version


def test_a_policy_that_asks_for_nothing_and_what_comes_with_it_are_refused(desk: RuntimeWorld) -> None:
    third = desk.compact(99)
    forge.policy(desk, edits=(("max_validity_days: 365", "max_validity_days: 36500"),), signers=("ann",))
    desk.promote(third)
    assert after(desk, 20, "POLICY-SELF") == desk.version


# --- what is not proven does not decide ---


@pytest.mark.parametrize("how", ["other bytes", "a link", "nothing"])
def test_an_artifact_that_was_swapped_in_git_leaves_the_proven_bytes(desk: RuntimeWorld, how: str) -> None:
    path = desk.path / layout.artifact(MODEL, desk.version)
    digest = sha256_file(path)
    path.unlink()
    if how == "a link":
        path.symlink_to(f"{first(desk)}.json")
    elif how == "other bytes":
        shutil.copy(desk.path / layout.artifact(MODEL, first(desk)), path)
    desk.commit()
    assert after(desk, 30, "REL-DIGEST") == desk.version
    assert StateFolder(desk.path / "var/models").blob(digest)


def test_an_artifact_that_was_swapped_on_the_disk_does_not_decide(desk: RuntimeWorld) -> None:
    folder = StateFolder(desk.path / "var/models")
    other = (desk.path / layout.artifact(MODEL, first(desk))).read_bytes()
    active = folder.active()
    assert active is not None
    (folder.root / "blobs" / active.plans[0].artifact.removeprefix("sha256:")).write_bytes(other)
    assert decides(desk) is None
    assert after(desk, 0) == desk.version


def test_a_plan_that_somebody_wrote_by_hand_is_gone_with_the_next_pass(desk: RuntimeWorld) -> None:
    folder = StateFolder(desk.path / "var/models")
    active = folder.active()
    assert active is not None
    forged = replace(active.fallbacks[0], conditions={}, expires=None)
    folder.write(replace(active, plans=[forged], pins=[forged]))
    assert after(desk, 0) == desk.version
    now = folder.active()
    assert now is not None
    assert (now.plans, now.pins) == (active.plans, [])


def test_a_pin_that_somebody_wrote_by_hand_is_judged_like_any(desk: RuntimeWorld) -> None:
    third = desk.compact(99)
    desk.put(
        "var/models/control.json",
        json.dumps(
            {
                "models": {
                    "x": {"model": MODEL, "version": third, "artifact": sha256_file(desk.path / layout.artifact(MODEL, third))}
                },
                "default": "x",
            }
        ),
    )
    assert after(desk, 0) is not None
    assert decides(desk) != third


def test_a_sign_off_that_was_copied_to_another_release_is_worthless(desk: RuntimeWorld) -> None:
    third = desk.compact(99)
    desk.promote(third, sign=False)
    old = desk.find(f"compliance/signoffs/paper/{MODEL}/{desk.version}/release.risk.*.yaml")
    for ending in ("", layout.SIG):
        desk.put(f"{old.replace(desk.version, third)}{ending}", (desk.path / f"{old}{ending}").read_bytes())
    desk.commit()
    assert after(desk, 20, "ROLE-MISSING", "SIGNOFF-CONTEXT") == desk.version
