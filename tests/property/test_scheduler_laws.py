"""Laws of the scheduler: nothing is trained too early whatever is done in whatever order, and no process loses what another marked."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core._parse import decode_json, encode_json
from bot_core.ai.audit import load_scheduler_state, read_state
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.documents.schedule import SchedulerState

if TYPE_CHECKING:
    from collections.abc import Callable

START = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
EACH = 200

HOURS = st.integers(1, 48)
PAST = st.integers(0, 12)
STEP = st.one_of(
    st.tuples(st.just("wait"), st.integers(-3, 30)),
    st.tuples(st.just("executed"), PAST),
    st.tuples(st.just("failed"), PAST),
    st.tuples(st.just("pause"), st.none() | HOURS),
    st.tuples(st.just("resume"), st.none()),
    st.tuples(st.just("interval"), HOURS),
    st.tuples(st.just("reopen"), st.none() | HOURS),
)


class Desk:
    """A scheduler, its file, and a clock that also goes back, by less than any interval."""

    def __init__(self, path: Path) -> None:
        self.path, self.now, self.highest = path, START, START
        self.scheduler = self.opened(dt.timedelta(hours=6))

    def opened(self, interval: dt.timedelta | None) -> RetrainingScheduler:
        """Open another scheduler on the file."""
        return RetrainingScheduler(interval, persistence_path=self.path, clock=lambda: self.now)

    def step(self, what: str, hours: int | None) -> SchedulerState | None:
        """Do one thing; return the state that it returned."""
        length = None if hours is None else hours * HOUR
        if what == "wait":
            self._wait(hours or 0)
        elif what == "reopen":
            self.scheduler = self.opened(length if length or self.path.exists() else 6 * HOUR)
        elif what in ("executed", "failed"):
            when = self.now - (length or dt.timedelta())
            return self.scheduler.mark_executed(when) if what == "executed" else self.scheduler.mark_failure(when, "why")
        elif what == "pause":
            return self.scheduler.pause(reason="why", duration=length)
        else:
            return self.scheduler.update_interval(length) if length else self.scheduler.resume()
        return None

    def _wait(self, hours: int) -> None:
        back = max(self.now + hours * HOUR / 12, self.highest - dt.timedelta(minutes=50))
        self.now = self.now + hours * HOUR if hours > 0 else back
        self.highest = max(self.highest, self.now)


def require_lawful(desk: Desk) -> None:
    """Check what must hold whenever somebody looks."""
    state, now = desk.scheduler.state(), desk.now
    due = desk.scheduler.next_run()
    assert due == state.next_run
    for moment in (now - HOUR / 12, now, now + 7 * HOUR, now + 400 * HOUR):
        then = desk.scheduler.next_run(moment)
        assert desk.scheduler.should_retrain(moment) == (then is not None and then <= moment)
    if due is None:
        assert state.paused_reason is not None
        assert state.paused_until is None
        return
    assert state.last_run is None or due >= state.last_run + state.every
    assert state.cooldown_until is None or due >= state.cooldown_until
    assert state.paused_reason is None or (state.paused_until is not None and due >= state.paused_until)
    assert state.failure_streak == 0 or state.cooldown_until is not None
    waits = (state.last_run or now) + state.every, state.cooldown_until or now, state.paused_until or now
    assert due <= max(*waits, now)  # and for no other reason


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_nothing_is_due_before_its_time_and_the_file_says_all_there_is(steps: list[tuple[str, int | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "scheduler.json")
        newest: dt.datetime | None = None
        for what, hours in steps:
            state = desk.step(what, hours)
            require_lawful(desk)
            if state is None:
                continue
            assert read_state(desk.path) == state == decode_json(encode_json(state), SchedulerState, "")
            assert load_scheduler_state(audit_root=Path(folder)) == msgspec.to_builtins(state)
            assert desk.opened(None).state() == desk.opened(state.every).state() == desk.scheduler.state()
            assert newest is None or (state.last_run is not None and state.last_run >= newest)
            newest = state.last_run


@settings(max_examples=30, deadline=None)
@given(st.permutations([0, 1, 2, 3, 5, 8]))
def test_runs_marked_in_any_order_give_one_state(order: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "scheduler.json")
        for hours in order:
            state = desk.scheduler.mark_executed(START - hours * HOUR)
        assert (state.last_run, state.next_run) == (START, START + 6 * HOUR)


# --- several processes ---

MARKING = """
import datetime as dt, sys
from bot_core.ai.scheduler import RetrainingScheduler
scheduler = RetrainingScheduler(dt.timedelta(hours=6), persistence_path=sys.argv[1])
for number in range(int(sys.argv[2])):
    print(scheduler.mark_failure(dt.datetime.now(dt.UTC), f"failure {number}").failure_streak, flush=True)
"""


def start(path: Path, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", MARKING, str(path), str(times)], stdout=subprocess.PIPE, text=True)


def test_two_processes_lose_no_update(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.json"
    running = [start(path, EACH) for _ in range(2)]
    said = [process.communicate()[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sorted(int(streak) for one in said for streak in one) == list(range(1, 2 * EACH + 1))
    state = read_state(path)
    assert state
    assert state.failure_streak == 2 * EACH


def test_a_process_that_is_killed_at_any_time_leaves_what_it_had_marked(tmp_path: Path) -> None:
    path, draw, marked = tmp_path / "scheduler.json", random.Random(3), 0  # noqa: S311  # not for secrets
    for _ in range(8):
        running = start(path, 1_000_000)
        wait(lambda before=marked: streak(path) > before)  # type: ignore[misc]  # a default argument
        time.sleep(draw.random() * 0.05)
        running.send_signal(signal.SIGKILL)
        said = running.communicate()[0].split()
        assert running.returncode == -signal.SIGKILL
        marked = streak(path)
        assert marked >= int(said[-1] if said else 0)  # what was returned is there
    desk = RetrainingScheduler(persistence_path=path)
    assert desk.mark_executed(dt.datetime.now(dt.UTC)).failure_streak == 0
    assert {file.name for file in tmp_path.iterdir()} == {".scheduler.json.lock", "scheduler.json"}


JOB = """
import datetime as dt, sys
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.config.schedule import ScheduleConfig
path, job, times = sys.argv[1:]
scheduler = RetrainingScheduler(job=job, schedule=ScheduleConfig(every="6h"), persistence_path=path)
for number in range(int(times)):
    scheduler.mark_failure(dt.datetime.now(dt.UTC), f"failure {number}")
    scheduler.request(f"request {number}")
"""


def test_processes_that_change_different_jobs_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path, jobs, times = tmp_path / "scheduler.json", ("one", "two", "three"), 40
    running = [subprocess.Popen([sys.executable, "-c", JOB, str(path), job, str(times)]) for job in jobs]
    roster = RetrainingScheduler(dt.timedelta(hours=6), persistence_path=path)
    for number in range(times):
        roster.pause(reason=f"pause {number}")
        roster.resume()
    assert [process.wait() for process in running] == [0, 0, 0]
    state = read_state(path)
    assert state
    assert {name: record.failure_streak for name, record in state.jobs.items()} == dict.fromkeys(jobs, times)
    assert {record.requested.reason for record in state.jobs.values() if record.requested} == {f"request {times - 1}"}
    assert (state.failure_streak, state.paused_reason) == (len(jobs) * times, None)


def streak(path: Path) -> int:
    state = read_state(path)
    return state.failure_streak if state else 0


def wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not done():
        assert time.monotonic() < until
        time.sleep(0.002)
