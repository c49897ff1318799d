"""`bot-core schedule show | pause | resume | reset`: when models are trained anew, and what holds it back."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core.ai.audit import AUDIT, STATE, read_state
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.cli.gate import moment
from bot_core.cli.show import say
from bot_core.journal.append import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot_core.documents.schedule import SchedulerState

EPILOG = """\
  bot-core schedule show                                      is a training due, and why or why not?
  bot-core schedule pause --for 6h --reason "Drift alert"     nothing is trained meanwhile
  bot-core schedule pause --reason "Rollback"                 … until somebody resumes
  bot-core schedule resume
  bot-core schedule reset --last-run 2026-11-21T10:15:00Z --interval 6h

reset is the way out where git has no good copy of a damaged file, or where its times lie ahead of the clock: failures are forgotten;
the pause and the interval stay where they can still be read. Nothing is created by looking.
"""
_UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_NAMES = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
_SPAN = re.compile(r"([0-9]{1,6})([smhdw])")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the four verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="show|pause|resume|reset", required=True)
    show = verbs.add_parser("show", help="say when the last training was, when the next is due, and what holds it back")
    pause = verbs.add_parser("pause", help="hold training back, until a time or until somebody resumes")
    resume = verbs.add_parser("resume", help="end the pause")
    reset = verbs.add_parser("reset", help="begin anew from a last run that is known")
    for verb in (show, pause, resume, reset):
        verb.add_argument("--file", type=Path, default=AUDIT / STATE, help="the scheduler's state (default: %(default)s)")
    show.add_argument("--now", type=moment, help="judge as of this UTC time, 2026-11-21T10:15:00Z (default: now)")
    end = pause.add_mutually_exclusive_group()
    end.add_argument("--until", type=moment, metavar="TIME", help="a UTC time, 2026-11-21T10:15:00Z")
    end.add_argument("--for", type=span, metavar="SPAN", dest="duration", help="90m, 6h, 2d, 1w")
    pause.add_argument("--reason", required=True, help="why nothing may be trained")
    reset.add_argument("--last-run", type=moment, metavar="TIME", required=True, help="when models were last trained, a UTC time")
    for verb in (pause, reset):
        verb.add_argument("--interval", type=span, metavar="SPAN", help="between two trainings, 6h (default: what the file says)")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the four."""
    _VERBS[arguments.verb](arguments)
    return 0


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


# --- the verbs ---


def _show(arguments: argparse.Namespace) -> None:
    now = arguments.now or utc_now()
    if read_state(arguments.file) is None:
        _say_nothing(arguments, f"{arguments.file}: there is no such file: no scheduler has recorded anything here yet")
        return
    state = RetrainingScheduler(persistence_path=arguments.file).state(now)
    say(arguments, _facts(arguments, state, now), _lines(arguments.file, state, now))


def _pause(arguments: argparse.Namespace) -> None:
    scheduler = RetrainingScheduler(arguments.interval, persistence_path=arguments.file)
    state = scheduler.pause(reason=arguments.reason, until=arguments.until, duration=arguments.duration)
    _say_change(arguments, state, f"training is paused {_pause_in_words(state)}")


def _resume(arguments: argparse.Namespace) -> None:
    found = read_state(arguments.file)
    if found is None:
        _say_nothing(arguments, f"{arguments.file}: there is no such file, so there is no pause to end")
    elif not found.is_paused(utc_now()):
        say(arguments, _facts(arguments, found, utc_now()), ["there is no pause to end"])
    else:
        _say_change(arguments, RetrainingScheduler(persistence_path=arguments.file).resume(), "the pause is ended")


def _reset(arguments: argparse.Namespace) -> None:
    state = RetrainingScheduler(arguments.interval, persistence_path=arguments.file).reset(arguments.last_run)
    _say_change(arguments, state, f"the scheduler begins anew from {_time(arguments.last_run)}")


_VERBS: dict[str, Callable[[argparse.Namespace], None]] = {"show": _show, "pause": _pause, "resume": _resume, "reset": _reset}


# --- in words ---


def _say_nothing(arguments: argparse.Namespace, sentence: str) -> None:
    say(arguments, {"file": str(arguments.file), "state": None}, [sentence])


def _say_change(arguments: argparse.Namespace, state: SchedulerState, sentence: str) -> None:
    now = state.updated_at
    say(arguments, _facts(arguments, state, now), [sentence, *_lines(arguments.file, state, now)])


def _facts(arguments: argparse.Namespace, state: SchedulerState, now: dt.datetime) -> dict[str, object]:
    due, why = _verdict(state, now)
    return {
        "file": str(arguments.file),
        "due": due,
        "why": why,
        "paused": state.is_paused(now),
        "state": to_builtins(state),
    }


def _lines(file: Path, state: SchedulerState, now: dt.datetime) -> Iterator[str]:
    due, why = _verdict(state, now)
    yield str(file)
    yield f"  last run   {_since(state.last_run, now) if state.last_run else 'never'}"
    yield f"  next run   {_time(state.next_run) if state.next_run else 'when somebody resumes'}"
    yield f"  interval   {in_words(state.every)}"
    yield f"  pause      {_pause_in_words(state) if state.is_paused(now) else 'none'}"
    yield f"  cool-down  {f'until {_time(state.cooldown_until)}' if _cools(state, now) and state.cooldown_until else 'none'}"
    yield f"  failures   {_failures(state, now)}"
    yield f"  due now    {'yes' if due else 'no'}: {why}"


def _verdict(state: SchedulerState, now: dt.datetime) -> tuple[bool, str]:
    """Say whether a training is due, and why or why not."""
    due = state.due(now)
    if due is not None and due <= now:
        return True, "there was none yet" if state.last_run is None else f"since {_time(due)}"
    left = now if state.last_run is None else state.last_run + state.every
    held = [
        f"paused {_pause_in_words(state)}" if state.is_paused(now) else "",
        f"cooling down until {_time(state.cooldown_until)}" if _cools(state, now) and state.cooldown_until else "",
        f"{in_words(left - now)} of the interval are left" if left > now else "",
    ]
    return False, "; ".join(filter(None, held))


def _cools(state: SchedulerState, now: dt.datetime) -> bool:
    return state.cooldown_until is not None and now < state.cooldown_until


def _pause_in_words(state: SchedulerState) -> str:
    end = "somebody resumes" if state.paused_until is None else _time(state.paused_until)
    return f"until {end}: {state.paused_reason}"


def _failures(state: SchedulerState, now: dt.datetime) -> str:
    if state.last_failure is None:
        return "none"
    return f"{state.failure_streak or 'none'} in a row; the last {_since(state.last_failure, now)}: {state.last_failure_reason}"


def _since(time: dt.datetime, now: dt.datetime) -> str:
    away = f"{in_words(now - time)} ago" if time <= now else f"{in_words(time - now)} ahead of the clock"
    return f"{_time(time)}, {away}"


def _time(time: dt.datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def in_words(length: dt.timedelta) -> str:
    """Spell a duration by its two largest units.

    >>> in_words(dt.timedelta(hours=30)), in_words(dt.timedelta(seconds=0.2))
    ('1 day 6 hours', 'less than a second')
    """
    left = int(length.total_seconds())
    parts: list[str] = []
    for unit, name in _NAMES.items():
        number, left = divmod(left, _UNITS[unit])
        if number or parts:
            parts.append(f"{number} {name}{'s' * (number != 1)}" if number else "")
    return " ".join(filter(None, parts[:2])) or "less than a second"
