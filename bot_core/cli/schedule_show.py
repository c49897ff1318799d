"""What `bot-core schedule` says: every job in a row, and the roster as a whole in lines."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core.ai.audit import read_state
from bot_core.ai.occurrences import declared, recorded
from bot_core.ai.schedule_words import in_words, moment_in_words, pause_in_words
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.cli.show import say
from bot_core.config.jobs import ROSTER, schedule_of
from bot_core.config.load import load_roster
from bot_core.documents.schedule import Waiting
from bot_core.errors import BotCoreError
from bot_core.journal.append import utc_now
from bot_core.reporting.numerals import NONE

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from bot_core.ai.schedule_rules import Standing
    from bot_core.config.schedule import ScheduleConfig
    from bot_core.documents.schedule import JobState

PRINTED_WIDTH = 120  # of a log or a file, where there is no terminal to ask
_SEEN = {"job", "is_due", "why", "held"}  # of a standing, what is no field of the record
_COLUMNS = ("job", "schedule", "last run, UTC", "next run, UTC", "due now", "failures", "pause", "request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands, and what is declared of it: nothing where the roster has no such model. `fault` says why it has no standing."""

    name: str
    declared: ScheduleConfig | None
    standing: Standing | None
    fault: str = ""


def show(arguments: argparse.Namespace) -> None:
    """Say how every job stands, and the roster as a whole.

    Raises:
        DocumentError: the file is damaged, or the roster's times lie too far ahead of the clock.
        AuditError: the file cannot be read.
    """
    now = arguments.now or utc_now()
    scheduler = RetrainingScheduler(persistence_path=arguments.file)
    found = read_state(arguments.file)
    roster = None if found is None else scheduler.state(now)
    jobs = list(_jobs(arguments.file, {} if found is None else found.jobs, now))
    rows = {job.name: _row(job, now) for job in jobs}
    table = _table(jobs, now, arguments.width) if jobs else []
    if roster is None:
        nothing = f"{arguments.file}: there is no such file: no scheduler has recorded anything here yet"
        say(arguments, {"file": str(arguments.file), "state": None, "jobs": rows}, [*table, nothing])
    else:
        facts = _facts(arguments.file, roster, scheduler.export_state(now), now)
        say(arguments, {**facts, "jobs": rows}, [*table, *_lines(arguments.file, roster, now)])


def say_nothing(arguments: argparse.Namespace, sentence: str) -> None:
    """Say that there is no file."""
    say(arguments, {"file": str(arguments.file), "state": None}, [sentence])


def say_change(arguments: argparse.Namespace, sentence: str, *, changed: bool = True) -> None:
    """Say what was changed, and how the job or the roster stands now."""
    scheduler = scheduler_of(arguments)
    now = utc_now()
    standing = scheduler.state(now)
    lines = [sentence, *_lines(arguments.file, standing, now)] if changed else [sentence]
    say(arguments, {**_facts(arguments.file, standing, scheduler.export_state(now), now), "job": standing.job}, lines)


def scheduler_of(arguments: argparse.Namespace) -> RetrainingScheduler:
    """Open the scheduler of the job that the arguments name, by what the roster declares, or the roster's."""
    interval = getattr(arguments, "interval", None)
    if not arguments.job:
        return RetrainingScheduler(interval, persistence_path=arguments.file)
    entry = load_roster(ROSTER).get(arguments.job) if ROSTER.exists() else None
    schedule = None if entry is None or interval is not None else schedule_of(Path(), arguments.job, entry)
    return RetrainingScheduler(interval, job=arguments.job, schedule=schedule, persistence_path=arguments.file)


# --- the jobs ---


def _jobs(file: Path, known: Mapping[str, JobState], now: dt.datetime) -> Iterator[Job]:
    """Yield the roster's models, and what the file has beyond them."""
    roster = load_roster(ROSTER) if ROSTER.exists() else {}
    for name in (*roster, *sorted(known.keys() - roster.keys())):
        try:
            schedule = schedule_of(Path(), name, roster[name]) if name in roster else None
            standing = RetrainingScheduler(job=name, schedule=schedule, persistence_path=file).state(now)
        except BotCoreError as error:  # said in its row: what is wrong with one job hides no other
            yield Job(name=name, declared=None, standing=None, fault=str(error))
        else:
            yield Job(name=name, declared=schedule, standing=standing)


def _row(job: Job, now: dt.datetime) -> dict[str, object]:
    if job.standing is None:
        return {"due": None, "why": job.fault, "paused": None, "schedule": None, "declared": None, "state": None}
    facts = _verdict(job.standing, now)
    state = {name: value for name, value in to_builtins(job.standing).items() if name not in _SEEN}
    schedule = str(recorded(job.standing))
    return {**facts, "schedule": schedule, "declared": job.declared and str(declared(job.declared)), "state": state}


def _cells(job: Job, now: dt.datetime) -> tuple[str, ...]:
    standing = job.standing
    if standing is None:
        return job.name, NONE, NONE, NONE, f"unknown: {job.fault}", NONE, NONE, NONE
    asked = standing.requested
    return (
        job.name,
        _schedule(standing, job.declared, is_known=job.declared is not None),
        f"{standing.last_run:%Y-%m-%d %H:%M}" if standing.last_run else "never",
        f"{standing.next_run:%Y-%m-%d %H:%M}" if standing.next_run else "when resumed",
        f"{'yes' if standing.is_due else 'no'}: {standing.why}",
        f"{standing.failure_streak}: {standing.last_failure_reason}" if standing.failure_streak else NONE,
        _pause(standing, now) or NONE,
        f"{asked.time:%Y-%m-%d %H:%M}: {asked.reason}{f' ({asked.report})' if asked.report else ''}" if asked else NONE,
    )


def _schedule(standing: Standing, config: ScheduleConfig | None, *, is_known: bool) -> str:
    """Say what is in force, and beside it what is declared where that is something else."""
    here = str(recorded(standing))
    there = "not in params.yaml" if not is_known or config is None else f"declared: {declared(config)}"
    if standing.override is None:
        return here if is_known else f"{here} ({there})"
    return f"{here} (set {moment_in_words(standing.override.time)}: {standing.override.reason}; {there})"


def _table(jobs: list[Job], now: dt.datetime, width: int | None) -> list[str]:
    from rich import box  # noqa: PLC0415  # for this table alone: a pause is said without it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for job in jobs:
        table.add_row(*map(Text, _cells(job, now)))
    console = Console(width=width or (None if sys.stdout.isatty() else PRINTED_WIDTH))
    with console.capture() as captured:
        console.print(table)
    return [*(line.rstrip() for line in captured.get().splitlines()), ""]


# --- the roster, or one job, in lines ---


def _facts(file: Path, standing: Standing, state: dict[str, object], now: dt.datetime) -> dict[str, object]:
    return {"file": str(file), **_verdict(standing, now), "state": state}


def _verdict(standing: Standing, now: dt.datetime) -> dict[str, object]:
    return {"due": standing.is_due, "why": standing.why, "paused": standing.is_paused(now)}


def _lines(file: Path, state: Standing, now: dt.datetime) -> Iterator[str]:
    yield f"{file}: {state.job}" if state.job else str(file)
    yield f"  last run   {_since(state.last_run, now) if state.last_run else 'never'}"
    yield f"  next run   {moment_in_words(state.next_run) if state.next_run else 'when somebody resumes'}"
    yield f"  schedule   {recorded(state)}" if state.job else f"  interval   {in_words(state.every)}"
    yield f"  pause      {_pause(state, now) or 'none'}"
    cools = state.cooldown_until is not None and now < state.cooldown_until
    yield f"  cool-down  {f'until {moment_in_words(state.cooldown_until)}' if cools and state.cooldown_until else 'none'}"
    yield f"  failures   {_failures(state, now)}"
    yield f"  due now    {'yes' if state.is_due else 'no'}: {state.why}"


def _pause(state: Standing, now: dt.datetime) -> str:
    """Say which pauses hold: the record's own, and for a job the roster's."""
    own = pause_in_words(state.paused_until, state.paused_reason) if Waiting.is_paused(state, now) else ""
    return "; ".join(filter(None, (own, state.held and f"the roster {state.held}")))


def _failures(state: Standing, now: dt.datetime) -> str:
    if state.last_failure is None:
        return "none"
    return f"{state.failure_streak or 'none'} in a row; the last {_since(state.last_failure, now)}: {state.last_failure_reason}"


def _since(time: dt.datetime, now: dt.datetime) -> str:
    away = f"{in_words(now - time)} ago" if time <= now else f"{in_words(time - now)} ahead of the clock"
    return f"{moment_in_words(time)}, {away}"
