"""Ensembles that are not what they say, and members that were revoked: past the gate, in git, and on the machine that follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256_file
from bot_core._parse import encode_json
from bot_core.documents.artifact import learned_digest
from bot_core.governance import layout, learned, writing
from bot_core.governance.manifest import manifest
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from tests.attacks.acts import branch, codes, of_file, put_release, signed_by
from tests.compact import trees
from tests.evidence import ensemble, line, write_release
from tests.runtime_world import MODEL as DECIDING
from tests.world import MODEL, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.documents.release import ReleaseManifest
    from tests.attacks.acts import Change, Worlds
    from tests.runtime_world import RuntimeWorld

BLEND = ensemble(ridge=line(0.5), other=line(1.5))
SINGLE = "single"


def unnamed(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, learned=None, members=[])


def silent(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, learned=None)


def memberless(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, members=[])


def others(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, members=learned.members(ensemble(ridge=line(0.5), other=line(9.0))))


def another(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, learned=learned_digest(line(9.0)))


def with_state(change: Callable[[Any], None]) -> Change:
    """Change the model inside the artifact as plain values, and sign for the file."""

    def forge(desk: World, document: ReleaseManifest) -> ReleaseManifest:
        plain = json.loads(desk.read(document.artifact.path))
        change(plain["model_state"])
        return of_file(desk, document, encode_json(plain))

    return forge


def swapped(state: Any) -> None:  # noqa: ANN401  # plain values
    """Put another model under the name of the first member."""
    state["members"][0]["state"]["intercept"] = 9.0


def nested(state: Any) -> None:  # noqa: ANN401
    state["members"][0]["state"] = json.loads(encode_json(BLEND))


def twice(state: Any) -> None:  # noqa: ANN401
    state["members"][1] = {**state["members"][0], "name": "again"}


def weighted(*weights: float) -> Callable[[Any], None]:
    def change(state: Any) -> None:  # noqa: ANN401
        state["aggregation"] = "weighted"
        for member, weight in zip(state["members"], weights, strict=False):
            member["weight"] = weight

    return change


def not_a_number(state: Any) -> None:  # noqa: ANN401
    state["members"][0]["state"]["intercept"] = None  # as NaN is spelled


def alone(state: Any) -> None:  # noqa: ANN401
    del state["members"][1]


@pytest.mark.parametrize(
    ("change", "code", "reasons"),
    [
        (lambda _, document: document, 0, set()),
        (unnamed, 30, {"REL-DIGEST"}),
        (silent, 30, {"REL-DIGEST"}),
        (memberless, 30, {"REL-DIGEST"}),
        (others, 30, {"REL-DIGEST"}),
        (another, 30, {"REL-DIGEST"}),
        (with_state(swapped), 30, {"REL-DIGEST"}),
        *((with_state(change), 20, {"FORMAT"}) for change in (nested, twice, not_a_number, alone)),
        *((with_state(weighted(*weights)), 20, {"FORMAT"}) for weights in ((0.0, 0.0), (2.0, -1.0), (1.0,), (1e308, 1e308))),
    ],
)
def test_an_ensemble_whose_author_signed_for_something_wrong_cannot_be_merged(
    world: Worlds, change: Change, code: int, reasons: set[str]
) -> None:
    desk = world("configured")
    desk.git("switch", "-qc", "release")
    put_release(desk, change, BLEND)
    assert desk.gate()[:2] == (code, reasons)


@pytest.mark.parametrize("change", [silent, another])
def test_a_single_model_that_hides_what_it_learned_cannot_be_merged(world: Worlds, change: Change) -> None:
    desk = world("configured")
    desk.git("switch", "-qc", "release")
    put_release(desk, change)
    assert desk.gate()[:2] == (30, {"REL-DIGEST"})


# --- a member is revoked ---


@pytest.fixture
def desk(world: Worlds) -> World:
    """An ensemble in paper, and the release of one of its members under a name of its own."""
    desk = world("configured")
    desk.release(SINGLE, state=line(1.5))
    desk.version = desk.release(state=BLEND)
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    desk.sign_off("risk", env="paper")
    desk.merge(branch(desk))
    return desk


def single(desk: World) -> str:
    return desk.find(f"models/{SINGLE}/*.release.yaml")


def revoke(desk: World, path: str) -> None:
    desk.ok("revoke", "release", sha256_file(desk.path / path), "--reason", "Learned from wrong prices.", *signed_by(desk, "ann"))


def paper(desk: World) -> set[str]:
    return codes(desk, env="paper")


def test_an_ensemble_may_not_decide_with_a_revoked_member(desk: World) -> None:
    assert paper(desk) == set()
    revoke(desk, single(desk))
    assert paper(desk) == {"MEMBER-REVOKED"}
    assert "got other, which a revoked release had learned" in desk.ok("status", "--env", "paper")


def test_the_order_that_revokes_a_member_can_be_merged_and_stops_the_next_promotion(desk: World) -> None:
    desk.git("switch", "-qc", "order")
    revoke(desk, single(desk))
    assert desk.gate()[:2] == (0, set())
    desk.merge("order")
    desk.version = desk.release(state=BLEND)
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    desk.sign_off("risk", env="paper")
    assert desk.gate()[:2] == (20, {"MEMBER-REVOKED"})


def test_a_release_that_is_no_member_changes_nothing(desk: World) -> None:
    desk.release("stranger", state=line(9.0))
    revoke(desk, desk.find("models/stranger/*.release.yaml"))
    assert paper(desk) == set()


def test_an_order_of_somebody_who_approves_nothing_does_nothing(desk: World) -> None:
    revoke(desk, single(desk))
    path = desk.find("compliance/revocations/*.yaml")
    desk.edit(path, "signer: ann", "signer: gus")
    desk.commit()
    assert paper(desk) == set()


def test_a_member_of_a_release_made_before_there_were_ensembles_counts_too(desk: World) -> None:
    created = desk.now
    version = write_release(desk.path, "old", created, state=line(0.5))
    path = layout.manifest("old", version)
    document = replace(manifest(desk.path, "old", version, "eve"), learned=None)
    writing.write(desk.path, writing.signed(document, path, layout.RELEASE, desk.key("eve"), None, created))
    desk.commit("A release as it was made before")
    revoke(desk, path)
    assert paper(desk) == {"MEMBER-REVOKED"}


def test_the_revoked_release_cannot_be_taken_away(desk: World) -> None:
    revoke(desk, single(desk))
    desk.git("switch", "-qc", "away")
    desk.git("rm", "-qr", f"models/{SINGLE}")
    desk.commit()
    code, found, _ = desk.gate()
    assert (code, "REL-IMMUTABLE" in found) == (30, True)


def test_a_revoked_release_that_was_taken_away_past_the_gate_still_counts(desk: World) -> None:
    revoke(desk, single(desk))
    desk.git("rm", "-qr", f"models/{SINGLE}")
    desk.commit("It was never there")
    assert paper(desk) == {"MEMBER-REVOKED"}


def test_a_revoked_ensemble_revokes_no_member(desk: World) -> None:
    revoke(desk, layout.manifest(MODEL, desk.version))
    assert paper(desk) == {"REVOKED"}
    desk.version = desk.release(state=ensemble(ridge=line(0.5), other=line(1.5), third=line(2.5)))
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    desk.sign_off("risk", env="paper")
    assert desk.gate()[:2] == (0, set())


# --- on the machine that follows ---


def following(runtime: Callable[..., RuntimeWorld]) -> RuntimeWorld:
    """Put an ensemble of compact models in force in paper; a member is released under a name of its own."""
    desk = runtime(followed=True)
    ridge = {"family": "linear", "objective": "l2"}
    desk.compact(7, SINGLE)
    members = {"trees": trees(7), "ridge": ridge}
    family = json.dumps({"family": "ensemble", "aggregation": "mean", "members": members})
    desk.version = desk.compact(7, DECIDING, family)
    desk.promote(desk.version)
    assert desk.reconcile()[0] == 0
    return desk


def decides(desk: RuntimeWorld) -> str | None:
    """Return what a loop decides by."""
    plans = ActivePlans(StateFolder(desk.path / "var/models")).current().plans
    return plans[DECIDING].record.version if plans else None


def reasons(desk: RuntimeWorld) -> set[str]:
    desk.push()
    code, status = desk.reconcile()
    facts: Any = status
    assert code == 20, status
    assert [model["decides"] for model in facts["models"]] == ["rules"]
    return {reason.partition(":")[0] for model in facts["models"] for reason in model["reasons"]}


def test_the_machine_goes_to_rules_when_a_member_is_revoked_and_never_forgets(runtime: Callable[..., RuntimeWorld]) -> None:
    desk = following(runtime)
    assert decides(desk) == desk.version
    alone = json.loads(desk.read(desk.find(f"models/{SINGLE}/*.json")))["model_state"]
    together = json.loads(desk.read(layout.artifact(DECIDING, desk.version)))["model_state"]["members"]
    assert [member["state"] for member in together if member["name"] == "trees"] == [alone]
    path = single(desk)
    revoke(desk, path)
    assert "MEMBER-REVOKED" in reasons(desk)
    assert decides(desk) is None
    desk.git("rm", "-qr", "compliance/revocations", f"models/{SINGLE}")
    desk.commit("Neither order nor release was ever there")
    assert "MEMBER-REVOKED" in reasons(desk)
    assert decides(desk) is None
