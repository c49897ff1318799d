"""When models are trained anew: the one file in which several processes keep it. The rules are in `schedule_rules`.

Jobs. A scheduler with `job` answers for, and changes, that job's record; one without it the top level, which is the roster as a whole. A
run or a failure that a job marks is the roster's too. Only the roster's pause holds jobs back.

Whose rhythm. For a job, what the configuration declares decides (`schedule`), and each change writes it into the record. `override` puts
another in its place, with a reason and a time in the record, until `follow` ends that: `state()` and `bot-core schedule show` say both.
For the roster the interval that was given decides for the scheduler that was given it, and its first change writes it into the file: the
returned state shows it. From then on the file decides, so that what somebody else declares later is followed and not overwritten again.
Refusing a scheduler whose interval differs from the file's would refuse the runbook of a rollback: there the file says 24 hours, and the
operator says 6 and means it. A service gives no interval, and follows the file from the beginning.

Clocks that go back. What has happened cannot lie ahead of the clock. If a last run or a failure does, the clock was set back or had been
ahead, and nobody knows how much time has passed. By up to one interval that is waited out, so nothing is trained early and nothing waits
for more than one interval longer; such a time may also be marked. Further ahead, every question is an error that names the way out
(`bot-core schedule reset --last-run TIME`) in place of a wait for years. A run that is marked then replaces such a time.

Several processes. A question reads the file; a change reads, decides and replaces it under an exclusive `flock` on a file beside it, waits
for the disk, and fails whole. A damaged file is an error of every question and every change: it is never read as "never run".
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins
from msgspec.structs import replace

from bot_core.ai import schedule_rules as rules
from bot_core.ai.audit import AUDIT, STATE, locked, read_state, replace_state
from bot_core.ai.occurrences import Rhythm, declared, recorded
from bot_core.ai.schedule_words import printable
from bot_core.documents.schedule import JOB, REASON, SchedulerState
from bot_core.errors import ConfigError, DocumentError
from bot_core.journal.append import utc_now

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from bot_core.ai.schedule_rules import Standing
    from bot_core.config.schedule import ScheduleConfig
    from bot_core.documents.schedule import JobState

    Change = Callable[[JobState, dt.datetime], JobState]
    Basis = Callable[[dt.datetime], SchedulerState]
_LONGEST_NAME = 80
_HINT = "RetrainingScheduler(interval=timedelta(hours=6)), or on the command line --interval 6h"
_JOB_HINT = "a job has the name of a model of params.yaml: RetrainingScheduler(job=model, schedule=load_schedule(root, model))"


class RetrainingScheduler:
    """Says when models are to be trained anew. Nothing is created before the first change; see the module for the rules.

    Args:
        interval: between two runs, 1 second to 3650 days; without it, what the file says.
        job: a model of the roster, whose record all questions and changes concern; without it, the roster as a whole.
        schedule: what the configuration declares for the job; without it, what the file says.
        last_run: a run that is known from elsewhere; the later of it and the file's counts.
        persistence_path: the file.
        clock: the time.

    Raises:
        ConfigError: an interval out of range, a time without its zone, a name that no job can have, a schedule without a job or beside
            an interval.
    """

    def __init__(
        self,
        interval: dt.timedelta | None = None,
        *,
        job: str | None = None,
        schedule: ScheduleConfig | None = None,
        last_run: dt.datetime | None = None,
        persistence_path: Path | str = AUDIT / STATE,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        _require_job(job, schedule, interval)
        self.path = Path(persistence_path)
        self.clock = clock
        self.job = job
        self._declared = None if schedule is None else declared(schedule)
        self._interval = None if interval is None else rules.checked(interval)
        self._last_run = None if last_run is None else rules.utc("last_run", last_run)

    # --- questions ---

    def state(self, now: dt.datetime | None = None) -> Standing:
        """Return the record as it stands: `is_due`, `why`, and all that the file says; where it says nothing, that nothing ever ran.

        Raises:
            DocumentError: the file is damaged, or its times lie too far ahead of the clock.
            ConfigError: no interval or schedule was given and there is none in the file; the schedule names no time; a time without
                its zone.
            AuditError: the file cannot be read.
        """
        at = self._now(now)
        state = self._read(at)
        record = self._record(state, at)
        rules.require_past(record, at, self.path, self.job)
        return rules.standing(record, state if self.job else None, at, self.job)

    def should_retrain(self, now: dt.datetime | None = None) -> bool:
        """Say whether a training is due; see `state` for what is raised."""
        return self.state(now).is_due

    def next_run(self, now: dt.datetime | None = None) -> dt.datetime | None:
        """Return when the next training is or was due: now if there was none yet, nothing while a pause has no end.

        See `state` for what is raised.
        """
        return self.state(now).next_run

    def export_state(self, now: dt.datetime | None = None) -> dict[str, object]:
        """Return the whole state under the founding names, times as text; see `state` for what is raised."""
        at = self._now(now)
        self.state(at)
        state = self._read(at)
        found: dict[str, object] = to_builtins(_with(state, self.job, self._record(state, at), at))
        return found

    # --- changes: each returns the new state of the whole file ---

    def mark_executed(self, when: dt.datetime) -> SchedulerState:
        """Record that a training succeeded; `when` it began, so that what was requested meanwhile is still due.

        Raises:
            ConfigError: a time without its zone or too far ahead of the clock; no interval was given and there is no file.
            DocumentError: the file is damaged.
            AuditError: it is not recorded.
        """
        return self._change(partial(rules.executed, when=rules.utc("when", when)), is_roster_s=True)

    def mark_failure(self, when: dt.datetime, reason: str) -> SchedulerState:
        """Record that a training failed, and why, in at most 1024 characters; see `mark_executed` for what is raised."""
        why = printable(reason)[:REASON] or "no reason was given"
        return self._change(partial(rules.failed, when=rules.utc("when", when), reason=why), is_roster_s=True)

    def request(self, reason: str, report: Path | str | None = None) -> SchedulerState:
        """Make the job due at once; a pause or a cool-down still holds, and a run that begins after this serves it.

        Args:
            reason: why, in at most 1024 characters.
            report: the path of the report that says so.

        Raises:
            ConfigError: the scheduler has no job; no reason; as `mark_executed`.
            DocumentError: the file is damaged.
            AuditError: it is not recorded.
        """
        self._require_own("request")
        return self._change(partial(rules.requested, reason=_reason(reason), report=None if report is None else str(report)))

    def pause(self, *, reason: str, until: dt.datetime | None = None, duration: dt.timedelta | None = None) -> SchedulerState:
        """Hold training back until a time or for a duration, without both until `resume`; replaces the pause before.

        Raises:
            ConfigError: both are given, or neither lies ahead; no reason, or one of more than 1024 characters; as `mark_executed`.
            DocumentError: the file is damaged.
            AuditError: it is not recorded.
        """
        why = _reason(reason)
        if until is not None and duration is not None:
            msg = f"pause: expected a time or a duration, got both: {until.isoformat()} and {duration}"
            raise ConfigError(msg)
        end = None if until is None else rules.utc("until", until)
        return self._change(partial(rules.paused, until=end, duration=duration, reason=why))

    def resume(self) -> SchedulerState:
        """End the pause, if there is one; see `mark_executed` for what is raised."""
        return self._change(rules.resumed)

    def update_interval(self, interval: dt.timedelta) -> SchedulerState:
        """Change the roster's interval, for all who follow the file; see `mark_executed` for what is raised.

        A job's is declared: `override` puts another in its place.
        """
        if self.job is not None:
            msg = f"interval: expected the roster's, got that of the job {self.job}, which is declared"
            raise ConfigError(msg, hint="override(schedule, reason=…), or bot-core schedule set JOB --every 12h --reason …")
        return self._change(partial(rules.timed, rhythm=Rhythm(every=rules.checked(interval))))

    def override(self, schedule: ScheduleConfig, *, reason: str) -> SchedulerState:
        """Put another schedule in place of what is declared for the job, until `follow`; see `request` for what is raised."""
        self._require_own("override")
        return self._change(partial(rules.overridden, rhythm=declared(schedule), reason=_reason(reason)))

    def follow(self) -> SchedulerState:
        """End an override: what is declared decides again; see `request` for what is raised."""
        self._require_own("follow")
        return self._change(lambda record, now: self._timed(replace(record, override=None), now))

    def reset(self, last_run: dt.datetime, *, jobs: Mapping[str, ScheduleConfig] | None = None) -> SchedulerState:
        """Begin anew from a last run that is known: the way out of a damaged file, or of times ahead of the clock.

        Failures are forgotten. A pause stays, and so do the interval unless one was given, and jobs, where the file can still be read;
        where not, `jobs` begin anew from the same run, so that none of them counts as never trained.

        Raises:
            ConfigError: as `mark_executed`; the file cannot be read and no interval was given.
            DocumentError: the file is damaged, and only one job was to begin anew.
            AuditError: it is not recorded.
        """
        known = rules.utc("last_run", last_run)
        basis = self._read if self.job is not None else partial(self._salvaged, jobs=jobs or {}, last_run=known)
        return self._change(partial(rules.begun, last_run=known), basis=basis)

    # --- the file ---

    def _change(self, how: Change, *, is_roster_s: bool = False, basis: Basis | None = None) -> SchedulerState:
        def changed() -> SchedulerState:
            now = self._now()
            before = (basis or self._read)(now)
            state = _with(before, self.job, how(self._record(before, now), now), now)
            if is_roster_s and self.job is not None:
                state = _with(state, None, how(rules.of_roster(state), now), now)
            return replace(state, updated_at=now)

        changed()  # what is refused is refused before anything is created
        with locked(self.path):
            state = changed()
            replace_state(self.path, state)
        self._interval = self._last_run = None
        return state

    def _read(self, now: dt.datetime) -> SchedulerState:
        """Read the state; where there is no file, that of a roster that never ran."""
        return read_state(self.path) or self._blank(now)

    def _salvaged(self, now: dt.datetime, *, jobs: Mapping[str, ScheduleConfig], last_run: dt.datetime) -> SchedulerState:
        try:
            return self._read(now)
        except DocumentError:  # the damage is what is about to be replaced
            state, ran = self._blank(now), replace(rules.NEVER, last_run=last_run)
            for name, schedule in jobs.items():
                state = _with(state, name, rules.timed(ran, now, rhythm=declared(schedule)), now)
            return state

    def _blank(self, now: dt.datetime) -> SchedulerState:
        return rules.blank(self._timed(None, now).interval, now)

    def _record(self, state: SchedulerState, now: dt.datetime) -> JobState:
        """Return the record that is concerned, with what was given laid over it."""
        found = rules.of_roster(state) if self.job is None else state.jobs.get(self.job)
        record = self._timed(found, now)
        runs = [run for run in (record.last_run, self._last_run) if run is not None]
        return replace(record, last_run=max(runs, default=None))

    def _timed(self, found: JobState | None, now: dt.datetime) -> JobState:
        """Give a record the rhythm that is in force: an override's, the one that was given, or its own."""
        own = None if found is None else recorded(found)
        given = self._declared if self._interval is None else Rhythm(every=self._interval)
        rhythm = own if found is not None and found.override is not None else given or own
        if rhythm is None:
            what, hint = ("an interval", _HINT) if self.job is None else (f"a schedule of {self.job}", _JOB_HINT)
            msg = f"{self.path}: expected {what}, there or given, got none"
            raise ConfigError(msg, hint=hint)
        return rules.timed(found or rules.NEVER, now, rhythm=rhythm)

    def _now(self, now: dt.datetime | None = None) -> dt.datetime:
        return rules.utc("clock", self.clock()) if now is None else rules.utc("now", now)

    def _require_own(self, what: str) -> None:
        if self.job is None:
            msg = f"{what}: expected a scheduler of one job, got the roster's"
            raise ConfigError(msg, hint="RetrainingScheduler(job=…), or on the command line --job MODEL")


def _with(state: SchedulerState, job: str | None, record: JobState, now: dt.datetime) -> SchedulerState:
    """Write a record, and when it is due, into the state: a job's, or the roster's."""
    whole = rules.derived(record, now)
    return rules.onto_roster(state, whole) if job is None else replace(state, jobs={**state.jobs, job: whole})


# --- what is given ---


def _require_job(job: str | None, schedule: ScheduleConfig | None, interval: dt.timedelta | None) -> None:
    if job is not None and (re.match(JOB, job) is None or len(job) > _LONGEST_NAME):
        msg = f"job: expected the name of a model, got {job[:100]!r}"
        raise ConfigError(msg)
    if schedule is not None and (job is None or interval is not None):
        msg = f"schedule: expected it beside a job and no interval, got {'no job' if job is None else f'{interval} too'}"
        raise ConfigError(msg, hint="RetrainingScheduler(job=model, schedule=load_schedule(root, model))")


def _reason(text: str) -> str:
    why = printable(text)
    if not 0 < len(why) <= REASON:
        msg = f"reason: expected 1 to {REASON} characters, got {len(why)}"
        raise ConfigError(msg, hint="say in a sentence why")
    return why
