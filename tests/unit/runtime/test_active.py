"""What may decide now, for the process that decides: the state folder, followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.documents.interventions import Halt
from bot_core.documents.runtime import Control, Degraded, Named, Protected
from bot_core.runtime.active import ActivePlans, InForce
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL
from tests.unit.runtime.machine import YEAR, folder_of

if TYPE_CHECKING:
    from bot_core.documents.runtime import Active
    from bot_core.governance.state import StateFolder
    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes


@pytest.fixture
def desk(runtime: Runtimes) -> RuntimeWorld:
    return runtime(followed=True)


@pytest.fixture
def folder(desk: RuntimeWorld) -> StateFolder:
    return folder_of(desk)


@pytest.fixture
def plans(folder: StateFolder) -> ActivePlans:
    return ActivePlans(folder, look_s=0.0)


def active(folder: StateFolder) -> Active:
    found = folder.active()
    assert found is not None
    return found


def halt(desk: RuntimeWorld, **changes: object) -> Halt:
    plain = Halt(
        schema="bot-core/halt/v1", repository="here", environment="paper", id="h1", signer="ann", issued=desk.now, reason="x"
    )
    return replace(plain, **changes)


def test_before_the_first_pass_nobody_decides(runtime: Runtimes) -> None:
    assert ActivePlans(folder_of(runtime())).current() == InForce()


def test_what_was_proven_is_compiled(desk: RuntimeWorld, plans: ActivePlans) -> None:
    now = plans.current()
    assert (now.environment, now.commit, now.problem, now.detached) == ("paper", desk.git("rev-parse", "main"), None, None)
    plan = now.plans[MODEL]
    assert (plan.record.version, plan.inference.is_ready) == (desk.version, True)
    assert now.books[MODEL].domain == plan.book.domain
    assert [spare.record.version for spare in now.spare] == [back.version for back in active(plans.folder).fallbacks]


def test_what_does_not_change_is_compiled_once(plans: ActivePlans, folder: StateFolder) -> None:
    first = plans.current()
    assert plans.current() is first
    folder.write(replace(active(folder), commit="b" * 40, plans=[replace(active(folder).plans[0], commit="b" * 40)]))
    second = plans.current()
    assert second.commit == "b" * 40
    assert second.plans[MODEL] is first.plans[MODEL]


def test_it_looks_no_more_often_than_it_should(folder: StateFolder) -> None:
    slow = ActivePlans(folder, look_s=3600.0)
    first = slow.current()
    folder.write(Control(detached=True))
    assert slow.current() is first


def test_detached_leaves_the_rules(plans: ActivePlans, folder: StateFolder) -> None:
    plans.current()
    folder.write(Control(detached=True, reason="mending"))
    now = plans.current()
    assert (dict(now.plans), list(now.books), now.detached) == ({}, [MODEL], "mending")
    folder.write(Control(detached=True))
    assert plans.current().detached == "detached on this machine"
    folder.write(Control())
    assert list(plans.current().plans) == [MODEL]


@pytest.mark.parametrize(
    ("what", "stops"),
    [
        ({}, True),
        ({"model": MODEL}, True),
        ({"model": MODEL, "version": "active"}, True),
        ({"model": MODEL, "version": "20200101T000000Z-00000000"}, False),
        ({"model": "other"}, False),
    ],
)
def test_a_halt_of_this_machine_stops_what_it_names(
    desk: RuntimeWorld, plans: ActivePlans, folder: StateFolder, what: dict[str, str], *, stops: bool
) -> None:
    named = {key: desk.version if value == "active" else value for key, value in what.items()}
    folder.write(Control(halts=[halt(desk, **named)]))
    now = plans.current()
    assert (MODEL not in now.plans) == stops
    assert now.why.get(MODEL) == (("HALTED",) if stops else None)
    assert MODEL in now.books


def test_a_halt_stops_a_release_that_was_asked_for_here_too(desk: RuntimeWorld, plans: ActivePlans, folder: StateFolder) -> None:
    back = active(folder).fallbacks[0]
    named = Named(model=MODEL, version=back.version, artifact=back.artifact)
    folder.write(replace(active(folder), pins=[back]))
    folder.write(Control(models={"x": named}, default="x"))
    assert plans.current().plans[MODEL].record.version == back.version
    folder.write(Control(models={"x": named}, default="x", halts=[halt(desk, model=MODEL)]))
    assert dict(plans.current().plans) == {}


def test_a_release_that_was_asked_for_and_is_not_proven_leaves_nobody_but_the_rules(
    plans: ActivePlans, folder: StateFolder
) -> None:
    back = active(folder).fallbacks[0]
    folder.write(replace(active(folder), fallbacks=[]))
    folder.write(Control(models={"x": Named(model=MODEL, version=back.version, artifact=back.artifact)}, default="x"))
    now = plans.current()
    assert (dict(now.plans), list(now.books)) == ({}, [MODEL])


def test_a_damaged_control_means_nothing_at_all(desk: RuntimeWorld, plans: ActivePlans) -> None:
    plans.current()
    desk.put("var/models/control.json", "{")
    now = plans.current()
    assert (dict(now.plans), dict(now.books)) == ({}, {})
    assert now.problem is not None
    assert now.detached is not None
    assert now.detached.startswith("control.json cannot be read: ")


def test_a_damaged_active_leaves_the_rules_known_before(desk: RuntimeWorld, plans: ActivePlans) -> None:
    plans.current()
    desk.put("var/models/active.json", "{")
    now = plans.current()
    assert (dict(now.plans), list(now.books), now.detached) == ({}, [MODEL], "active.json cannot be read")
    assert dict(ActivePlans(plans.folder).current().books) == {}


@pytest.mark.parametrize("damage", ["other bytes", "gone"])
def test_damaged_bytes_are_no_plan_until_the_next_pass_heals_them(desk: RuntimeWorld, folder: StateFolder, damage: str) -> None:
    digest = active(folder).plans[0].artifact
    blob = folder.root / "blobs" / digest.removeprefix("sha256:")
    blob.write_bytes(b"{}") if damage == "other bytes" else blob.unlink()
    plans = ActivePlans(folder, look_s=0.0)
    now = plans.current()
    assert MODEL not in now.plans
    assert MODEL in now.books
    assert now.problem is not None
    assert desk.reconcile()[0] == 0
    assert plans.current().plans[MODEL].record.artifact == digest


def test_an_artifact_that_was_swapped_with_its_digest_proves_nothing(plans: ActivePlans, folder: StateFolder) -> None:
    digest = folder.keep(b"{}")
    folder.write(replace(active(folder), plans=[replace(active(folder).plans[0], artifact=digest)]))
    now = plans.current()
    assert dict(now.plans) == {}
    assert now.problem is not None


def test_a_plan_ends_with_its_first_sign_off_without_any_pass(desk: RuntimeWorld, folder: StateFolder) -> None:
    late = ActivePlans(folder, clock=lambda: desk.now + YEAR)
    assert not late.current().plans[MODEL].inference.is_ready


def test_why_no_model_decides_is_known(desk: RuntimeWorld, plans: ActivePlans) -> None:
    desk.ok("halt", "paper", MODEL, *signed_by(desk, "ann"), "--reason", "x", "--state", "none")
    desk.push()
    assert desk.reconcile()[0] == 20
    now = plans.current()
    assert (dict(now.plans), now.why[MODEL], list(now.books)) == ({}, ("HALTED",), [MODEL])


@pytest.mark.parametrize("version", ["active", "20200101T000000Z-00000000"])
def test_the_rules_decide_in_place_of_the_release_that_did_worse_and_of_no_other(
    desk: RuntimeWorld, plans: ActivePlans, folder: StateFolder, version: str
) -> None:
    stops = version == "active"
    named = desk.version if stops else version
    worse = Degraded(model=MODEL, version=named, path="x", digest="sha256:" + "0" * 64, since=desk.now)
    folder.write(Control(degraded=[worse]))
    now = plans.current()
    assert (MODEL not in now.plans) == stops
    assert now.why.get(MODEL) == (("degraded",) if stops else None)
    assert MODEL in now.books


def test_limits_shrink_for_a_model_or_for_all(desk: RuntimeWorld, plans: ActivePlans, folder: StateFolder) -> None:
    assert not plans.current().is_protected(MODEL, 0.5)
    for model in (MODEL, "other"):
        folder.write(Control(protected=[Protected(model=model, path="x", digest="sha256:" + "0" * 64, since=desk.now)]))
        now = plans.current()
        assert now.is_protected(model, 1.0)
        assert now.is_protected("third", 0.5) == (model == MODEL)  # all of the plans there are, or none
