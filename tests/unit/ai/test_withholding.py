"""On which bars do the rules decide while no model does?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.documents.runtime import Named
from bot_core.governance import layout
from bot_core.runtime.active import ActivePlans
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL
from tests.unit.ai.test_activation import Machine, active, halt, release_of
from tests.unit.runtime.machine import drop_paper

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes


@pytest.fixture
def desk(runtime: Runtimes) -> RuntimeWorld:
    return runtime()


@pytest.fixture
def machine(desk: RuntimeWorld, tmp_path: Path) -> Machine:
    return Machine(desk, tmp_path / "state")


def withheld(machine: Machine) -> list[str]:
    """Return the versions that are withheld after another turn, which no plan of these is among."""
    found = machine.turn().active
    assert not {plan.model for plan in found.plans} & {record.model for record in found.withheld}
    return [record.version for record in found.withheld]


def test_nothing_is_withheld_of_a_model_that_decides(machine: Machine) -> None:
    assert withheld(machine) == []


@pytest.mark.parametrize("known", [False, True])
def test_a_halted_release_is_withheld_even_at_a_cold_start(desk: RuntimeWorld, machine: Machine, *, known: bool) -> None:
    if known:
        machine.turn()
    halt(desk, "--all")
    assert withheld(machine) == [desk.version]
    assert machine.before is not None
    assert (machine.before.plans, machine.before.fallbacks, machine.before.pins) == ([], [], [])
    assert MODEL in machine.before.rules


def test_so_is_one_that_waits_for_approvals(desk: RuntimeWorld, machine: Machine) -> None:
    version = desk.compact(99)
    desk.promote(version, sign=False)
    assert withheld(machine) == [version]


@pytest.mark.parametrize("what", ["artifact", "signature"])
def test_one_that_somebody_tampered_with_is_not_even_loaded(desk: RuntimeWorld, machine: Machine, what: str) -> None:
    paths = {"artifact": layout.artifact(MODEL, desk.version), "signature": layout.manifest(MODEL, desk.version) + layout.SIG}
    desk.put(paths[what], "junk\n")
    desk.commit()
    assert withheld(machine) == []


@pytest.mark.parametrize("how", ["rolled back", "dropped", "revoked"])
def test_the_last_one_known_stays_for_as_long_as_the_rules_decide(desk: RuntimeWorld, machine: Machine, how: str) -> None:
    machine.turn()
    if how == "rolled back":
        for _ in range(2):
            desk.ok("rollback", MODEL, "--env", "paper", "--reason", "x")
    elif how == "dropped":
        drop_paper(desk)
    else:
        desk.ok("revoke", "release", release_of(desk, desk.version), "--reason", "x", *signed_by(desk, "cid"))
    assert withheld(machine) == withheld(machine) == [desk.version]


def test_one_whose_bytes_are_lost_is_known_no_more(desk: RuntimeWorld, machine: Machine) -> None:
    (plan,) = machine.turn().active.plans
    drop_paper(desk)
    (machine.folder.root / "blobs" / plan.artifact.removeprefix("sha256:")).unlink()
    again = Machine(desk, machine.folder.root)
    again.before, again.memory = machine.before, machine.memory
    assert withheld(again) == []


def test_what_is_withheld_is_read_beside_the_plans_and_cannot_be_asked_for(desk: RuntimeWorld, machine: Machine) -> None:
    halt(desk, "--all")
    found = machine.turn()
    machine.folder.write(found.active)
    now = ActivePlans(machine.folder, look_s=0.0).current()
    assert (active(found), dict(now.plans), list(now.books)) == (None, {}, [MODEL])
    assert [plan.record.version for plan in now.spare] == [desk.version]
    (record,) = found.active.withheld
    machine.folder.change(
        lambda said: replace(said, models={"x": Named(model=MODEL, version=record.version, artifact=record.artifact)}, default="x")
    )
    now = ActivePlans(machine.folder, look_s=0.0).current()
    assert dict(now.plans) == {}
