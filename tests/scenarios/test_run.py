"""A machine that decides, as its people see it: the real process, a feed that grows, git that changes, restarts."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from bot_core.journal.head import head_path, read_head
from tests.running import PATIENCE_S, Running, running
from tests.runtime_world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime_world import RuntimeWorld

JOURNAL = "logs/decision_journal/decisions.jsonl"
PAPER = "compliance/environments/paper.yaml"


@pytest.fixture
def world(runtime: Callable[..., RuntimeWorld]) -> RuntimeWorld:
    return runtime(followed=True)


def merged(world: RuntimeWorld, path: str, old: str, new: str) -> None:
    """Change a governed file on main, as a reviewed pull request does."""
    world.edit(path, old, new)
    world.git("add", path)
    world.git("commit", "-qm", f"Change {path}")
    world.push()


def whole(world: RuntimeWorld) -> None:
    """The journal's chain holds, and its head is its end."""
    path = world.path / JOURNAL
    head = read_head(head_path(path))
    assert head is not None
    assert head.statement.sequence == len(path.read_bytes().splitlines())
    assert world.run("journal", "verify", JOURNAL)[0] == 0


def test_maintenance_that_is_merged_pauses_within_a_second_and_ends_with_its_word(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        run.until(lambda: run.decisions()[-1]["status"] == "accepted", tick=True)  # an order waits for its bar
        run.until(run.caught_up)
        waiting = run.decisions()[-1]["signal_id"]
        merged(world, PAPER, "maintenance: false", "maintenance: true")
        run.until(lambda: world.state()["maintenance"])
        changed = (world.path / "var/models/active.json").stat().st_mtime
        run.until(lambda: run.events("outcome")[-1:] and run.events("outcome")[-1]["status"] == "cancelled")
        assert run.events("outcome")[-1]["signal_id"] == waiting
        assert dt.datetime.fromisoformat(str(run.events("outcome")[-1]["timestamp"])).timestamp() - changed < 1.0
        assert run.decided(lambda facts: "maintenance" in facts["reasons"])["arm"] == "learned"  # type: ignore[operator]  # a list
        merged(world, PAPER, "maintenance: true", "maintenance: false")
        run.decided(lambda facts: "maintenance" not in facts["reasons"])  # type: ignore[operator]  # a list
        assert run.end() == 0, run.said
    whole(world)


def test_started_again_it_goes_on_after_its_last_bar(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        assert run.end() == 0, run.said
        whole(world)
        account = world.state("paper.paper")
        run.tick(3)  # while nobody looks
        run.start()
        run.until(run.caught_up)
        assert run.end() == 0, run.said
    assert [event["signal_id"] for event in run.decisions()] == [f"eurusd@{bar}/{MODEL}" for bar in run.expected]
    assert world.state("paper.paper")["marks"] != account["marks"]
    whole(world)


def test_a_reconciler_that_was_killed_is_started_again_and_a_halt_still_arrives(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        run.until(run.children)
        (first,) = run.children()
        os.kill(first, signal.SIGKILL)
        run.until(lambda: run.children() not in ([], [first]))
        world.ok("halt", "paper", MODEL, "--signer", "ann", "--key", world.key("ann"), "--reason", "x")
        branch = world.git("rev-parse", "--abbrev-ref", "HEAD")
        if branch != "main":
            world.merge(branch)
        world.push()
        run.until(lambda: world.active() is None)
        facts = run.decided(lambda facts: facts["arm"] == "rules")
        assert facts["reasons"] == ["HALTED", "rule_matched"]
        second = run.children()
        assert run.end() == 0, run.said
    assert not [pid for pid in second if alive(pid)]


def alive(pid: int) -> bool:
    """Say whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_killed_in_the_middle_it_decides_on_no_bar_twice_but_perhaps_the_last(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        run.tick(30)
        orphans = run.children()
        assert run.end(signal.SIGKILL) == -signal.SIGKILL
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
        before = run.decisions()
        run.start()
        run.until(run.caught_up)
        assert run.end() == 0, run.said
    ids = [event["signal_id"] for event in run.decisions()]
    twice = [name for name in set(ids) if ids.count(name) > 1]
    assert twice in ([], [before[-1]["signal_id"]])
    whole(world)


def test_a_feed_with_a_line_that_is_no_bar_ends_with_its_exit_code(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        assert run.process is not None
        with run.feed.open("a") as out:
            out.write("2017-13-01T00:00:00Z,1,2,3\n")
        run.said, _ = run.process.communicate(timeout=PATIENCE_S)
        assert run.process.returncode == 2
    assert "INPUT: feed.csv: line" in run.said
    whole(world)


def test_while_the_account_cannot_be_written_nothing_is_traded_and_the_feed_goes_on(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.until(lambda: run.decisions()[-1]["status"] == "accepted", tick=True)
        run.until(run.caught_up)
        (blocked := world.path / "var/models/.paper.paper.json.part").mkdir()
        run.until(lambda: "cancelled" in {event["status"] for event in run.events("outcome")}, tick=True)
        run.until(run.caught_up)
        blocked.rmdir()
        before = len(run.events("outcome"))
        run.until(lambda: "filled" in {event["status"] for event in run.events("outcome")[before:]}, tick=True)
        run.until(run.caught_up)
        assert run.end() == 1, run.said
    assert "AUDIT: var/models/paper.paper.json: expected to write" in run.said
    assert "AUDIT" in next(line for line in run.said.splitlines() if "rejected" in line and "AUDIT" in line)
    assert world.state("paper.paper")["marks"]
    whole(world)


FAULT = """
import sys
from bot_core.ai.inference import DecisionModelInference
from bot_core.cli.main import main
class Unheard(Exception): pass
def score(self, features): raise Unheard("of this nobody thought")
DecisionModelInference.score = score
sys.exit(main(sys.argv[1:]))
"""


def test_a_fault_in_a_thread_ends_everything_with_its_log(world: RuntimeWorld) -> None:
    run = Running(world)
    words = ("run", "--env", "paper", "--repo", world.origin, "--bars", "eurusd=feed.csv")
    process = subprocess.Popen(
        [sys.executable, "-c", FAULT, *map(str, words)], cwd=world.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    run.process = process
    ends = time.monotonic() + PATIENCE_S
    while process.poll() is None:
        assert time.monotonic() < ends
        run.tick()
        time.sleep(0.1)
    said, _ = process.communicate()
    assert process.returncode == 1, said
    assert "error[FAULT]: Unheard: of this nobody thought" in said
    assert "Unheard" in world.read("logs/fault.log")
    assert run.decisions() == []
    assert world.run("journal", "verify", JOURNAL)[0] == 0


def test_the_time_given_ends_it(world: RuntimeWorld) -> None:
    run = Running(world)
    code, out, err = world.run(
        "run", "--env", "paper", "--repo", world.origin, "--bars", "eurusd=feed.csv", "--replay", 5, "--seconds", 1
    )
    assert code == 0, err
    process = world.start("run", "--env", "paper", "--repo", world.origin, "--bars", "eurusd=feed.csv", "--seconds", 0.5)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert len(run.decisions()) == 5
    assert "paper account" in out


# --- protection ---------------------------------------------------------------------------------------------------------------------


def wild(world: RuntimeWorld, count: int) -> None:
    """Write a feed whose prices jump as none in training did."""
    header, *lines = world.read("data/eurusd_1h.csv").splitlines()
    moved = [header]
    for number, line in enumerate(lines[:count]):
        when, *prices, volume = line.split(",")
        by = 1.0 + 0.2 * (number % 7)
        moved.append(",".join([when, *(repr(float(price) * by) for price in prices), volume]))
    world.put("wild.csv", "\n".join(moved) + "\n")


def factors(world: RuntimeWorld, bars: int) -> list[float]:
    """Decide on newer bars; return the factor of each decision."""
    before = len(world.journal())
    wild(world, 300 + bars)
    code, _, err = world.run("run", "--env", "paper", "--repo", world.origin, "--replay", bars, "--bars", "eurusd=wild.csv")
    assert code == 0, err
    return [
        dict(event["metadata"])["protective_factor"]  # type: ignore[call-overload]  # plain JSON
        for event in world.journal()[before:]
        if event["event_type"] == "decision"
    ]


def test_shrunk_limits_outlive_the_process_and_end_with_a_signed_answer(world: RuntimeWorld) -> None:
    wild(world, 300)
    code, _, err = world.run("run", "--env", "paper", "--repo", world.origin, "--replay", 300, "--bars", "eurusd=wild.csv")
    assert code == 0, err
    (trip,) = [event for event in world.journal() if event["event_type"] == "guard_trip"]
    path = str(dict(trip["metadata"])["report_path"])  # type: ignore[call-overload]  # plain JSON
    assert world.state("control")["protected"][0]["path"] == path  # type: ignore[index]  # plain JSON
    assert factors(world, 1) == [0.5]  # another process

    world.git("add", "audit")
    world.git("commit", "-qm", "A critical report")
    key = world.key("ann")
    world.ok("review", "alert", f"{MODEL}.drift", path, "--role", "risk", "--signer", "ann", "--key", key, "--dismiss")
    world.git("add", "-A")
    if world.git("status", "--porcelain"):
        world.git("commit", "-qm", "Reviewed")
    if (branch := world.git("rev-parse", "--abbrev-ref", "HEAD")) != "main":
        world.merge(branch)
    world.push()
    world.reconcile()
    assert world.state("control")["protected"] == []
    assert factors(world, 2)[-1:] == [1.0]
