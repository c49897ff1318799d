from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot_core.ai.audit import load_scheduler_state, read_state
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.documents.schedule import VERSION
from bot_core.errors import AuditError, ConfigError, DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot_core.documents.schedule import SchedulerState

NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FIELDS = [
    "version",
    "last_run",
    "next_run",
    "interval",
    "updated_at",
    "last_failure",
    "failure_streak",
    "last_failure_reason",
    "cooldown_until",
    "paused_until",
    "paused_reason",
]


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "ai_decision" / "scheduler.json"


@pytest.fixture
def open_(path: Path, clock: Clock) -> Callable[..., RetrainingScheduler]:
    """Open a scheduler on the one file; every 6 hours unless the test says otherwise."""

    def make(hours: float | None = 6, **more: Any) -> RetrainingScheduler:  # noqa: ANN401  # what the constructor takes
        interval = None if hours is None else hours * HOUR
        return RetrainingScheduler(interval, persistence_path=path, clock=clock, **more)

    return make


@pytest.fixture
def scheduler(open_: Callable[..., RetrainingScheduler]) -> RetrainingScheduler:
    return open_()


def files(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir()) if path.parent.exists() else []


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


# --- the rules ---


def test_the_runbook_s_snippets_run_as_they_stand(tmp_path: Path) -> None:
    first = "from bot_core.ai.audit import load_scheduler_state\n\nprint(load_scheduler_state())\n"
    sixth = """
from datetime import datetime, timedelta, timezone
from bot_core.ai.scheduler import RetrainingScheduler

scheduler = RetrainingScheduler(interval=timedelta(hours=6))
scheduler.mark_executed(datetime.now(timezone.utc))
print('Scheduler next_run:', scheduler.next_run())
"""
    home = {**os.environ, "PYTHONPATH": str(Path.cwd())}

    def run(program: str) -> str:
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=home, check=True, capture_output=True, text=True)
        return done.stdout

    assert run(first) == "None\n"
    assert list(tmp_path.iterdir()) == []
    said = run(sixth)
    state = load_scheduler_state(audit_root=tmp_path / "audit/ai_decision")
    assert state is not None
    assert said == f"Scheduler next_run: {dt.datetime.fromisoformat(str(state['next_run']))}\n"
    assert dt.datetime.fromisoformat(str(state["next_run"])) - dt.datetime.fromisoformat(str(state["last_run"])) == 6 * HOUR
    assert run(first) == f"{state}\n"


def test_what_never_ran_is_due_now_and_asking_creates_nothing(scheduler: RetrainingScheduler, path: Path) -> None:
    assert scheduler.should_retrain()
    assert scheduler.next_run() == NOW
    assert scheduler.next_run(NOW + HOUR) == NOW + HOUR
    assert scheduler.export_state()["last_run"] is None
    assert not path.parent.parent.exists()


def executed(at: float) -> Callable[[RetrainingScheduler], SchedulerState]:
    return lambda scheduler: scheduler.mark_executed(NOW + at * HOUR)


def failed(at: float) -> Callable[[RetrainingScheduler], SchedulerState]:
    return lambda scheduler: scheduler.mark_failure(NOW + at * HOUR, f"at {at}")


def paused(hours: float | None) -> Callable[[RetrainingScheduler], SchedulerState]:
    return lambda scheduler: scheduler.pause(reason="why", until=None if hours is None else NOW + hours * HOUR)


def resumed(scheduler: RetrainingScheduler) -> SchedulerState:
    return scheduler.resume()


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ([executed(0)], 6),
        ([executed(-8)], -2),
        ([executed(-2), executed(-5)], 4),  # a run that is marked late takes nothing back
        ([failed(0)], 6),
        ([failed(0)] * 2, 12),
        ([failed(0)] * 6, 36),
        ([failed(0)] * 7, 36),  # and no longer than six times
        ([executed(-1), failed(-7)], 5),  # the cool-down is over before the interval is
        ([failed(-1), executed(0)], 6),
        ([failed(-1), failed(-1), executed(-3)], 11),  # a run before a failure does not end it
        ([failed(-1), failed(-3)], 11),  # the newest failure counts
        ([executed(0), paused(3)], 6),
        ([executed(0), paused(9)], 9),
        ([paused(9), paused(3)], 3),  # the last word counts
        ([paused(None), executed(0)], None),
        ([paused(None), executed(0), resumed], 6),
        ([paused(9), failed(0), failed(0), resumed], 12),
        ([paused(9), failed(0)], 9),
    ],
)
def test_when_the_next_training_is_due(
    changes: list[Callable[[RetrainingScheduler], SchedulerState]],
    due: float | None,
    scheduler: RetrainingScheduler,
    open_: Callable[..., RetrainingScheduler],
) -> None:
    for change in changes:
        state = change(scheduler)
    wanted = None if due is None else NOW + due * HOUR
    assert (state.next_run, scheduler.next_run(), open_(None).next_run()) == (wanted, wanted, wanted)
    assert scheduler.should_retrain() == (due is not None and due <= 0)
    later = NOW + 6 * HOUR if wanted is None else wanted
    assert scheduler.should_retrain(later) == (wanted is not None)
    assert not scheduler.should_retrain(later - dt.timedelta(microseconds=1))


def test_the_state_has_the_founding_names(scheduler: RetrainingScheduler, path: Path) -> None:
    scheduler.mark_executed(NOW - 2 * HOUR)
    scheduler.mark_failure(NOW - HOUR, "no data")
    scheduler.pause(reason="drift", duration=8 * HOUR)
    said = json.loads(path.read_text())
    assert list(said) == FIELDS
    assert said == {
        "version": VERSION,
        "last_run": "2026-11-21T08:15:00Z",
        "next_run": "2026-11-21T18:15:00Z",
        "interval": 21600.0,
        "updated_at": "2026-11-21T10:15:00Z",
        "last_failure": "2026-11-21T09:15:00Z",
        "failure_streak": 1,
        "last_failure_reason": "no data",
        "cooldown_until": "2026-11-21T15:15:00Z",
        "paused_until": "2026-11-21T18:15:00Z",
        "paused_reason": "drift",
    }
    assert scheduler.export_state() == load_scheduler_state(audit_root=path.parent) == said


def test_a_run_ends_the_streak_and_keeps_what_failed(scheduler: RetrainingScheduler) -> None:
    scheduler.mark_failure(NOW - HOUR, "no data")
    state = scheduler.mark_executed(NOW)
    assert (state.failure_streak, state.cooldown_until) == (0, None)
    assert (state.last_failure, state.last_failure_reason) == (NOW - HOUR, "no data")


def test_a_failure_that_is_marked_late_counts_but_is_not_the_last(scheduler: RetrainingScheduler) -> None:
    scheduler.mark_failure(NOW - HOUR, "newer")
    state = scheduler.mark_failure(NOW - 2 * HOUR, "older")
    assert (state.failure_streak, state.last_failure, state.last_failure_reason) == (2, NOW - HOUR, "newer")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("x" * 2000, "x" * 1024),
        ("", "no reason was given"),
        ("\n \x1b", "no reason was given"),
        ("two\nlines \x1b[31m\u202e \udcff", "two lines [31m"),
    ],
)
def test_a_failure_is_marked_whatever_its_reason_is(given: str, kept: str, scheduler: RetrainingScheduler, path: Path) -> None:
    scheduler.mark_failure(NOW, given)
    assert json.loads(path.read_bytes())["last_failure_reason"] == kept


def test_times_of_other_zones_are_kept_as_utc(scheduler: RetrainingScheduler, path: Path) -> None:
    scheduler.mark_executed(NOW.astimezone(dt.timezone(5 * HOUR)))
    assert json.loads(path.read_text())["last_run"] == "2026-11-21T10:15:00Z"
    assert scheduler.next_run(NOW.astimezone(dt.timezone(-5 * HOUR))) == NOW + 6 * HOUR


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.mark_executed(NOW.replace(tzinfo=None)), "when: expected a time from 2000 on with its zone"),
        (lambda s: s.mark_failure(NOW.replace(tzinfo=None), "x"), "when: expected a time from 2000 on with its zone"),
        (lambda s: s.pause(until=NOW.replace(tzinfo=None), reason="x"), "until: expected a time from 2000 on with its zone"),
        (lambda s: s.reset(NOW.replace(tzinfo=None)), "last_run: expected a time from 2000 on with its zone"),
        (lambda s: s.next_run(NOW.replace(tzinfo=None)), "now: expected a time from 2000 on with its zone"),
        (lambda s: s.should_retrain(NOW.replace(year=1999)), "now: expected a time from 2000 on with its zone"),
        (lambda s: s.mark_executed(dt.datetime.max.replace(tzinfo=dt.UTC)), "when: expected a time from 2000 on with its zone"),
        (lambda s: s.mark_executed(NOW + 7 * HOUR), "when: expected a time that has passed by 2026-11-21T10:15:00"),
        (lambda s: s.mark_failure(NOW + 7 * HOUR, "x"), "when: expected a time that has passed by 2026-11-21T10:15:00"),
        (lambda s: s.reset(NOW + 7 * HOUR), "when: expected a time that has passed by 2026-11-21T10:15:00"),
        (lambda s: s.pause(until=NOW, reason="x"), "until: expected a time after 2026-11-21T10:15:00"),
        (lambda s: s.pause(duration=dt.timedelta(), reason="x"), "duration: expected 1 second to 3650 days, got 0:00:00"),
        (lambda s: s.pause(duration=dt.timedelta.max, reason="x"), "duration: expected 1 second to 3650 days"),
        (lambda s: s.pause(duration=HOUR, until=NOW + HOUR, reason="x"), "pause: expected a time or a duration, got both"),
        (lambda s: s.pause(reason=" \n"), "reason: expected 1 to 1024 characters, got 0"),
        (lambda s: s.pause(reason="x" * 1025), "reason: expected 1 to 1024 characters, got 1025"),
        (lambda s: s.update_interval(dt.timedelta()), "interval: expected 1 second to 3650 days, got 0:00:00"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_created(
    call: Callable[[RetrainingScheduler], object], sentence: str, scheduler: RetrainingScheduler, path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        call(scheduler)
    assert caught.value.message.startswith(sentence)
    assert not path.parent.exists()
    scheduler.mark_executed(NOW)
    before = path.read_bytes()
    with pytest.raises(ConfigError):
        call(scheduler)
    assert path.read_bytes() == before


@pytest.mark.parametrize("interval", [dt.timedelta(), -HOUR, dt.timedelta.max])
def test_an_interval_out_of_range_is_refused_at_once(interval: dt.timedelta) -> None:
    with pytest.raises(ConfigError, match="interval: expected 1 second to 3650 days"):
        RetrainingScheduler(interval)


def test_a_clock_without_a_zone_is_refused(path: Path) -> None:
    scheduler = RetrainingScheduler(HOUR, persistence_path=path, clock=lambda: NOW.replace(tzinfo=None))
    with pytest.raises(ConfigError, match="clock: expected a time from 2000 on with its zone"):
        scheduler.should_retrain()


# --- whose interval ---


def test_the_interval_that_is_given_decides_and_the_first_change_writes_it(
    open_: Callable[..., RetrainingScheduler], path: Path
) -> None:
    open_(24).mark_executed(NOW - 7 * HOUR)
    given = open_(6)
    assert given.should_retrain()
    assert given.export_state()["interval"] == 21600
    assert not open_(None).should_retrain()
    assert given.mark_executed(NOW).interval == 21600
    assert json.loads(path.read_text())["interval"] == 21600
    assert open_(None).next_run() == NOW + 6 * HOUR


def test_after_its_first_change_a_scheduler_follows_the_file(open_: Callable[..., RetrainingScheduler]) -> None:
    service, operator = open_(24), open_(6)
    service.mark_executed(NOW)
    operator.mark_executed(NOW)
    assert service.next_run() == NOW + 6 * HOUR
    assert service.mark_executed(NOW).interval == 21600


def test_a_changed_interval_counts_for_all_who_follow_the_file(open_: Callable[..., RetrainingScheduler]) -> None:
    one, other = open_(24), open_(None)
    one.mark_executed(NOW)
    assert other.update_interval(2 * HOUR).next_run == NOW + 2 * HOUR
    assert one.next_run() == NOW + 2 * HOUR


def test_a_change_that_fails_does_not_use_up_what_was_given(open_: Callable[..., RetrainingScheduler]) -> None:
    open_(24).mark_executed(NOW)
    scheduler = open_(6)
    with pytest.raises(ConfigError):
        scheduler.mark_executed(NOW + 100 * HOUR)
    assert scheduler.mark_executed(NOW).interval == 21600


def test_without_an_interval_and_without_a_file_nothing_can_be_said(open_: Callable[..., RetrainingScheduler], path: Path) -> None:
    for call in (RetrainingScheduler.should_retrain, RetrainingScheduler.resume, RetrainingScheduler.export_state):
        with pytest.raises(ConfigError, match=r"scheduler\.json: expected an interval, there or given, got none"):
            call(open_(None))
    assert not path.parent.exists()


@pytest.mark.parametrize(("known", "due"), [(-1, 5), (-4, 4)])
def test_of_the_last_run_that_is_given_and_the_file_s_the_later_counts(
    known: int, due: int, open_: Callable[..., RetrainingScheduler]
) -> None:
    assert open_(last_run=NOW + known * HOUR).next_run() == NOW + (known + 6) * HOUR
    open_().mark_executed(NOW - 2 * HOUR)
    given = open_(last_run=NOW + known * HOUR)
    assert given.next_run() == NOW + due * HOUR
    given.pause(reason="x")
    assert open_(None).resume().next_run == NOW + due * HOUR


# --- clocks that go back ---


def test_a_clock_that_went_back_a_little_is_waited_out(scheduler: RetrainingScheduler, clock: Clock) -> None:
    scheduler.mark_executed(NOW)
    clock.now = NOW - 6 * HOUR
    assert not scheduler.should_retrain()
    assert scheduler.next_run() == NOW + 6 * HOUR
    clock.now = NOW + 6 * HOUR
    assert scheduler.should_retrain()


@pytest.mark.parametrize(("mark", "name"), [(executed(0), "last_run"), (failed(0), "last_failure")])
def test_a_clock_that_went_back_by_more_is_an_error_with_a_way_out(
    mark: Callable[[RetrainingScheduler], SchedulerState], name: str, scheduler: RetrainingScheduler, clock: Clock
) -> None:
    mark(scheduler)
    clock.now = NOW - dt.timedelta(days=365)
    for question in (scheduler.should_retrain, scheduler.next_run, scheduler.export_state):
        with pytest.raises(DocumentError, match=f"{name}: expected a time that has passed by 2025-11-21") as caught:
            question()
        assert "bot-core schedule reset --last-run TIME" in caught.value.hint
    state = scheduler.reset(clock.now - HOUR)
    assert (state.next_run, scheduler.next_run()) == (clock.now + 5 * HOUR, clock.now + 5 * HOUR)


def test_a_run_that_is_marked_replaces_what_lies_ahead(scheduler: RetrainingScheduler, clock: Clock) -> None:
    scheduler.mark_executed(NOW)
    scheduler.mark_failure(NOW, "x")
    clock.now = NOW - dt.timedelta(days=365)
    scheduler.mark_executed(clock.now)
    assert scheduler.next_run() == clock.now + 6 * HOUR


def test_a_failure_that_is_marked_replaces_one_that_lies_ahead(scheduler: RetrainingScheduler, clock: Clock) -> None:
    scheduler.mark_failure(NOW, "ahead")
    clock.now = NOW - dt.timedelta(days=365)
    scheduler.mark_failure(clock.now, "now")
    assert scheduler.next_run() == clock.now + 12 * HOUR
    assert scheduler.state().last_failure_reason == "now"


def test_a_last_run_at_the_end_of_time_neither_holds_back_a_pause_nor_counts(scheduler: RetrainingScheduler, path: Path) -> None:
    scheduler.mark_executed(NOW)
    edit(path, last_run="2999-12-31T23:59:59Z")
    assert scheduler.pause(reason="why", duration=HOUR).is_paused(NOW)
    with pytest.raises(DocumentError, match="last_run: expected a time that has passed"):
        scheduler.should_retrain()


# --- the file ---


def test_ending_no_pause_changes_nothing_else(scheduler: RetrainingScheduler) -> None:
    before = scheduler.mark_executed(NOW)
    assert scheduler.resume() == before
    assert scheduler.pause(reason="why").is_paused(NOW)
    assert scheduler.resume() == before


def test_a_pause_is_over_at_its_end(scheduler: RetrainingScheduler) -> None:
    state = scheduler.pause(reason="why", duration=HOUR)
    assert state.is_paused(NOW + HOUR - dt.timedelta(microseconds=1))
    assert not state.is_paused(NOW + HOUR)


def test_what_one_scheduler_marks_the_others_know(open_: Callable[..., RetrainingScheduler]) -> None:
    one, other = open_(), open_()
    one.mark_failure(NOW, "one")
    assert other.mark_failure(NOW, "other").failure_streak == 2
    assert one.state() == other.state()


def test_beside_the_file_there_is_its_lock_and_nothing_else(scheduler: RetrainingScheduler, path: Path) -> None:
    scheduler.mark_executed(NOW)
    assert files(path) == [".scheduler.json.lock", "scheduler.json"]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def nonsense(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


def drop(name: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        said = json.loads(path.read_text())
        del said[name]
        path.write_text(json.dumps(said))

    return damage


def put(**changes: object) -> Callable[[Path], None]:
    return lambda path: edit(path, **changes)


DAMAGES = [
    (truncate, "expected JSON"),
    (empty, "expected JSON"),
    (nonsense, "expected JSON"),
    (put(extra=1), "got the unknown key extra"),
    (put(version=4), "version: expected one of 5; got 4"),
    (put(last_run="2026-11-21T10:15:00"), "last_run: "),
    (put(last_run="yesterday"), "last_run: "),
    (put(last_run="2026-11-21T10:15:00+02:00"), "last_run: expected a UTC time"),
    (put(last_run="0001-01-01T00:00:00Z"), "last_run: expected a UTC time from 2000 on"),
    (put(cooldown_until="9999-01-01T00:00:00Z"), "cooldown_until: expected a UTC time from 2000 on"),
    (put(interval=0), "interval: expected "),
    (put(interval="6h"), "interval: expected "),
    (put(failure_streak=-1), "failure_streak: expected "),
    (put(failure_streak=1), "failure_streak: expected last_failure beside it"),
    (put(cooldown_until="2026-11-21T10:15:00Z"), "cooldown_until: expected last_failure beside it"),
    (put(paused_until="2026-11-22T10:15:00Z"), "paused_until: expected paused_reason beside it"),
    (put(paused_reason=""), "paused_reason: expected "),
    (put(last_failure_reason="x" * 1025), "last_failure_reason: expected "),
    *[(drop(name), f"{name}: expected a value, got nothing") for name in FIELDS],
]


@pytest.mark.parametrize(("damage", "sentence"), DAMAGES)
def test_a_damaged_file_is_an_error_of_everything_and_stays_as_it_is(
    damage: Callable[[Path], None], sentence: str, open_: Callable[..., RetrainingScheduler], path: Path
) -> None:
    open_().mark_executed(NOW)
    damage(path)
    before = path.read_bytes()
    for call in (
        RetrainingScheduler.should_retrain,
        RetrainingScheduler.next_run,
        RetrainingScheduler.export_state,
        RetrainingScheduler.resume,
        executed(0),
        failed(0),
        paused(None),
    ):
        with pytest.raises(DocumentError) as caught:
            call(open_())
        assert caught.value.message.startswith(f"{path}: ")
        assert sentence in caught.value.message
        assert caught.value.hint.startswith(f"git checkout HEAD -- {path}")
        assert "bot-core schedule reset --last-run TIME" in caught.value.hint
        assert caught.value.exit_code == 2
    assert path.read_bytes() == before


def test_a_damaged_file_is_begun_anew_only_with_an_interval(open_: Callable[..., RetrainingScheduler], path: Path) -> None:
    open_().mark_executed(NOW)
    truncate(path)
    with pytest.raises(ConfigError, match="expected an interval, there or given, got none"):
        open_(None).reset(NOW - HOUR)
    state = open_(6).reset(NOW - HOUR)
    assert (state.last_run, state.next_run, state.paused_reason) == (NOW - HOUR, NOW + 5 * HOUR, None)
    assert read_state(path) == state


def test_beginning_anew_forgets_failures_and_keeps_pause_and_interval(open_: Callable[..., RetrainingScheduler]) -> None:
    scheduler = open_()
    scheduler.mark_executed(NOW)
    scheduler.mark_failure(NOW, "x")
    scheduler.pause(reason="why")
    state = open_(None).reset(NOW - HOUR)
    assert (state.last_run, state.interval, state.paused_reason) == (NOW - HOUR, 21600, "why")
    assert (state.last_failure, state.failure_streak, state.last_failure_reason, state.cooldown_until) == (None, 0, None, None)


def test_the_next_run_that_the_file_says_is_not_believed(scheduler: RetrainingScheduler, path: Path) -> None:
    scheduler.mark_executed(NOW)
    edit(path, next_run="2026-11-21T00:00:00Z")
    assert not scheduler.should_retrain()
    assert scheduler.next_run() == NOW + 6 * HOUR


# --- what fails ---


@pytest.fixture
def fixed_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system that a test can make read-only; where that is not allowed the folder is."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = not subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=False, capture_output=True).returncode
    if not mounted and os.geteuid() == 0:
        pytest.skip("may not mount here, and permissions do not bind")
    yield folder
    if mounted:
        subprocess.run(["umount", folder], check=True)
    else:
        folder.chmod(0o755)


def fix(folder: Path) -> None:
    if folder.is_mount():
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    else:
        folder.chmod(0o555)


@pytest.mark.parametrize("begun", [True, False])
def test_where_nothing_can_be_written_a_change_is_an_error_and_nothing_changes(begun: bool, fixed_disk: Path, clock: Clock) -> None:  # noqa: FBT001  # a case
    path = fixed_disk / "scheduler.json"
    scheduler = RetrainingScheduler(6 * HOUR, persistence_path=path, clock=clock)
    if begun:
        scheduler.mark_executed(NOW)
    before = [(file.name, file.read_bytes()) for file in sorted(fixed_disk.iterdir())]
    fix(fixed_disk)
    for change in (executed(0), failed(0), paused(None), resumed):
        with pytest.raises(AuditError, match=r"scheduler\.json: expected to write, got (Read-only file system|Permission denied)"):
            change(scheduler)
    assert [(file.name, file.read_bytes()) for file in sorted(fixed_disk.iterdir())] == before
    assert scheduler.should_retrain() == (not begun)


def test_a_full_disk_leaves_the_state_as_it_was(scheduler: RetrainingScheduler, path: Path) -> None:
    scheduler.mark_executed(NOW)
    before = path.read_bytes()
    program = f"""
import datetime as dt, resource, signal
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.errors import AuditError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    RetrainingScheduler(persistence_path={str(path)!r}).pause(reason="x")
except AuditError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "bytes, got File too large (nothing was changed;" in done.stdout
    assert path.read_bytes() == before
    assert files(path) == [".scheduler.json.lock", "scheduler.json"]


@pytest.mark.parametrize("place", ["in a file", "a folder"])
def test_a_file_that_cannot_be_one_is_an_error(place: str, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "scheduler.json" if place == "in a file" else tmp_path
    scheduler = RetrainingScheduler(HOUR, persistence_path=path, clock=clock)
    for call in (scheduler.should_retrain, scheduler.resume):
        with pytest.raises(AuditError, match=r"expected a readable file, got (Not|Is) a directory"):
            call()
