"""What may go wrong under a machine that decides, each for itself: it refuses, says so, and goes on when it can."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.documents.interventions import Halt
from bot_core.errors import AuditError, DocumentError
from bot_core.runtime.active import ActivePlans
from bot_core.runtime.clock import SteadyClock
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.paper import PaperAutotrader
from bot_core.runtime.station import Station
from bot_core.runtime.writer import JournalWriter
from tests.machine import LAX, MODEL, NOW, SETTINGS, TERMS, WARM, Behind, Machine, bars
from tests.running import PATIENCE_S, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot_core.decision.ports import ModelScore
    from bot_core.features.indicators.indicator import Bar
    from bot_core.runtime.records import Decision
    from tests.runtime_world import RuntimeWorld

JOURNAL = "logs/decision_journal/decisions.jsonl"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def world(runtime: Callable[..., RuntimeWorld]) -> RuntimeWorld:
    return runtime(followed=True)


def whole(world: RuntimeWorld) -> None:
    """The journal's chain holds."""
    assert world.run("journal", "verify", JOURNAL)[0] == 0


def replay(world: RuntimeWorld, count: int = 5) -> tuple[int, str, str]:
    return world.run("run", "--env", "paper", "--repo", world.origin, "--replay", count)


# --- the disk is full ---------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def full(file: Path) -> Iterator[None]:
    """Let no file of this process grow beyond what one has now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)


def test_a_disk_that_fills_up_refuses_every_decision_until_there_is_room(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    with machine.station() as station:
        loop = AIDecisionLoop("eurusd", station)
        [*loop.run(bars()[: WARM + 2])]
        before = len(machine.events())
        with full(machine.journal):
            refused = [decision for bar in bars()[WARM + 2 : WARM + 6] for decision in loop.on_bar(bar)]
        assert [(one.accepted, one.reasons) for one in refused] == [(False, ("AUDIT",))] * 4
        assert len(machine.events()) == before
        assert {type(error) for error in loop.failures} == {AuditError}
        assert isinstance(station.autotrader, PaperAutotrader)
        assert station.autotrader.state().pending == ()  # nothing was handed over
        after = [*loop.run(bars()[WARM + 6 : WARM + 8])]
    assert [one.accepted for one in after] == [True, True]
    assert [event["signal_id"] for event in machine.events("decision")][-2:] == [one.id for one in after]


FULL = """
import resource, signal, sys
from pathlib import Path
from bot_core.cli import run
from bot_core.cli.main import main
first = run._first_pass
def filled(settings):
    first(settings)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = Path(settings.journal).stat().st_size + 6_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
run._first_pass = filled
sys.exit(main(sys.argv[1:]))
"""


def test_a_process_whose_disk_fills_up_fails_and_leaves_a_journal_that_holds(world: RuntimeWorld) -> None:
    words = ["run", "--env", "paper", "--repo", str(world.origin), "--replay", "40", "--format", "json"]
    done = subprocess.run([sys.executable, "-c", FULL, *words], cwd=world.path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "AUDIT: logs/decision_journal/decisions.jsonl: expected to write, got File too large" in done.stderr
    accepted = [event for event in world.journal() if event.get("status") == "accepted"]
    filled = [event for event in world.journal() if event.get("status") == "filled"]
    assert {event["signal_id"] for event in filled} <= {event["signal_id"] for event in accepted}
    assert 0 < len([event for event in world.journal() if event["event_type"] == "decision"]) < 40
    whole(world)


# --- reports cannot be written ------------------------------------------------------------------------------------------------------


@pytest.fixture
def fixed(machine: Machine) -> Iterator[Callable[[], None]]:
    """Give what makes the audit folder read-only: a mount where that is allowed, else its permissions."""
    folder = machine.root / "audit"
    folder.mkdir()
    mounted = not subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=False, capture_output=True).returncode
    if not mounted and os.geteuid() == 0:
        pytest.skip("may not mount here, and permissions do not bind")

    def fix() -> None:
        if mounted:
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        else:
            for each in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
                each.chmod(0o555)

    yield fix
    if mounted:
        subprocess.run(["umount", folder], check=True)
    else:
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)


def test_a_report_that_cannot_be_written_refuses_its_decision_and_no_other(machine: Machine, fixed: Callable[[], None]) -> None:
    machine.put(machine.record(thresholds=LAX))
    fixed()
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[: WARM + 252])]
        assert not loop.failures
    refused = [place for place, one in enumerate(decisions) if one.reasons == ("score_failed", "rule_matched")]
    assert refused == [WARM + 249]  # the one that fills the window
    found = dict(machine.events("decision")[refused[0]]["metadata"])["findings"]  # type: ignore[call-overload]  # plain JSON
    assert found[0] == "score_failed: AuditError"
    assert [event for event in machine.events() if str(event["event_type"]).startswith("ai_")] == []


# --- git is gone --------------------------------------------------------------------------------------------------------------------


def test_while_the_server_is_away_what_was_proven_decides_and_its_return_is_noticed(world: RuntimeWorld) -> None:
    away = world.origin.with_name("away.git")
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        world.origin.rename(away)
        run.until(lambda: not fresh(world))
        seen = len(run.decisions())
        run.until(lambda: len(run.decisions()) >= seen + 5, tick=True)
        assert run.facts()["arm"] == "learned"
        away.rename(world.origin)
        run.until(lambda: fresh(world))
        assert run.end() == 0, run.said
    whole(world)


def fresh(world: RuntimeWorld) -> bool:
    """Say whether the last pass reached the server."""
    conditions = world.state("status")["conditions"]
    return any(one["name"] == "Fresh" and one["holds"] for one in conditions)  # type: ignore[attr-defined]  # plain JSON


def test_started_while_the_server_is_away_it_decides_by_what_was_proven(world: RuntimeWorld) -> None:
    world.origin.rename(world.origin.with_name("away.git"))
    code, out, err = replay(world)
    assert code == 0, err
    assert " learned " in out


# --- the state folder is damaged ----------------------------------------------------------------------------------------------------


def test_an_artifact_damaged_on_the_disk_does_not_touch_what_decides_and_decides_no_more_after_a_restart(machine: Machine) -> None:
    record = machine.record()
    machine.put(record)
    with machine.loop() as loop:
        [*loop.run(bars()[: WARM + 1])]
        blob = machine.folder.root / "blobs" / record.artifact.removeprefix("sha256:")
        blob.write_bytes(blob.read_bytes()[:-100])
        machine.put(record, commit="d" * 40)
        (decision,) = loop.on_bar(bars()[WARM + 1])
        assert decision.arm == "learned"
    again = machine.plans().current()
    assert again.plans == {}
    assert isinstance(again.problem, DocumentError)
    assert [*again.books] == [MODEL]
    with machine.loop() as loop:
        assert not [one for one in loop.run(bars()[: WARM + 3]) if one.accepted or one.arm == "learned"]


def test_a_damaged_artifact_is_written_anew_from_git(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        active = world.state()["plans"][0]  # type: ignore[index]  # plain JSON
        blob = world.path / "var/models/blobs" / str(active["artifact"]).removeprefix("sha256:")
        blob.write_bytes(b"damaged")
        run.until(lambda: blob.read_bytes() != b"damaged")
        run.decided(lambda facts: facts["arm"] == "learned")
        assert run.end() == 0, run.said
        blob.write_bytes(b"damaged")
    code, out, err = replay(world)
    assert code == 0, err
    assert not [line for line in out.splitlines() if " nobody " in line]


@pytest.mark.parametrize("name", ["active.json", "control.json"])
@pytest.mark.parametrize("data", [b"", b"{", b'{"schema": "x"}', b"\x00" * 4096])
def test_a_damaged_file_of_the_state_forbids_everything_until_it_is_whole(machine: Machine, name: str, data: bytes) -> None:
    machine.put(machine.record(thresholds=LAX))
    machine.say(reason="so that there is a file")
    path = machine.folder.root / name
    sound = path.read_bytes()
    with machine.loop() as loop:
        [*loop.run(bars()[: WARM + 1])]
        path.write_bytes(data)
        damaged = [decision for bar in bars()[WARM + 1 : WARM + 4] for decision in loop.on_bar(bar)]
        path.write_bytes(sound)
        (after,) = loop.on_bar(bars()[WARM + 4])
    assert {one.accepted for one in damaged} == {False}
    assert {one.reasons[-1] for one in damaged} == {"detached"}
    assert after.accepted


def test_a_state_folder_that_is_gone_leaves_nobody_who_decides(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    with machine.loop() as loop:
        [*loop.run(bars()[: WARM + 1])]
        shutil.rmtree(machine.folder.root)
        (decision,) = loop.on_bar(bars()[WARM + 1])
    assert (decision.arm, decision.accepted, decision.reasons) == ("nobody", False, ("no_rules",))


def test_a_damaged_memory_stops_the_start_and_not_what_runs(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        world.put("var/models/memory.json", "{")
        seen = len(run.decisions())
        run.until(lambda: len(run.decisions()) >= seen + 3, tick=True)
        assert run.facts()["arm"] == "learned"
        assert run.end() == 0, run.said
    code, _, err = replay(world)
    assert code == 2
    assert "memory.json: expected JSON" in err
    assert "restore" in err


# --- the clock --------------------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_revives_nothing_and_no_time_goes_back(machine: Machine) -> None:
    expires = NOW + dt.timedelta(hours=1)
    machine.put(replace(machine.record(thresholds=LAX), expires=expires))
    journal = JsonlTradingDecisionJournal(machine.journal, fsync="os")
    steady = SteadyClock(machine.clock)
    plans = ActivePlans(machine.folder, clock=steady, look_s=0.0)
    found: list[Decision] = []
    with JournalWriter(journal) as writer:
        loop = AIDecisionLoop("eurusd", Station(plans, writer, PaperAutotrader(TERMS), SETTINGS, steady, machine.root))
        loop.warm(bars()[:WARM])
        for hours, bar in zip((0, 2, -24, -1, 0.5), bars()[WARM:], strict=False):
            machine.clock.now = NOW + dt.timedelta(hours=hours)
            found += loop.on_bar(bar)
    assert [one.accepted for one in found] == [True, False, False, False, False]
    assert {one.reasons for one in found[1:]} == {("model_not_ready", "rule_matched")}
    times = [event["timestamp"] for event in machine.events()]
    assert times == sorted(times, key=str)
    assert "risk_snapshot_ahead" not in {code for one in found for code in one.reasons}


# --- two of them --------------------------------------------------------------------------------------------------------------------


def test_three_reconcilers_on_one_folder_do_each_thing_once(world: RuntimeWorld) -> None:
    with running(world) as run:
        run.decided(lambda facts: facts["arm"] == "learned")
        before = len(run.events("activation")) + len(run.events("detach"))
        words = ("reconcile", "--env", "paper", "--repo", world.origin, "--watch", 0.05)
        others = [world.start(*words) for _ in range(2)]
        try:
            world.edit("compliance/environments/paper.yaml", "maintenance: false", "maintenance: true")
            world.commit("Maintenance")
            world.push()
            run.decided(lambda facts: "maintenance" in facts["reasons"])  # type: ignore[operator]  # a list
            time.sleep(1.0)
            assert all(other.poll() is None for other in others)
        finally:
            for other in others:
                other.terminate()
                other.communicate(timeout=PATIENCE_S)
        assert len(run.events("activation")) + len(run.events("detach")) == before + 1
        assert run.end() == 0, run.said
    whole(world)


# --- the model --------------------------------------------------------------------------------------------------------------------


class Slow(Behind):
    """A model that takes too long for as long as it was told."""

    def __init__(self, inner: Behind, times: int) -> None:
        super().__init__(inner)
        self.times = times

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Take twice its budget, then answer."""
        if self.asked < self.times:
            time.sleep(2e-3 * SETTINGS.score_budget_ms)
        return super().score(features)


def test_a_model_that_takes_too_long_is_left_alone_and_what_it_said_is_thrown_away(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    asked: list[Slow] = []

    def wrap(inner: Behind) -> Slow:
        asked.append(Slow(inner, 3))
        return asked[-1]

    with machine.loop(wrap=wrap) as loop:
        decisions = [*loop.run(bars()[: WARM + 10])][WARM:]
    assert [one.reasons[0] for one in decisions] == ["score_failed"] * 3 + ["model_not_ready"] * 7
    assert {(one.arm, one.accepted) for one in decisions} == {("rules", False)}
    assert [one.is_ready for one in decisions] == [True, True, False, *[False] * 7]
    assert sum(each.asked for each in asked) == 3
    assert not [event for event in machine.events() if "confidence" in event]


class Moody(Behind):
    """A model that fails at every tenth question."""

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Fail, or answer."""
        score = super().score(features)
        if self.asked % 10 == 0:
            msg = "not now"
            raise ArithmeticError(msg)
        return score


def test_a_model_that_fails_at_every_tenth_question_decides_all_others(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    with machine.loop(wrap=Moody) as loop:
        decisions = [*loop.run(bars()[: WARM + 60])][WARM:]
        assert not loop.failures
    for number, decision in enumerate(decisions, start=1):
        expected = ("rules", False, ("score_failed", "rule_matched")) if number % 10 == 0 else ("learned", True, ())
        assert (decision.arm, decision.accepted, decision.reasons) == expected
        assert decision.is_ready


# --- for a long time ----------------------------------------------------------------------------------------------------------------

MILLION, MODELS, LEARNED = 1_000_000, 10, 2


def endless() -> Iterator[Bar]:
    """Yield the real bars over and over, each time later."""
    past = bars()
    span = past[-1].time - past[0].time + 3600.0
    return (bar._replace(time=bar.time + lap * span) for lap in count() for bar in past)


def memory() -> int:
    """Return the bytes that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_a_million_decisions_take_no_more_memory(machine: Machine) -> None:
    """Ten models on the bars of one instrument, two of them learned and eight stopped, whose rules decide; everything journalled.

    So the bars that are kept, 48 bytes each, are those of eleven years of hours.
    """
    names = [f"engine_{number}" for number in range(MODELS)]
    record = machine.record(models=names, thresholds=LAX | {"max_cost_bps": "0.1"})
    machine.put(*[replace(record, model=name) for name in names])
    halt = Halt(
        schema="bot-core/halt/v1",
        repository="quant/models",
        environment="paper",
        id="20261121t120000z-ann",
        signer="ann",
        issued=NOW,
        reason="We look into it.",
    )
    machine.say(halts=[replace(halt, model=name) for name in names[LEARNED:]])
    held: dict[int, int] = {}
    began, made = time.process_time(), 0
    journal = JsonlTradingDecisionJournal(machine.journal, fsync="os", rotate_bytes=1 << 24)
    with JournalWriter(journal) as writer:
        plans = ActivePlans(machine.folder, clock=machine.clock)
        loop = AIDecisionLoop("eurusd", Station(plans, writer, PaperAutotrader(TERMS), SETTINGS, machine.clock, machine.root))
        for bar in islice(endless(), MILLION // MODELS):
            made += len(loop.on_bar(bar))
            if made in (MILLION // 5, MILLION):
                held[made] = memory()
        assert not loop.failures
    sys.stdout.write(f"{made} decisions: {time.process_time() - began:.0f} s CPU; bytes held {held}\n")
    assert made == MILLION
    assert held[MILLION] < 1.1 * held[MILLION // 5]
    assert len(list(machine.journal.parent.glob("decisions.*.jsonl"))) > 10  # closed segments
    shutil.rmtree(machine.journal.parent)
