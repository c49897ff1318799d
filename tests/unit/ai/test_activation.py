"""From what git desires to what may decide: judged, proven, kept as bytes, and written as one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256_file
from bot_core.ai.activation import Activation, Evaluation, entry_digest
from bot_core.documents.runtime import Control, Named
from bot_core.errors import BotCoreError
from bot_core.governance import layout, writing
from bot_core.governance.acceptance import accept
from bot_core.governance.git import Git
from bot_core.governance.manifest import manifest
from bot_core.governance.promotion import desired
from bot_core.governance.reasons import Refused
from bot_core.governance.state import StateFolder
from tests.attacks import forge
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL
from tests.unit.runtime.machine import YEAR

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from bot_core.documents.runtime import Active, ModelStatus, RuntimeMemory
    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes

PAPER = layout.environment("paper")
NOBODY = Control()


@pytest.fixture
def desk(runtime: Runtimes) -> RuntimeWorld:
    return runtime()


class Machine:
    """Evaluates what a world's main says, pass after pass."""

    def __init__(self, desk: RuntimeWorld, root: Path) -> None:
        self.desk, self.folder = desk, StateFolder(root)
        self.before: Active | None = None
        self.memory: RuntimeMemory | None = None

    def activation(self, later: dt.timedelta | None = None) -> Activation:
        """Accept the newest commit."""
        git, now = Git(self.desk.path), self.desk.now + (later or 0 * YEAR)
        accepted = accept(git, git.resolve("main"), self.memory, "paper", now)
        self.memory = accepted.remembered
        return Activation(accepted, self.folder, now)

    def turn(self, control: Control = NOBODY, later: dt.timedelta | None = None) -> Evaluation:
        """Evaluate once more."""
        found = self.activation(later).evaluate(self.before, control)
        self.before = found.active
        return found


@pytest.fixture
def machine(desk: RuntimeWorld, tmp_path: Path) -> Machine:
    return Machine(desk, tmp_path / "state")


def only(found: Evaluation) -> ModelStatus:
    (status,) = found.models
    return status


def codes(found: Evaluation) -> set[str]:
    return {reason.partition(":")[0] for reason in only(found).reasons}


def active(found: Evaluation) -> str | None:
    return found.active.plans[0].version if found.active.plans else None


def first(desk: RuntimeWorld) -> str:
    return min(path.name.split(".")[0] for path in desk.path.glob(f"models/{MODEL}/*.release.yaml"))


def release_of(desk: RuntimeWorld, version: str) -> str:
    return sha256_file(desk.path / layout.manifest(MODEL, version))


def halt(desk: RuntimeWorld, *words: str) -> None:
    desk.ok("halt", "paper", *words, *signed_by(desk, "ann"), "--reason", "x", "--state", "none")


# --- what is allowed ---


def test_what_git_allows_is_proven_and_kept_by_digest(desk: RuntimeWorld, machine: Machine) -> None:
    found = machine.turn()
    (plan,) = found.active.plans
    assert only(found).state == "Synced"
    assert (plan.version, plan.release, plan.rollout) == (desk.version, release_of(desk, desk.version), 100)
    assert plan.expires is not None
    artifact = (desk.path / layout.artifact(MODEL, desk.version)).read_bytes()
    assert machine.folder.blob(plan.artifact) == artifact
    assert all(machine.folder.blob(str(digest)) for digest in (plan.domain, plan.config, plan.drift))
    assert found.active.rules == {MODEL: plan.domain}
    assert (found.active.refused, found.active.maintenance) == ({}, False)


def test_the_way_back_is_proven_beforehand(desk: RuntimeWorld, machine: Machine) -> None:
    (back,) = machine.turn().active.fallbacks
    assert back.version == first(desk) != desk.version
    assert machine.folder.blob(back.artifact)


def test_a_way_back_that_git_would_refuse_is_none(desk: RuntimeWorld, machine: Machine) -> None:
    desk.ok("revoke", "release", release_of(desk, first(desk)), "--reason", "x", *signed_by(desk, "cid"))
    found = machine.turn()
    assert (active(found), found.active.fallbacks) == (desk.version, [])


def test_conditions_of_signers_reach_the_plan(desk: RuntimeWorld, machine: Machine) -> None:
    desk.sign_off("risk", "ann", "--condition", "max_trade_notional=500", env="paper", subject=(MODEL, desk.version))
    (plan,) = machine.turn().active.plans
    assert plan.conditions == {"max_trade_notional": 500}


def test_a_condition_that_nobody_can_watch_is_no_plan(desk: RuntimeWorld, machine: Machine) -> None:
    before = active(machine.turn())
    desk.sign_off("risk", "ann", "--condition", "mood=good", env="paper", subject=(MODEL, desk.version))
    found = machine.turn()
    assert codes(found) == {"LIMITS"}
    assert active(found) == before  # as it was signed before


def test_maintenance_is_told_with_the_plans(desk: RuntimeWorld, machine: Machine) -> None:
    desk.edit(PAPER, "maintenance: false", "maintenance: true")
    desk.commit()
    found = machine.turn()
    assert found.active.maintenance
    assert active(found) == desk.version


def test_an_entry_that_is_gone_leaves_its_rules(desk: RuntimeWorld, machine: Machine) -> None:
    domain = machine.turn().active.rules[MODEL]
    desk.ok("rollback", MODEL, "--env", "paper", "--reason", "x")
    desk.ok("rollback", MODEL, "--env", "paper", "--reason", "x")
    found = machine.turn()
    assert (active(found), found.models, found.active.rules) == (None, (), {MODEL: domain})


# --- what is not ---


def test_an_unsigned_proposal_leaves_the_plan_before(desk: RuntimeWorld, machine: Machine) -> None:
    before = machine.turn()
    desk.promote(desk.compact(99), sign=False)
    found = machine.turn()
    assert (only(found).state, codes(found), active(found)) == ("Pending", {"ROLE-MISSING"}, desk.version)
    assert found.active.plans == before.active.plans
    assert found.active.refused == {}
    assert only(found).desired != only(found).active


def test_other_bytes_in_git_leave_the_plan_before(desk: RuntimeWorld, machine: Machine) -> None:
    (plan,) = machine.turn().active.plans
    desk.put(layout.artifact(MODEL, desk.version), desk.read(layout.artifact(MODEL, desk.version)) + " ")
    desk.commit()
    found = machine.turn()
    assert (only(found).state, codes(found)) == ("Refused", {"REL-DIGEST"})
    assert found.active.plans == [plan]


@pytest.mark.parametrize(
    ("path", "code"),
    [("audit/ai_decision/config/{}.json", "REL-DIGEST"), ("audit/ai_decision/drift/{}.json", "REL-DIGEST")],
)
def test_other_bytes_of_what_is_archived_are_refused(desk: RuntimeWorld, machine: Machine, path: str, code: str) -> None:
    desk.put(path.format(desk.version), "{}")
    desk.commit()
    found = machine.turn()
    assert (active(found), codes(found)) == (None, {code})


def test_a_model_that_gives_other_golden_outputs_here_is_refused(desk: RuntimeWorld, machine: Machine) -> None:
    before = active(machine.turn())
    version = desk.compact(99)
    path = layout.artifact(MODEL, version)
    text = desk.read(path)
    golden = text.index('"golden"')
    place = text.index('"prediction": ', golden) + len('"prediction": ')
    end = min(text.index(mark, place) for mark in (",", "\n"))
    desk.put(path, f"{text[:place]}{float(text[place:end]) + 1.0!r}{text[end:]}")
    resign(desk, version)
    desk.promote(version)
    found = machine.turn()
    assert (only(found).state, codes(found), active(found)) == ("Refused", {"GOLDEN"}, before)


def resign(desk: RuntimeWorld, version: str) -> None:
    """Let the author sign what is there now, as if it had been released so."""
    document, path = manifest(desk.path, MODEL, version, "eve"), layout.manifest(MODEL, version)
    for name, data in writing.signed(document, path, layout.RELEASE, desk.key("eve"), None, desk.now).items():
        desk.put(name, data)
    desk.commit("Signed anew")


def test_a_broken_environment_leaves_everything_as_it_was(desk: RuntimeWorld, machine: Machine) -> None:
    before = machine.turn()
    desk.put(PAPER, desk.read(PAPER) + "models: []\n")
    desk.commit()
    found = machine.turn()
    assert (active(found), codes(found)) == (desk.version, {"CANON"})
    assert found.active.rules == before.active.rules


def test_a_broken_environment_does_not_end_the_pass_of_a_machine_with_a_choice_of_its_own(
    desk: RuntimeWorld, machine: Machine
) -> None:
    plan = machine.turn().active.plans[0]
    named = Named(model=plan.model, version=plan.version, artifact=plan.artifact)
    control = Control(models={"mine": named}, default="mine")
    assert machine.turn(control).active.pins == [plan]
    desk.put(PAPER, desk.read(PAPER) + "models: []\n")
    desk.commit()
    found = machine.turn(control)
    assert (found.active.pins, codes(found)) == ([], {"CANON"})
    halt(desk, "--all")
    assert machine.turn(control).active.plans == []


@pytest.mark.parametrize("words", [(MODEL,), ("--all",)])
def test_a_halt_stops_at_once_and_its_rules_decide(desk: RuntimeWorld, machine: Machine, words: tuple[str, ...]) -> None:
    machine.turn()
    halt(desk, *words)
    found = machine.turn()
    assert (active(found), codes(found), only(found).decides) == (None, {"HALTED"}, "rules")
    assert found.active.refused == {MODEL: ["HALTED"]}


def test_a_halt_stops_what_decides_although_something_else_is_proposed(desk: RuntimeWorld, machine: Machine) -> None:
    machine.turn()
    halt(desk, MODEL)
    desk.promote(desk.compact(99), sign=False)
    assert active(machine.turn()) is None


def test_a_revoked_release_decides_no_more(desk: RuntimeWorld, machine: Machine) -> None:
    machine.turn()
    desk.ok("revoke", "release", release_of(desk, desk.version), "--reason", "x", *signed_by(desk, "cid"))
    found = machine.turn()
    assert (active(found), codes(found)) == (None, {"REVOKED"})


def test_a_revoked_signer_takes_the_plan_along(desk: RuntimeWorld, machine: Machine) -> None:
    machine.turn()
    since = f"{desk.t0:%Y-%m-%dT%H:%M:%SZ}"
    desk.ok("revoke", "person", "ann", "--compromised-since", since, "--reason", "x", *signed_by(desk, "cid"))
    assert active(machine.turn()) is None


def test_an_expired_sign_off_decides_no_more(machine: Machine) -> None:
    machine.turn()
    found = machine.turn(later=YEAR)
    assert (active(found), only(found).decides) == (None, "rules")


def test_a_signer_s_no_stops_what_runs(desk: RuntimeWorld, machine: Machine) -> None:
    machine.turn()
    desk.sign_off("risk", "ann", "--reject", env="paper", subject=(MODEL, desk.version))
    found = machine.turn()
    assert (active(found), "ROLE-REJECTED" in codes(found)) == (None, True)


@pytest.mark.parametrize("proposed", [False, True])
def test_a_critical_later_report_stops_what_runs(desk: RuntimeWorld, machine: Machine, *, proposed: bool) -> None:
    machine.turn()
    stamp = f"{desk.now:%Y%m%dT%H%M%SZ}"
    desk.put(f"audit/ai_decision/drift/{desk.version}.{stamp}.json", "cannot be read, so it counts as critical")
    desk.commit()
    if proposed:
        desk.promote(desk.compact(99), sign=False)
    assert active(machine.turn()) is None


def test_a_no_to_what_is_proposed_stops_nothing_else(desk: RuntimeWorld, machine: Machine) -> None:
    machine.turn()
    version = desk.compact(99)
    desk.promote(version, sign=False)
    desk.sign_off("risk", "ann", "--reject", env="paper", subject=(MODEL, version))
    found = machine.turn()
    assert (only(found).state, active(found)) == ("Refused", desk.version)


# --- cold starts, and whose rules decide ---


@pytest.mark.parametrize(("sign", "decides"), [(False, "rules"), (True, "model")])
def test_at_a_cold_start_only_what_is_approved_decides(desk: RuntimeWorld, machine: Machine, *, sign: bool, decides: str) -> None:
    desk.promote(desk.compact(99), sign=sign)
    assert only(machine.turn()).decides == decides


def asks_for_limits(desk: RuntimeWorld) -> None:
    """Let paper ask for approved limits."""
    old = "    max_sign_to_merge_days: 14\n    max_validity_days: 365\n"
    forge.policy(desk, edits=((old, f"{old}    limits:\n      risk: 1\n"),))


def test_rules_that_nobody_approved_do_not_decide(desk: RuntimeWorld, machine: Machine) -> None:
    asks_for_limits(desk)
    found = machine.turn()
    assert (codes(found), only(found).decides, found.active.rules) == ({"LIMITS"}, "nobody", {})
    desk.sign_off("risk", "ann", "--domain", "trade_entry", env="paper", subject=())
    assert only(machine.turn()).decides == "model"


def test_nor_those_of_a_release_that_cannot_even_be_judged(desk: RuntimeWorld, machine: Machine) -> None:
    asks_for_limits(desk)
    desk.put(layout.manifest(MODEL, desk.version) + layout.SIG, "junk\n")
    desk.commit()
    found = machine.turn()
    assert (only(found).state, only(found).decides, found.active.rules) == ("Refused", "nobody", {})


def test_what_was_in_force_in_another_environment_counts_for_nothing(desk: RuntimeWorld, machine: Machine) -> None:
    before = machine.turn().active
    machine.before = replace(before, environment="production")
    desk.promote(desk.compact(99), sign=False)
    assert active(machine.turn()) is None


def test_what_somebody_wrote_into_active_json_is_not_believed(desk: RuntimeWorld, machine: Machine) -> None:
    (plan,) = machine.turn().active.plans
    forged = replace(plan, artifact=machine.folder.keep(b"{}"), conditions={}, expires=None, rollout=1)
    assert machine.before is not None
    machine.before = replace(machine.before, plans=[forged])
    desk.promote(desk.compact(99), sign=False)
    assert machine.turn().active.plans == [plan]


# --- what is asked for on this machine ---


def test_a_release_that_was_asked_for_is_judged_as_if_git_desired_it(desk: RuntimeWorld, machine: Machine) -> None:
    activation = machine.activation()
    entry = activation.entry_of(MODEL, first(desk))
    assert entry is not None
    record = activation.judged(entry)
    assert (record.version, record.model) == (first(desk), MODEL)
    named = Named(model=MODEL, version=record.version, artifact=record.artifact)
    control = Control(models={"x": named, "y": replace(named, artifact="sha256:" + "0" * 64)}, default="x")
    assert machine.turn(control).active.pins == [record]
    halt(desk, "--all")
    assert machine.turn(control).active.pins == []


def test_the_worst_reason_is_given(desk: RuntimeWorld, machine: Machine) -> None:
    desk.ok("revoke", "release", release_of(desk, first(desk)), "--reason", "x", *signed_by(desk, "cid"))
    activation = machine.activation()
    entry = activation.entry_of(MODEL, first(desk))
    assert entry is not None
    with pytest.raises(Refused) as caught:
        activation.judged(entry)
    assert caught.value.code == "REVOKED"
    with pytest.raises(BotCoreError):
        activation.judged(replace(entry, release="sha256:" + "0" * 64))


def test_what_never_stood_here_has_no_entry(desk: RuntimeWorld, machine: Machine) -> None:
    version = desk.compact(99)
    activation = machine.activation()
    assert activation.entry_of(MODEL, version) is None
    assert activation.entry_of("other", desk.version) is None
    now = desired(activation.accepted.view, "paper").entry(MODEL)
    assert activation.entry_of(MODEL, desk.version) == now
    assert entry_digest(now) != entry_digest(activation.entry_of(MODEL, first(desk)))
    assert entry_digest(None) is None


def test_a_release_proves_itself_once_to_a_process(machine: Machine) -> None:
    activation = machine.activation()
    activation.evaluate(None, NOBODY)
    proved = set(activation.proved)
    assert len(proved) == 2
    activation.evaluate(None, NOBODY)
    assert activation.proved == proved
