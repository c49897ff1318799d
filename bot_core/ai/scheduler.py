"""When models are trained anew: the rules, and the one file in which several processes keep them.

A training is due when the interval has passed since the last run, and neither a cool-down nor a pause is in force. A failed run cools down
for interval x min(failures in a row, 6), counted from the newest failure; a run that succeeds after it ends the streak. What is marked late
takes nothing back: of two runs the later one counts, and a run does not end a failure that came after it.

Whose interval. The one that was given decides for the scheduler that was given it, and its first change writes it into the file: the
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

import datetime as dt
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins
from msgspec.structs import replace

from bot_core.ai.audit import AUDIT, RESET, STATE, locked, read_state, replace_state
from bot_core.documents.schedule import FIRST, LAST, LONGEST, REASON, SHORTEST, SchedulerState
from bot_core.errors import ConfigError, DocumentError
from bot_core.journal.append import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[SchedulerState, dt.datetime], SchedulerState]
    Basis = Callable[[dt.datetime], SchedulerState]

STREAK = 6


class RetrainingScheduler:
    """Says when models are to be trained anew. Nothing is created before the first change; see the module for the rules.

    Args:
        interval: between two runs, 1 second to 3650 days; without it, what the file says.
        last_run: a run that is known from elsewhere; the later of it and the file's counts.
        persistence_path: the file.
        clock: the time.

    Raises:
        ConfigError: an interval out of range, a time without its zone.
    """

    def __init__(
        self,
        interval: dt.timedelta | None = None,
        *,
        last_run: dt.datetime | None = None,
        persistence_path: Path | str = AUDIT / STATE,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self.path = Path(persistence_path)
        self.clock = clock
        self._interval = None if interval is None else _checked(interval)
        self._last_run = None if last_run is None else _utc("last_run", last_run)

    # --- questions ---

    def state(self, now: dt.datetime | None = None) -> SchedulerState:
        """Return the state by this scheduler's interval; where there is no file, that of a scheduler that never ran.

        Raises:
            DocumentError: the file is damaged, or its times lie too far ahead of the clock.
            ConfigError: no interval was given and there is no file; a time without its zone.
            AuditError: the file cannot be read.
        """
        at = self._now(now)
        state = self._standing(at)
        _require_past(state, at, self.path)
        return replace(state, next_run=state.due(at))

    def should_retrain(self, now: dt.datetime | None = None) -> bool:
        """Say whether a training is due; see `state` for what is raised."""
        at = self._now(now)
        due = self.state(at).next_run
        return due is not None and due <= at

    def next_run(self, now: dt.datetime | None = None) -> dt.datetime | None:
        """Return when the next training is or was due: now if there was none yet, nothing while a pause has no end.

        See `state` for what is raised.
        """
        return self.state(now).next_run

    def export_state(self) -> dict[str, object]:
        """Return the state under the founding names, times as text; see `state` for what is raised."""
        found: dict[str, object] = to_builtins(self.state())
        return found

    # --- changes ---

    def mark_executed(self, when: dt.datetime) -> SchedulerState:
        """Record that a training succeeded; return the new state.

        Raises:
            ConfigError: a time without its zone or too far ahead of the clock; no interval was given and there is no file.
            DocumentError: the file is damaged.
            AuditError: it is not recorded.
        """
        return self._change(partial(_executed, when=_utc("when", when)))

    def mark_failure(self, when: dt.datetime, reason: str) -> SchedulerState:
        """Record that a training failed, and why, in at most 1024 characters; see `mark_executed` for what is raised."""
        return self._change(partial(_failed, when=_utc("when", when), reason=_printable(reason)[:REASON] or "no reason was given"))

    def pause(self, *, reason: str, until: dt.datetime | None = None, duration: dt.timedelta | None = None) -> SchedulerState:
        """Hold training back until a time or for a duration, without both until `resume`; replaces the pause before.

        Raises:
            ConfigError: both are given, or neither lies ahead; no reason, or one of more than 1024 characters; as `mark_executed`.
            DocumentError: the file is damaged.
            AuditError: it is not recorded.
        """
        why = _printable(reason)
        if not 0 < len(why) <= REASON:
            msg = f"reason: expected 1 to {REASON} characters, got {len(why)}"
            raise ConfigError(msg, hint="say in a sentence why nothing may be trained")
        if until is not None and duration is not None:
            msg = f"pause: expected a time or a duration, got both: {until.isoformat()} and {duration}"
            raise ConfigError(msg)
        return self._change(partial(_paused, until=None if until is None else _utc("until", until), duration=duration, reason=why))

    def resume(self) -> SchedulerState:
        """End the pause, if there is one; see `mark_executed` for what is raised."""
        return self._change(lambda state, _: replace(state, paused_until=None, paused_reason=None))

    def update_interval(self, interval: dt.timedelta) -> SchedulerState:
        """Change the interval, for all who follow the file; see `mark_executed` for what is raised."""
        seconds = _checked(interval).total_seconds()
        return self._change(lambda state, _: replace(state, interval=seconds))

    def reset(self, last_run: dt.datetime) -> SchedulerState:
        """Begin anew from a last run that is known: the way out of a damaged file, or of times ahead of the clock.

        Failures are forgotten. A pause stays, and so does the interval unless one was given, where the file can still be read.

        Raises:
            ConfigError: as `mark_executed`; the file cannot be read and no interval was given.
            AuditError: it is not recorded.
        """
        return self._change(partial(_begun, last_run=_utc("last_run", last_run)), self._salvaged)

    # --- the file ---

    def _change(self, how: Change, basis: Basis | None = None) -> SchedulerState:
        self._changed(how, basis or self._standing)  # what is refused is refused before anything is created
        with locked(self.path):
            state = self._changed(how, basis or self._standing)
            replace_state(self.path, state)
        self._interval = self._last_run = None
        return state

    def _changed(self, how: Change, basis: Basis) -> SchedulerState:
        now = self._now()
        state = how(basis(now), now)
        return replace(state, next_run=state.due(now), updated_at=now)

    def _standing(self, now: dt.datetime) -> SchedulerState:
        """Read the state, with what was given laid over it."""
        found = read_state(self.path)
        if found is None:
            return self._blank(now)
        runs = [run for run in (found.last_run, self._last_run) if run is not None]
        interval = found.interval if self._interval is None else self._interval.total_seconds()
        return replace(found, interval=interval, last_run=max(runs, default=None))

    def _salvaged(self, now: dt.datetime) -> SchedulerState:
        try:
            return self._standing(now)
        except DocumentError:  # the damage is what is about to be replaced
            return self._blank(now)

    def _blank(self, now: dt.datetime) -> SchedulerState:
        if self._interval is None:
            msg = f"{self.path}: expected an interval, there or given, got none"
            raise ConfigError(msg, hint="RetrainingScheduler(interval=timedelta(hours=6)), or on the command line --interval 6h")
        return SchedulerState(
            version=5,
            last_run=self._last_run,
            next_run=now,
            interval=self._interval.total_seconds(),
            updated_at=now,
            last_failure=None,
            failure_streak=0,
            last_failure_reason=None,
            cooldown_until=None,
            paused_until=None,
            paused_reason=None,
        )

    def _now(self, now: dt.datetime | None = None) -> dt.datetime:
        return _utc("clock", self.clock()) if now is None else _utc("now", now)


# --- the rules ---


def _executed(state: SchedulerState, now: dt.datetime, *, when: dt.datetime) -> SchedulerState:
    limit = _require_happened(when, now, state)
    ran = replace(state, last_run=_later(state.last_run, when, limit))
    if _later(state.last_failure, when, limit) > when:
        return ran
    return replace(ran, failure_streak=0, cooldown_until=None)


def _failed(state: SchedulerState, now: dt.datetime, *, when: dt.datetime, reason: str) -> SchedulerState:
    newest = _later(state.last_failure, when, _require_happened(when, now, state))
    streak = state.failure_streak + 1
    return replace(
        state,
        last_failure=newest,
        failure_streak=streak,
        last_failure_reason=reason if newest == when else state.last_failure_reason,
        cooldown_until=newest + state.every * min(streak, STREAK),
    )


def _paused(
    state: SchedulerState, now: dt.datetime, *, until: dt.datetime | None, duration: dt.timedelta | None, reason: str
) -> SchedulerState:
    if duration is not None:
        until = now + _checked(duration, "duration")
    if until is not None and until <= now:
        msg = f"until: expected a time after {now.isoformat()}, got {until.isoformat()}"
        raise ConfigError(msg, hint="bot-core schedule resume ends a pause")
    return replace(state, paused_until=until, paused_reason=reason)


def _begun(state: SchedulerState, now: dt.datetime, *, last_run: dt.datetime) -> SchedulerState:
    _require_happened(last_run, now, state)
    return replace(state, last_run=last_run, last_failure=None, failure_streak=0, last_failure_reason=None, cooldown_until=None)


def _later(recorded: dt.datetime | None, when: dt.datetime, limit: dt.datetime) -> dt.datetime:
    """Return the later of two times; one that lies beyond the limit is none."""
    return when if recorded is None or recorded > limit else max(recorded, when)


def _require_happened(when: dt.datetime, now: dt.datetime, state: SchedulerState) -> dt.datetime:
    """Return how far ahead of the clock a time may lie; refuse to mark one that lies further."""
    limit = now + state.every
    if when > limit:
        msg = f"when: expected a time that has passed by {now.isoformat()}, got {when.isoformat()}"
        raise ConfigError(msg, hint="set the clock right; nothing was recorded")
    return limit


def _require_past(state: SchedulerState, now: dt.datetime, path: Path) -> None:
    failure = state.last_failure if state.cooldown_until is not None else None
    for name, time in (("last_run", state.last_run), ("last_failure", failure)):
        if time is not None and time > now + state.every:
            msg = f"{path}: {name}: expected a time that has passed by {now.isoformat()}, got {time.isoformat()}"
            raise DocumentError(msg, hint=f"set the clock right, or {RESET}")


# --- what is given ---


def _utc(name: str, time: dt.datetime) -> dt.datetime:
    if time.utcoffset() is None or not FIRST <= time < LAST:
        msg = f"{name}: expected a time from {FIRST:%Y} on with its zone, such as datetime.now(UTC); got {time.isoformat()}"
        raise ConfigError(msg)
    return time.astimezone(dt.UTC)


def _checked(span: dt.timedelta, name: str = "interval") -> dt.timedelta:
    if not SHORTEST <= span <= LONGEST:
        msg = f"{name}: expected 1 second to {LONGEST.days} days, got {span}"
        raise ConfigError(msg, hint="timedelta(hours=6), or on the command line 6h")
    return span


def _printable(text: str) -> str:
    """Return a reason in one line of characters that can be seen."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
