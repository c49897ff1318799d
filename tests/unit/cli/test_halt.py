from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from bot_core.ai.manager import AIManager
from bot_core.cli import halt
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from tests.runtime_world import MODEL as COMPACT
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime_world import RuntimeWorld
    from tests.unit.conftest import Refuse
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("paper")


def who(desk: World, name: str = "ann") -> tuple[object, ...]:
    return ("--signer", name, "--key", desk.key(name), "--reason", "It drifts.")


def verdict(desk: World) -> str:
    facts = json.loads(desk.ok("status", "--env", "paper", "--format", "json"))
    return str(facts["environments"][0]["models"][0]["verdict"])


def test_help_shows_who_may_and_how_it_ends(help_of: Callable[[str], str]) -> None:
    assert halt.EPILOG.rstrip() in help_of("halt")


def test_outside_a_full_repository_it_says_so(elsewhere: Callable[..., None]) -> None:
    elsewhere("halt", "paper", "--all", "--reason", "x", "--signer", "ann", "--key", "ann")


@pytest.mark.parametrize(("what", "named"), [(MODEL, MODEL), ("--all", "everything")])
def test_one_signature_stops_at_once(desk: World, what: str, named: str) -> None:
    facts = json.loads(desk.ok("halt", "paper", what, *who(desk), "--format", "json"))
    assert facts["commit"] == desk.git("rev-parse", "HEAD")
    assert desk.git("show", "--name-only", "--format=%s", "HEAD").splitlines() == [
        f"Halt {named} in paper",
        "",
        facts["path"],
        f"{facts['path']}.sig",
    ]
    order = desk.read(facts["path"])
    assert (f"version: {desk.version}\n" in order) == (what == MODEL)
    assert 'reason: "It drifts."\n' in order
    assert verdict(desk) == "DENY"


def test_people_are_told_what_comes_next(desk: World) -> None:
    said = desk.ok("halt", "paper", "--all", *who(desk)).splitlines()
    assert said[0].startswith("Halt everything in paper: compliance/halts/paper/")
    assert said[-1] == "next: git push   (a pull request that only restricts can always merge)"


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (20, ["moon", "--all"], "error[POLICY-MISSING]: --env: expected one of paper, production; got moon\n"),
        (2, ["paper"], "error[CONFIG]: expected a MODEL, or --all\n  → bot-core halt production"),
        (2, ["paper", MODEL, "--all"], "error[CONFIG]: expected a MODEL, or --all\n"),
        (
            2,
            ["paper", "other"],
            f"error[CONFIG]: compliance/environments/paper.yaml: expected one of {MODEL}; got other\n  → bot-core status",
        ),
        (2, ["production", MODEL], "error[CONFIG]: compliance/environments/production.yaml: expected one of no model; got "),
        (2, ["paper", "--all", "--reason", ""], "error[CONFIG]: compliance/halts/paper/"),
        (2, ["paper", "--all", "--reason", "a\u202eb"], "error[CONFIG]: compliance/halts/paper/"),
        (2, ["paper", "--all", "--key", "nowhere"], "error[SIGNING]: nowhere: expected a private key"),
        (30, ["paper", "--all", "--signer", "fay"], "error[SIG-UNKNOWN-KEY]: compliance/halts/paper/"),
        (2, ["paper", "--all", "--signer", "zoe"], "error[CONFIG]: --signer: expected somebody in a role that approves"),
        (2, ["paper", "--all", "--signer", "eve"], "error[CONFIG]: --signer: expected somebody in a role that approves"),
    ],
)
def test_an_order_that_would_not_count_is_not_written(
    desk: World, refuse: Refuse, code: int, words: list[str], sentence: str
) -> None:
    assert refuse(desk, code, "halt", *who(desk), *words).startswith(sentence)


def test_staged_changes_are_refused(desk: World, refuse: Refuse) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    assert "expected nothing staged" in refuse(desk, 2, "halt", "paper", "--all", *who(desk))


# --- on a machine that decides ---


@pytest.fixture
def machine(runtime: Callable[..., RuntimeWorld]) -> RuntimeWorld:
    return runtime(followed=True)


def decides(machine: RuntimeWorld) -> bool:
    """Say whether a loop on this machine would have a model."""
    return bool(ActivePlans(StateFolder(machine.path / "var/models")).current().plans)


def test_the_models_of_this_machine_stop_before_git_has_it(machine: RuntimeWorld) -> None:
    machine.ok("halt", "paper", COMPACT, *who(machine))
    assert not decides(machine)
    (order,) = StateFolder(machine.path / "var/models").control().halts
    assert (order.model, order.reason) == (COMPACT, "It drifts.")
    assert machine.find("compliance/halts/paper/*.yaml").endswith(f"/{order.id}.yaml")
    machine.reconcile()
    assert not decides(machine)
    machine.push()
    assert machine.reconcile()[0] == 20
    assert StateFolder(machine.path / "var/models").control().halts == []
    assert not decides(machine)


@pytest.mark.parametrize(
    "words", [("--key", "nowhere"), ("--signer", "eve"), ("--signer", "zoe"), ("--reason", ""), ("--key", "other")]
)
def test_where_the_order_fails_they_decide_again(machine: RuntimeWorld, words: tuple[str, str]) -> None:
    given = ("--key", machine.key("eve")) if words == ("--key", "other") else words
    code, _, _ = machine.run("halt", "paper", COMPACT, *who(machine), *given)
    assert code != 0
    assert decides(machine)
    assert StateFolder(machine.path / "var/models").control().halts == []


@pytest.mark.parametrize("name", ["active", "control"])
@pytest.mark.parametrize("signs", [True, False])
def test_a_halt_works_whatever_is_damaged_here(machine: RuntimeWorld, name: str, *, signs: bool) -> None:
    folder = StateFolder(machine.path / "var/models")
    machine.put(f"var/models/{name}.json", "{damaged")
    code, _, err = machine.run("halt", "paper", COMPACT, *who(machine), *(() if signs else ("--key", "nowhere")))
    assert (code == 0, not decides(machine)) == (signs, True)
    assert len(folder.control().halts) == (1 if signs else 0)
    asides = list(folder.root.glob("control.json.damaged-*"))
    assert [path.read_text() for path in asides] == (["{damaged"] if name == "control" else [])
    assert folder.control().detached == (name == "control")
    if name == "control":
        assert f"control.json was damaged and is kept as var/models/{asides[0].name}; no model decides here" in err
        machine.push()
        machine.reconcile()
        assert not decides(machine)


def test_a_halt_of_another_environment_stops_nothing_here(machine: RuntimeWorld) -> None:
    machine.ok("halt", "production", "--all", *who(machine))
    assert decides(machine)


def test_a_machine_that_decides_for_nobody_is_left_alone(runtime: Callable[..., RuntimeWorld]) -> None:
    desk = runtime()
    desk.ok("halt", "paper", COMPACT, *who(desk))
    assert not (desk.path / "var").exists()


def test_where_another_release_was_asked_for_every_release_is_stopped(machine: RuntimeWorld) -> None:
    earlier = min(path.name.split(".")[0] for path in machine.path.glob(f"models/{COMPACT}/*.release.yaml"))
    with contextlib.chdir(machine.path):
        AIManager().load_decision_artifact("back", f"models/{COMPACT}/{earlier}.json", set_default=True)
    machine.ok("halt", "paper", COMPACT, *who(machine))
    assert "version:" not in machine.read(machine.find("compliance/halts/paper/*.yaml"))
    machine.push()
    machine.reconcile()
    assert not decides(machine)
