from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256_file
from bot_core.cli import reconcile
from bot_core.governance import layout
from tests.attacks import forge
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL
from tests.unit.runtime.machine import drop_paper

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes


@pytest.fixture
def desk(runtime: Runtimes) -> RuntimeWorld:
    return runtime(followed=True)


def once(desk: RuntimeWorld, *words: object) -> tuple[int, str, str]:
    return desk.run("reconcile", "--once", "--repo", desk.origin, *words)


def test_help_shows_the_order_and_the_exit_codes(help_of: Callable[[str], str]) -> None:
    assert reconcile.EPILOG.rstrip() in help_of("reconcile")


def test_people_see_how_it_stands(desk: RuntimeWorld) -> None:
    code, out, _ = once(desk)
    tip, policy = desk.git("rev-parse", "main"), sha256_file(desk.path / layout.POLICY)
    assert code == 0
    assert out.splitlines() == [
        f"paper at {tip[:12]}: Ready, Verified, Fresh",
        f"  {MODEL}: Synced; desired {desk.version}, active {desk.version}; model decides",
        f"  policy {policy}",
    ]


def test_machines_read_the_status(desk: RuntimeWorld) -> None:
    code, status = desk.reconcile()
    assert (code, status["schema"]) == (0, "bot-core/runtime-status/v1")
    assert status == desk.state("status")


# --- exit codes ---


def test_2_the_repository_cannot_be_reached(desk: RuntimeWorld) -> None:
    desk.origin.rename(desk.origin.with_name("away.git"))
    code, out, _ = once(desk)
    assert code == 2
    assert "Fresh does not hold: GIT: " in out
    assert f"active {desk.version}; model decides" in out


def test_10_approvals_are_outstanding(desk: RuntimeWorld) -> None:
    desk.promote(desk.compact(99), sign=False)
    code, out, _ = once(desk)
    assert code == 10
    assert "    ROLE-MISSING: compliance/environments/paper.yaml: " in out


def test_20_refused(desk: RuntimeWorld) -> None:
    desk.ok("halt", "paper", "--all", *signed_by(desk, "ann"), "--reason", "It drifts.", "--state", "none")
    desk.push()
    code, out, _ = once(desk)
    assert code == 20
    assert "active none; rules decides" in out or "active none; rules decide" in out
    assert "Halted" in out.splitlines()[0]


@pytest.mark.parametrize("what", ["artifact", "signature", "history", "environment"])
def test_30_tampering(desk: RuntimeWorld, what: str) -> None:
    if what == "history":
        desk.git("commit", "-q", "--amend", "-m", "Rewritten")
        desk.git("push", "-qf", str(desk.origin), "main")
    else:
        paths = {
            "artifact": layout.artifact(MODEL, desk.version),
            "signature": layout.manifest(MODEL, desk.version) + layout.SIG,
            "environment": layout.environment("paper"),
        }
        desk.put(paths[what], "junk\n")
        desk.commit()
        desk.push()
    code, out, _ = once(desk)
    assert code == 30, out
    assert desk.active() == desk.version


def test_30_another_policy_than_the_pinned_one(runtime: Runtimes) -> None:
    desk = runtime()
    desk.edit("conf/runtime/default.yaml", "environment: paper", f"environment: paper\npolicy: sha256:{'0' * 64}")
    code, out, _ = once(desk)
    assert code == 30
    assert "Stalled holds: POLICY-CHAIN: " in out
    assert "ask the root people by telephone which digest is theirs" in out


def test_20_an_unsigned_policy(desk: RuntimeWorld) -> None:
    forge.policy(desk, "--drop", "gus", signers=("ann",))
    desk.push()
    code, out, _ = once(desk)
    assert code == 20
    assert "Stalled holds: POLICY-SELF: " in out


def test_20_a_policy_that_drops_the_environment_and_status_says_so(desk: RuntimeWorld) -> None:
    drop_paper(desk)
    desk.push()
    code, out, _ = once(desk)
    assert code == 20
    said = [line for line in desk.ok("status").splitlines() if "POLICY-MISSING" in line]
    assert len(said) == 1 == sum("POLICY-MISSING" in line for line in out.splitlines())
    assert f"{MODEL}: Refused; desired none, active none; rules decides" in out
    assert "expected one of production; got paper" in said[0]


# --- the own disk, in one sentence ---


def test_a_state_folder_that_cannot_be_written(desk: RuntimeWorld) -> None:
    desk.put("README.md", "")
    code, _, said = once(desk, "--state", "README.md/state")
    assert code == 1
    assert said.startswith(
        "error[AUDIT]: README.md/state: expected a folder to write to, got Not a directory\n  → fix its permissions"
    )


def test_a_journal_that_cannot_be_written(runtime: Runtimes) -> None:
    desk = runtime()
    desk.put("file", "")
    code, _, said = once(desk, "--journal", "file/journal.jsonl")
    assert code == 1
    assert said.startswith("error[AUDIT]: ")
    assert not (desk.path / "var/models/active.json").exists()


def test_a_damaged_memory(desk: RuntimeWorld) -> None:
    desk.put("var/models/memory.json", "{")
    code, _, said = once(desk)
    assert code == 2
    assert said.startswith("error[DOCUMENT]: var/models/memory.json: expected JSON, got b'{'")
    assert "compare the policy's digest by telephone" in said


# --- settings ---


def test_what_the_command_says_is_stronger_than_the_settings(runtime: Runtimes) -> None:
    desk = runtime()
    code, out, _ = once(desk, "--state", "other", "--journal", "j/journal.jsonl", "--env", "production")
    assert (code, out.split(" ")[0]) == (0, "production")
    assert (desk.path / "other/active.json").exists()
    assert not (desk.path / "var").exists()
    code, _, _ = once(desk, "--branch", "moon")
    assert code == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--once", "--settings", "none.yaml"], "error[CONFIG]: none.yaml: expected a readable file"),
        (["--once", "--env", "moon"], "moon: Fresh"),
        (["--watch", "0"], "error[CONFIG]: --watch: expected 0.05 to 86400 seconds, got 0\n"),
        (["--watch", "nan"], "error[CONFIG]: --watch: expected 0.05 to 86400 seconds, got nan\n"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: RuntimeWorld, words: list[str], sentence: str) -> None:
    code, out, said = desk.run("reconcile", "--repo", desk.origin, *words)
    assert code in {2, 20}
    assert sentence in said or "expected one of paper, production; got moon" in out


def test_a_watch_follows_and_says_only_what_changes(desk: RuntimeWorld) -> None:
    before = desk.state("status")["last_attempted"]
    watch = desk.start("reconcile", "--watch", "0.05", "--repo", desk.origin)
    try:
        settle(desk, lambda: desk.state("status")["last_attempted"] != before)
        desk.ok("halt", "paper", "--all", *signed_by(desk, "ann"), "--reason", "x", "--state", "none")
        desk.push()
        settle(desk, lambda: desk.active() is None)
    finally:
        watch.terminate()
        out = watch.communicate(timeout=30)[0]
    assert out.count(" UTC\n") == 2, out
    assert watch.returncode == 0


def settle(desk: RuntimeWorld, happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end, json.dumps(desk.state("status"))
        time.sleep(0.05)
