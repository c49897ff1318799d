"""The smoke test of the rollback runbook, through the door that it names: it fails whenever the restored model would not decide."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from bot_core._digest import sha256_file
from bot_core.ai.manager import AIManager
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.runtime.active import ActivePlans
from tests.runtime_world import MODEL, RuntimeWorld, build_runtime
from tests.world import ROOT

PAPER = "data/decision_engine/paper"
DOOR = "scripts/run_decision_engine_smoke.py"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> RuntimeWorld:
    """A machine that follows a repository with two releases, with the door and the shipped account."""
    world = build_runtime(tmp_path_factory.mktemp("smoke"), versions=2)
    shutil.copytree(ROOT / PAPER, world.path / PAPER, ignore=shutil.ignore_patterns("__pycache__"))
    (world.path / "scripts").mkdir()
    shutil.copy(ROOT / DOOR, world.path / DOOR)
    world.commit("A made-up account")
    world.push()
    return world


def smoke(machine: RuntimeWorld, *words: str, mode: str = "paper") -> subprocess.CompletedProcess[str]:
    """Call the door in a process of its own, from the repository's root."""
    command = [sys.executable, DOOR, "--mode", mode, "--output", "smoke.json", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=machine.path, env=environment, capture_output=True, text=True, check=False)


def report(machine: RuntimeWorld) -> dict[str, Any]:
    return dict(json.loads(machine.read("smoke.json")))


def version(machine: RuntimeWorld) -> str:
    """Return the one release that judged."""
    (one,) = report(machine)["models"]
    return str(one["version"])


def refused(machine: RuntimeWorld, sentence: str) -> None:
    """It must fail with the sentence, and leave the last report as it was."""
    before = machine.read("smoke.json")
    done = smoke(machine)
    assert (done.returncode, done.stdout, machine.read("smoke.json")) == (20, "", before)
    assert sentence in done.stderr
    assert "\n  → " in done.stderr


def test_it_follows_what_may_decide_through_a_rollback(machine: RuntimeWorld) -> None:
    # before anything is in force, it fails
    machine.put("smoke.json", "{}")
    refused(machine, "no runtime has been here yet")

    # the newest release is in force: the report names it, and says the same when it is asked again
    assert machine.reconcile()[0] == 0
    assert smoke(machine).returncode == 0
    assert version(machine) == machine.version
    digest = report(machine)["digest"]
    assert smoke(machine).returncode == 0
    assert report(machine)["digest"] == digest

    # an alert: the models are detached, as the runbook says, and the test fails until one is back
    target = min(machine.path.glob(f"models/{MODEL}/*Z-????????.json"))
    with contextlib.chdir(machine.path):
        manager = AIManager()
        manager.detach_decision_orchestrator("drift alert")
        refused(machine, "got all of them detached on this machine: drift alert")
        manager.load_decision_artifact(name="rollback", artifact=target, set_default=True)
        refused(machine, "detached")
        config = ActivePlans(manager.folder).current().spare[0].engine
        assert config is not None
        manager.attach_decision_orchestrator(DecisionOrchestrator(config), default_model="rollback")

    # the restored release is the one that is tested, and another model says something else
    recorded = machine.journal()
    assert smoke(machine).returncode == 0
    assert version(machine) == target.stem != machine.version
    assert report(machine)["digest"] != digest

    # a restored model that is broken on the disk does not pass, whatever the candidates claim
    blob = machine.path / "var/models/blobs" / sha256_file(target).removeprefix("sha256:")
    blob.write_bytes(blob.read_bytes().replace(b"0.", b"1.", 1))
    refused(machine, "expected a plan of decision_engine in force in paper, got none")
    blob.write_bytes(target.read_bytes())

    # a test is no decision: the journal has no line of it
    assert machine.journal() == recorded


def test_live_with_the_account_of_this_minute(machine: RuntimeWorld) -> None:
    assert machine.reconcile()[0] == 0
    account = json.loads(machine.read(f"{PAPER}/risk_snapshot.json"))
    for snapshot in account.values():
        snapshot["taken_at"] = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    machine.put("risk.json", json.dumps(account))
    words = ("--candidates", f"{PAPER}/candidates.json", "--tco-report", f"{PAPER}/tco_report.json")
    done = smoke(machine, "--risk-snapshot", "risk.json", *words, "--key", str(machine.key("eve")), mode="live")
    assert done.returncode == 0, done.stderr
    assert (report(machine)["mode"], report(machine)["accepted"]) == ("live", 3)
    check = ["ssh-keygen", "-Y", "check-novalidate", "-n", "report@bot-core", "-s", "smoke.json.sig"]
    path = machine.path / "smoke.json"
    assert subprocess.run(check, cwd=machine.path, input=path.read_bytes(), capture_output=True, check=False).returncode == 0
    forged = path.read_bytes().replace(b'"accepted": false', b'"accepted": true', 1)
    assert forged != path.read_bytes()
    assert subprocess.run(check, cwd=machine.path, input=forged, capture_output=True, check=False).returncode != 0
