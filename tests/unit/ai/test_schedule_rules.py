"""The rules of jobs, seen through the scheduler on one file."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from bot_core.ai.audit import read_state
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.config.schedule import ScheduleConfig
from bot_core.documents.schedule import JobState
from bot_core.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.documents.schedule import SchedulerState

    Change = Callable[[RetrainingScheduler], SchedulerState]

NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)  # a Saturday
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
DAILY = ScheduleConfig(every="1d")
EVENINGS = ScheduleConfig(cron="30 22 * * 1-5", timezone="UTC")
A, B = "eurusd_range", "msft_direction"


class Desk:
    """One file, one clock, and schedulers of it."""

    def __init__(self, path: Path) -> None:
        self.path, self.now = path, NOW

    def roster(self, hours: int | None = None) -> RetrainingScheduler:
        """Open the roster's."""
        interval = None if hours is None else hours * HOUR
        return RetrainingScheduler(interval, persistence_path=self.path, clock=lambda: self.now)

    def job(self, name: str = A, schedule: ScheduleConfig | None = DAILY) -> RetrainingScheduler:
        """Open a job's."""
        return RetrainingScheduler(job=name, schedule=schedule, persistence_path=self.path, clock=lambda: self.now)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "scheduler.json")


def edit(path: Path, job: str, **changes: object) -> None:
    said = json.loads(path.read_text())
    said["jobs"][job] |= changes
    path.write_text(json.dumps(said))


# --- when a job is due ---


def test_a_job_that_never_ran_is_due_now_and_asking_creates_nothing(desk: Desk) -> None:
    for schedule in (DAILY, EVENINGS):
        seen = desk.job(schedule=schedule).state()
        assert (seen.job, seen.is_due, seen.why, seen.next_run, seen.last_run) == (A, True, "there was none yet", NOW, None)
    assert list(desk.path.parent.iterdir()) == []


def executed(hours: float) -> Change:
    return lambda scheduler: scheduler.mark_executed(NOW + hours * HOUR)


def failed(hours: float) -> Change:
    return lambda scheduler: scheduler.mark_failure(NOW + hours * HOUR, "no data")


def requested(scheduler: RetrainingScheduler) -> SchedulerState:
    return scheduler.request("drift is confirmed", "audit/ai_decision/drift/x.json")


def paused(scheduler: RetrainingScheduler) -> SchedulerState:
    return scheduler.pause(reason="feed", duration=30 * HOUR)


@pytest.mark.parametrize(
    ("schedule", "changes", "due", "why"),
    [
        (DAILY, [executed(-2)], 22, "22 hours of the interval are left"),
        (DAILY, [executed(-24)], 0, "since 2026-11-21 10:15:00 UTC"),
        (DAILY, [executed(-240)], -216, "since 2026-11-12 10:15:00 UTC"),  # nine were missed: one is due
        (EVENINGS, [executed(-2)], 60.25, "2 days 12 hours are left"),  # Monday evening
        (EVENINGS, [executed(-20)], -11.75, "since 2026-11-20 22:30:00 UTC"),
        (EVENINGS, [executed(-11.75)], 60.25, "2 days 12 hours are left"),  # at the time itself
        (DAILY, [executed(-2), requested], 0, "requested 2026-11-21 10:15:00 UTC: drift is confirmed"),
        (DAILY, [requested, executed(0)], 24, "1 day of the interval are left"),  # served
        (DAILY, [requested, executed(-1)], 0, "requested 2026-11-21 10:15:00 UTC: drift is confirmed"),  # it began before
        (DAILY, [executed(-2), requested, failed(0)], 24, "cooling down until 2026-11-22 10:15:00 UTC"),
        (DAILY, [executed(-2), requested, paused], 30, "paused until 2026-11-22 16:15:00 UTC: feed"),
        (DAILY, [failed(0), failed(0)], 48, "cooling down until 2026-11-23 10:15:00 UTC"),
        # the distance of the next two evenings after Saturday is a day
        (EVENINGS, [executed(-100), failed(0), failed(0)], 48, "cooling down until 2026-11-23 10:15:00 UTC"),
        # after Friday noon the next two are Friday's and Monday's
        (EVENINGS, [executed(-100), failed(-22)], 50, "cooling down until 2026-11-23 12:15:00 UTC"),
        (DAILY, [failed(-1), executed(0)], 24, "1 day of the interval are left"),
    ],
)
def test_when_a_job_is_due_and_why(schedule: ScheduleConfig, changes: list[Change], due: float, why: str, desk: Desk) -> None:
    for change in changes:
        change(desk.job(schedule=schedule))
    seen = desk.job(schedule=schedule).state()
    assert seen.next_run == NOW + due * HOUR
    assert seen.is_due == (due <= 0)
    assert seen.why == why
    scheduler = desk.job(schedule=schedule)
    assert scheduler.should_retrain() == seen.is_due
    later = max(seen.next_run, NOW)
    assert scheduler.should_retrain(later)
    assert due <= 0 or not scheduler.should_retrain(later - dt.timedelta(microseconds=1))


def test_missed_times_are_caught_up_once(desk: Desk) -> None:
    desk.job(schedule=EVENINGS).mark_executed(NOW - 40 * DAY)
    ran = 0
    for _ in range(5):
        if desk.job(schedule=EVENINGS).should_retrain():
            desk.job(schedule=EVENINGS).mark_executed(desk.now)
            ran += 1
        desk.now += dt.timedelta(minutes=15)
    assert ran == 1


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/New_York"])
@pytest.mark.parametrize("change", ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"])
@pytest.mark.parametrize("took", [0, 40])
def test_a_clock_that_jumps_runs_a_nightly_job_once_a_night(zone: str, change: str, took: int, desk: Desk) -> None:
    nightly = ScheduleConfig(cron="30 2 * * *", timezone=zone)
    desk.now = dt.datetime.fromisoformat(change).replace(tzinfo=dt.UTC) - DAY
    desk.job(schedule=nightly).mark_executed(desk.now - HOUR)
    ran, end = [], desk.now + 3 * DAY
    while desk.now < end:  # a look every ten minutes
        if desk.job(schedule=nightly).should_retrain():
            desk.now += dt.timedelta(minutes=took)
            desk.job(schedule=nightly).mark_executed(desk.now)
            ran.append(desk.now)
        desk.now += dt.timedelta(minutes=10)
    nights = [time.astimezone(ZoneInfo(zone)).date() for time in ran]
    assert [later - earlier for earlier, later in pairwise(nights)] == [DAY, DAY]


# --- jobs and the roster ---


def test_what_a_job_marks_is_the_roster_s_too(desk: Desk) -> None:
    state = desk.job().mark_executed(NOW - HOUR)
    assert (state.last_run, state.jobs[A].last_run) == (NOW - HOUR, NOW - HOUR)
    state = desk.job(B, EVENINGS).mark_failure(NOW, "no data")
    assert (state.last_failure, state.failure_streak, state.last_failure_reason) == (NOW, 1, "no data")
    assert (state.jobs[B].failure_streak, state.jobs[A].failure_streak) == (1, 0)
    state = desk.job().mark_executed(NOW)
    assert (state.failure_streak, state.jobs[B].failure_streak) == (0, 1)
    assert read_state(desk.path) == state


def test_the_roster_s_failures_hold_no_other_job_back(desk: Desk) -> None:
    desk.roster(6).mark_executed(NOW - 100 * HOUR)
    for _ in range(6):
        desk.job(B).mark_failure(NOW, "no data")
    assert not desk.roster().should_retrain()
    assert not desk.job(B).should_retrain()
    assert desk.job().should_retrain()


def test_only_the_roster_s_pause_holds_every_job(desk: Desk) -> None:
    desk.job(B).pause(reason="feed")
    assert (desk.job(B).should_retrain(), desk.job().should_retrain()) == (False, True)
    desk.job().request("drift")
    desk.roster().pause(reason="rollback", duration=HOUR)
    seen = desk.job().state()
    assert (seen.is_due, seen.next_run, seen.is_paused(NOW)) == (False, NOW + HOUR, True)
    assert seen.why == "the roster is paused until 2026-11-21 11:15:00 UTC: rollback"
    desk.now += HOUR
    assert desk.job().should_retrain()
    desk.roster().pause(reason="rollback")
    assert desk.job().next_run() is None
    desk.job(B).resume()
    assert desk.job(B).next_run() is None
    desk.roster().resume()
    assert desk.job(B).should_retrain()


def test_changes_of_one_job_and_of_the_roster_leave_the_others_as_they_are(desk: Desk) -> None:
    desk.job().mark_executed(NOW)
    desk.job(B).mark_failure(NOW, "no data")
    before = read_state(desk.path)
    assert before
    desk.job("other").pause(reason="x")
    desk.roster().pause(reason="y")
    desk.roster().update_interval(HOUR)
    after = desk.roster().resume()
    assert {name: after.jobs[name] for name in (A, B)} == before.jobs
    assert after.jobs["other"].paused_reason == "x"


# --- requests ---


def test_a_request_is_there_until_a_run_that_began_after_it_succeeds(desk: Desk) -> None:
    desk.job().mark_executed(NOW - HOUR)
    asked = desk.job().request(" drift \n", "audit/x.json").jobs[A].requested
    assert asked
    assert (asked.time, asked.reason, asked.report) == (NOW, "drift", "audit/x.json")
    assert desk.job().mark_failure(NOW, "no data").jobs[A].requested == asked
    desk.now += 30 * HOUR
    again = desk.job().request("degraded").jobs[A].requested
    assert again
    assert (again.reason, again.report) == ("degraded", None)
    assert desk.job().mark_executed(desk.now - HOUR).jobs[A].requested == again
    assert desk.job().mark_executed(desk.now).jobs[A].requested is None


def test_the_roster_is_not_requested(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="request: expected a scheduler of one job, got the roster's"):
        desk.roster(6).request("drift")
    with pytest.raises(ConfigError, match="reason: expected 1 to 1024 characters, got 0"):
        desk.job().request(" ")
    assert not desk.path.exists()


# --- whose schedule ---


def test_what_is_declared_decides_and_each_change_writes_it(desk: Desk) -> None:
    desk.job().mark_executed(NOW)
    assert desk.job(schedule=None).state().every == DAY
    seen = desk.job(schedule=EVENINGS).state()
    assert (seen.cron, seen.timezone, seen.next_run) == ("30 22 * * 1-5", "UTC", NOW + 60.25 * HOUR)
    record = desk.job(schedule=EVENINGS).resume().jobs[A]
    assert (record.cron, record.interval, record.override) == ("30 22 * * 1-5", 86400, None)
    assert desk.job(schedule=None).state().cron == "30 22 * * 1-5"


def test_an_override_counts_until_what_is_declared_is_followed_again(desk: Desk) -> None:
    desk.job().mark_executed(NOW)
    desk.job().override(EVENINGS, reason="after the close")
    seen = desk.job().state()
    assert (seen.cron, seen.next_run) == ("30 22 * * 1-5", NOW + 60.25 * HOUR)
    assert seen.override
    assert (seen.override.time, seen.override.reason) == (NOW, "after the close")
    assert desk.job().mark_executed(NOW).jobs[A].cron == "30 22 * * 1-5"
    record = desk.job().follow().jobs[A]
    assert (record.cron, record.interval, record.override, record.next_run) == (None, 86400, None, NOW + DAY)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda desk: desk.job().update_interval(HOUR), "interval: expected the roster's, got that of the job"),
        (lambda desk: desk.roster(6).override(DAILY, reason="x"), "override: expected a scheduler of one job"),
        (lambda desk: desk.roster(6).follow(), "follow: expected a scheduler of one job"),
        (lambda desk: desk.job().override(DAILY, reason=""), "reason: expected 1 to 1024 characters"),
        (lambda desk: desk.job().override(ScheduleConfig(cron="61 * * * *"), reason="x"), "cron: expected minute, hour"),
        (lambda desk: desk.job(schedule=None).should_retrain(), f"{{path}}: expected a schedule of {A}, there or given, got none"),
        (lambda desk: desk.job("No Model"), "job: expected the name of a model, got 'No Model'"),
        (lambda desk: desk.job("x" * 81), "job: expected the name of a model, got 'xxx"),
        (lambda _: RetrainingScheduler(schedule=DAILY), "schedule: expected it beside a job and no interval, got no job"),
        (
            lambda _: RetrainingScheduler(HOUR, job=A, schedule=DAILY),
            "schedule: expected it beside a job and no interval, got 1:00:00",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_created(call: Callable[[Desk], object], sentence: str, desk: Desk) -> None:
    with pytest.raises(ConfigError) as caught:
        call(desk)
    assert caught.value.message.startswith(sentence.format(path=desk.path))
    assert list(desk.path.parent.iterdir()) == []


# --- the file ---


def test_a_job_s_record_has_every_field_and_one_that_is_lost_is_damage(desk: Desk) -> None:
    desk.job().mark_executed(NOW)
    said = json.loads(desk.path.read_text())
    assert list(said["jobs"][A]) == list(JobState.__struct_fields__)
    for name in JobState.__struct_fields__:
        left = {**said, "jobs": {A: {key: value for key, value in said["jobs"][A].items() if key != name}}}
        desk.path.write_text(json.dumps(left))
        with pytest.raises(DocumentError, match=rf"jobs\.{A}\.{name}|jobs\[\.\.\.\]\.{name}"):
            desk.job().state()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_run": "2026-11-21T10:15:00+02:00"}, "last_run: expected a UTC time"),
        ({"cron": "30 22 * * 5"}, "cron: expected timezone beside it"),
        ({"timezone": "UTC"}, "timezone: expected cron beside it"),
        ({"calendar": "fx"}, "calendar: expected cron beside it"),
        ({"failure_streak": 1}, "failure_streak: expected last_failure beside it"),
        ({"requested": {"time": "2026-11-21T10:15:00Z", "reason": "x"}}, "report: expected a value, got nothing"),
        ({"override": {"time": "1999-11-21T10:15:00Z", "reason": "x"}}, "time: expected a UTC time from 2000 on"),
    ],
)
def test_a_damaged_record_is_an_error_of_every_job(changes: dict[str, object], sentence: str, desk: Desk) -> None:
    desk.job().mark_executed(NOW)
    desk.job(B).mark_executed(NOW)
    edit(desk.path, A, **changes)
    for name in (A, B):
        with pytest.raises(DocumentError) as caught:
            desk.job(name).should_retrain()
        assert sentence in caught.value.message


def test_a_file_from_before_there_were_jobs_reads_and_keeps_its_form(desk: Desk) -> None:
    desk.roster(6).mark_executed(NOW)
    assert "jobs" not in json.loads(desk.path.read_text())
    assert desk.job().should_retrain()
    desk.job().mark_executed(NOW)
    assert list(json.loads(desk.path.read_text()))[-1] == "jobs"


def test_a_job_whose_times_lie_ahead_is_begun_anew_alone(desk: Desk) -> None:
    desk.job().mark_executed(NOW)
    desk.job(B).mark_executed(NOW)
    desk.job().pause(reason="feed", duration=HOUR)
    edit(desk.path, A, last_run="2029-01-01T00:00:00Z")
    with pytest.raises(DocumentError, match=rf"jobs\.{A}\.last_run: expected a time that has passed") as caught:
        desk.job().should_retrain()
    assert f"bot-core schedule reset --last-run TIME --job {A}" in caught.value.hint
    assert not desk.job(B).should_retrain()
    before = read_state(desk.path)
    state = desk.job().reset(NOW - HOUR)
    assert before
    assert (state.jobs[A].last_run, state.jobs[A].paused_reason, state.jobs[B]) == (NOW - HOUR, "feed", before.jobs[B])
    assert state.last_run == NOW


def test_a_damaged_file_is_not_begun_anew_for_one_job_and_for_all_only_with_all(desk: Desk) -> None:
    desk.job().mark_executed(NOW)
    desk.path.write_text("{")
    with pytest.raises(DocumentError, match="expected JSON"):
        desk.job().reset(NOW)
    state = desk.roster(6).reset(NOW - HOUR, jobs={A: DAILY, B: EVENINGS})
    assert {name: record.last_run for name, record in state.jobs.items()} == {A: NOW - HOUR, B: NOW - HOUR}
    assert [desk.job(name, None).should_retrain() for name in (A, B)] == [False, False]
    assert desk.job(B, None).state().cron == "30 22 * * 1-5"
    kept = desk.roster().reset(NOW, jobs={})
    assert kept.jobs == state.jobs  # a file that can be read keeps its jobs


def test_what_a_model_s_readers_see_is_its_job_or_else_the_roster(desk: Desk) -> None:
    state = desk.roster(6).mark_executed(NOW)
    assert state.seen(A) == (NOW, NOW + 6 * HOUR)
    state = desk.job().mark_executed(NOW - HOUR)
    assert state.seen(A) == (NOW - HOUR, NOW + 23 * HOUR)
    assert state.seen(B) == (NOW, NOW + 6 * HOUR)
    assert desk.roster().pause(reason="x", duration=30 * HOUR).seen(A) == (NOW - HOUR, NOW + 30 * HOUR)
    assert desk.roster().pause(reason="x").seen(A) == (NOW - HOUR, None)
