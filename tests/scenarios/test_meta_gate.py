"""Two models in force on a real machine: one proposes, the other confirms; the second one is halted, and revoked, while it runs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256_file
from tests.attacks.acts import signed_by
from tests.gating import META, MIDDLE, gate_primary, release_meta
from tests.running import running
from tests.runtime_world import MODEL
from tests.world import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Event, Running
    from tests.runtime_world import RuntimeWorld


PAPER = "data/decision_engine/paper"


@pytest.fixture
def world(runtime: Callable[..., RuntimeWorld]) -> RuntimeWorld:
    found = runtime()
    release_meta(found)
    gate_primary(found)
    code, status = found.reconcile()
    assert code == 0, status
    return found


def answer(event: Event) -> dict[str, object]:
    """Return what a decision's record says of the meta-label model."""
    return dict(event["metadata"]["meta_label"])  # type: ignore[index]  # plain JSON


def since(run: Running, last: Event) -> list[Event]:
    """Return the decisions after one."""
    return [event for event in run.decisions() if str(event["signal_id"]) > str(last["signal_id"])]


def refused_for(facts: Event, code: str) -> bool:
    return code in facts["reasons"]  # type: ignore[operator]  # a list


def test_it_confirms_until_it_is_revoked_and_then_nothing_is_traded(world: RuntimeWorld) -> None:
    (manifest,) = world.path.glob(f"models/{META}/*.release.yaml")
    version = manifest.name.removesuffix(".release.yaml")
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        held = run.decided(lambda facts: refused_for(facts, "meta_label_below_minimum"))
        run.until(lambda: run.decisions()[-1]["status"] == "accepted", tick=True)
        taken = run.decisions()[-1]
        assert held["meta_label"]["version"] == answer(taken)["version"] == version  # type: ignore[index]  # plain JSON
        assert held["meta_label"]["probability"] < float(MIDDLE) <= answer(taken)["probability"]  # type: ignore[index,operator]
        assert {event["strategy"] for event in run.decisions()} == {MODEL}
        run.until(run.caught_up)

        world.ok("revoke", "release", sha256_file(manifest), "--reason", "It was trained on itself.", *signed_by(world, "cid"))
        world.push()
        run.decided(lambda facts: refused_for(facts, "meta_label_missing"))
        first = run.decisions()[-1]
        run.tick(20)
        run.until(run.caught_up)
        later = since(run, first)
        assert len(later) >= 20
        assert {event["status"] for event in later} == {"rejected"}
        assert all(answer(event) == {"model": META} for event in later)
        assert all(event["metadata"]["arm"] == "learned" for event in later)  # type: ignore[index]  # the primary still decides
        assert run.end() == 0, run.said
    (gone,) = [event for event in run.events("detach") if event["metadata"]["model"] == META]  # type: ignore[index]  # plain JSON
    assert gone["metadata"]["version"] == version  # type: ignore[index]  # plain JSON
    assert str(gone["metadata"]["reasons"]).startswith("['REVOKED: ")  # type: ignore[index]  # plain JSON
    assert world.run("journal", "verify", "logs/decision_journal/decisions.jsonl")[0] == 0


def test_one_person_closes_the_gate_at_once_and_it_opens_again(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.until(lambda: run.decisions()[-1]["status"] == "accepted", tick=True)
        world.ok("halt", "paper", META, "--reason", "x", *signed_by(world, "ann"))
        facts = run.decided(lambda facts: refused_for(facts, "meta_label_missing"))
        assert facts["arm"] == "learned"
        world.push()
        world.ok("resume", "paper", "--role", "risk", "--reason", "mended", *signed_by(world, "ann"))
        world.push()
        run.until(lambda: run.decisions()[-1]["status"] == "accepted", tick=True)
        assert run.end() == 0, run.said


def test_the_smoke_test_asks_it_too_and_fails_without_it(world: RuntimeWorld) -> None:
    shutil.copytree(ROOT / PAPER, world.path / PAPER, ignore=shutil.ignore_patterns("__pycache__"))
    words = ("smoke", "--mode", "paper", "--output", "smoke.json")
    assert world.run(*words)[0] == 0
    said = json.loads(world.read("smoke.json"))
    (model,) = said["models"]
    assert model["meta_label"] == world.find(f"models/{META}/*.release.yaml").rsplit("/", 1)[-1].removesuffix(".release.yaml")
    answers = [one["evaluation"] for one in said["evaluations"]]
    assert all("meta_label_probability" in one or one["reasons"] for one in answers)
    assert any("meta_label_probability" in one for one in answers)
    world.ok("halt", "paper", META, "--reason", "x", *signed_by(world, "ann"))
    code, _, err = world.run(*words)
    assert code == 20
    assert f"expected a plan of {META} in force in paper, got {MODEL}: HALTED" in err
