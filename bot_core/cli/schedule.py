"""`bot-core schedule show | pause | resume | reset | set`: when models are trained anew, and what holds it back."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import convert
from bot_core.ai.audit import AUDIT, STATE, read_state
from bot_core.ai.schedule_words import in_words as in_words
from bot_core.ai.schedule_words import moment_in_words, pause_in_words
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.cli import schedule_run
from bot_core.cli.gate import moment
from bot_core.cli.schedule_show import say_change, say_nothing, scheduler_of, show
from bot_core.config.jobs import load_schedules
from bot_core.config.schedule import ScheduleConfig
from bot_core.errors import ConfigError, DocumentError
from bot_core.journal.append import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    Act = Callable[[argparse.Namespace], None]

EPILOG = """\
  bot-core schedule show                                      every model: is a training due, and why or why not?
  bot-core schedule pause --for 6h --reason "Drift alert"     nothing is trained meanwhile
  bot-core schedule pause --reason "Rollback"                 … until somebody resumes
  bot-core schedule resume
  bot-core schedule pause --job eurusd_range --reason "Feed"  this model alone; resume and reset take --job too
  bot-core schedule set eurusd_range --every 12h --reason "Volatile week"
  bot-core schedule set eurusd_range --cron "30 22 * * 1-5" --timezone America/New_York --calendar XNYS --reason "After the close"
  bot-core schedule set eurusd_range --declared               … what conf/schedule/ declares decides again
  bot-core schedule set --every 6h                            the interval of the roster as a whole
  bot-core schedule run                                       train what is due; schedule run --help says how
  bot-core schedule reset --last-run 2026-11-21T10:15:00Z --interval 6h

reset is the way out where git has no good copy of a damaged file, or where its times lie ahead of the clock: failures are forgotten;
the pause and the interval stay where they can still be read. Nothing is created by looking.
"""
_UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"([0-9]{1,6})([smhdw])")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs; each names what does it, and has a file."""
    verbs = parser.add_subparsers(dest="verb", metavar="show|pause|resume|reset|set|run", required=True)
    _add_show(verbs)
    _add_pause(verbs)
    _add_resume(verbs)
    _add_reset(verbs)
    _add_set(verbs)
    _add_run(verbs)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb names; a verb that returns nothing is done."""
    return arguments.act(arguments) or 0


def span(text: str) -> dt.timedelta:
    """Read a duration.

    Raises:
        ArgumentTypeError: it is none.

    >>> span("90m")
    datetime.timedelta(seconds=5400)
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        msg = f"expected a count and a unit such as 90m, 6h or 2d, got {text}"
        raise argparse.ArgumentTypeError(msg)
    return dt.timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _checked(text: str) -> str:
    span(text)
    return text


# --- what each takes ---


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, act: Act, summary: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=summary)
    verb.set_defaults(act=act)
    verb.add_argument("--file", type=Path, default=AUDIT / STATE, help="the scheduler's state (default: %(default)s)")
    return verb


def _add_run(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "run",
        help="train what is due, and propose what holds",
        epilog=schedule_run.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(act=schedule_run.run)
    schedule_run.add_arguments(verb)


def _add_show(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = _verb(verbs, "show", show, "say when each model was last trained, when it is due, and what holds it back")
    verb.add_argument("--now", type=moment, help="judge as of this UTC time, 2026-11-21T10:15:00Z (default: now)")
    verb.add_argument("--width", type=int, help="columns of the table (default: the terminal's)")


def _add_pause(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = _verb(verbs, "pause", _pause, "hold training back, until a time or until somebody resumes")
    end = verb.add_mutually_exclusive_group()
    end.add_argument("--until", type=moment, metavar="TIME", help="a UTC time, 2026-11-21T10:15:00Z")
    end.add_argument("--for", type=span, metavar="SPAN", dest="duration", help="90m, 6h, 2d, 1w")
    verb.add_argument("--reason", required=True, help="why nothing may be trained")
    _add_interval(verb)
    _add_job(verb)


def _add_resume(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    _add_job(_verb(verbs, "resume", _resume, "end the pause"))


def _add_reset(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = _verb(verbs, "reset", _reset, "begin anew from a last run that is known")
    verb.add_argument("--last-run", type=moment, metavar="TIME", required=True, help="when models were last trained, a UTC time")
    _add_interval(verb)
    _add_job(verb)


def _add_set(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = _verb(verbs, "set", _set, "put another schedule in place of a job's declared one, or end that")
    verb.add_argument("job", nargs="?", metavar="MODEL", help="whose; without it, the interval of the roster as a whole")
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("--every", type=_checked, metavar="SPAN", help="a duration since the last run, 12h")
    what.add_argument("--cron", metavar="LINE", help="five fields of cron, 30 22 * * 5")
    what.add_argument("--declared", action="store_true", help="what conf/schedule/ declares decides again")
    verb.add_argument("--timezone", metavar="ZONE", default="UTC", help="of --cron, America/New_York (default: %(default)s)")
    verb.add_argument("--calendar", help="of --cron: pass over days without a session of XNYS, fx, …")
    verb.add_argument("--reason", default="", help="why; a job's schedule is not set without")


def _add_job(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--job", metavar="MODEL", help="one model's job (default: the roster as a whole)")


def _add_interval(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--interval", type=span, metavar="SPAN", help="between two trainings, 6h (default: what the file says)")


# --- the verbs ---


def _pause(arguments: argparse.Namespace) -> None:
    done = scheduler_of(arguments).pause(reason=arguments.reason, until=arguments.until, duration=arguments.duration)
    record = done.jobs[arguments.job] if arguments.job else done
    say_change(arguments, f"training{_of(arguments)} is paused {pause_in_words(record.paused_until, record.paused_reason)}")


def _resume(arguments: argparse.Namespace) -> None:
    found = read_state(arguments.file)
    if found is None:
        say_nothing(arguments, f"{arguments.file}: there is no such file, so there is no pause to end")
        return
    record = found.jobs.get(arguments.job) if arguments.job else found
    if record is None or not record.is_paused(utc_now()):
        say_change(arguments, "there is no pause to end", changed=False)
    else:
        scheduler_of(arguments).resume()
        say_change(arguments, f"the pause{_of(arguments)} is ended")


def _reset(arguments: argparse.Namespace) -> None:
    jobs = load_schedules(Path()) if _is_damaged(arguments.file) else None
    scheduler_of(arguments).reset(arguments.last_run, jobs=jobs)
    whose = f"the job {arguments.job}" if arguments.job else "the scheduler"
    say_change(arguments, f"{whose} begins anew from {moment_in_words(arguments.last_run)}")


def _set(arguments: argparse.Namespace) -> None:
    if arguments.job is None:
        _set_roster_s(arguments)
    elif arguments.declared:
        scheduler_of(arguments).follow()
        say_change(arguments, f"{arguments.job} follows what is declared")
    else:
        given = {name: getattr(arguments, name) for name in ("every", "cron", "timezone", "calendar")}
        schedule = convert(given, ScheduleConfig, "schedule set", error=ConfigError)
        scheduler_of(arguments).override(schedule, reason=arguments.reason)
        say_change(arguments, f"{arguments.job} has a schedule of its own, in place of what is declared")


def _set_roster_s(arguments: argparse.Namespace) -> None:
    if arguments.every is None:
        msg = f"schedule set: expected a model before {'--declared' if arguments.declared else '--cron'}, got none"
        raise ConfigError(msg, hint="bot-core schedule set MODEL …; the roster as a whole has an interval alone: --every 6h")
    interval = span(arguments.every)
    RetrainingScheduler(interval, persistence_path=arguments.file).update_interval(interval)
    say_change(arguments, "the interval of the roster as a whole is changed")


def _of(arguments: argparse.Namespace) -> str:
    return f" of {arguments.job}" if arguments.job else ""


def _is_damaged(file: Path) -> bool:
    try:
        read_state(file)
    except DocumentError:
        return True
    return False
