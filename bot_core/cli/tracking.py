"""`bot-core tracking record | backfill | status | list`: what trackers were told of each training, and what they have still to be told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core.cli.show import say
from bot_core.config.load import load_roster
from bot_core.config.tracking import load_tracking
from bot_core.errors import ConfigError, TrackingError
from bot_core.tracking import health
from bot_core.tracking.backfill import backfill
from bot_core.tracking.builds import record_built
from bot_core.tracking.local import kept
from bot_core.tracking.spool import PLACE, Spool

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from bot_core.documents.tracking import Told, TrackedRun
    from bot_core.tracking.builds import Recorded
    from bot_core.tracking.finding import Finding

REFUSED = 20
EPILOG = """\
  bot-core tracking record                 every built model of the roster that is not recorded yet
  bot-core tracking record eurusd_range --to mlflow
  bot-core tracking backfill               tell the trackers what waits, in order; what they have is not sent again
  bot-core tracking status                 what waits, and since when; with --check ask each tracker whether it answers and knows us
  bot-core tracking list --last 5          the newest runs that are recorded here

A run is a file under var/tracking/runs/ before anybody is told. conf/tracking/ says who is told; a tracker that is away makes no
command fail but backfill and status --check (exit 2 and 20), and loses nothing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the four verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="record|backfill|status|list", required=True)
    recorded = verbs.add_parser("record", help="record what was built, and tell the trackers")
    recorded.add_argument("models", nargs="*", metavar="MODEL", help="names in params.yaml (default: all that are built)")
    recorded.add_argument("--to", metavar="CHOICE", help="a file of conf/tracking/ (default: what each model was composed with)")
    verbs.add_parser("backfill", help="tell the trackers what waits")
    status = verbs.add_parser("status", help="what waits, since when")
    status.add_argument("--check", action="store_true", help="ask each declared tracker too")
    shown = verbs.add_parser("list", help="the runs that are recorded here")
    shown.add_argument("--last", type=int, default=20, metavar="N", help="the newest (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the four."""
    return _VERBS[arguments.verb](arguments)


# --- the verbs ---


def _record(arguments: argparse.Namespace) -> int:
    given = load_tracking(Path(), arguments.to) if arguments.to else None
    done = record_built(Path(), _models(arguments.models), to=given)
    for line in (line for found in done for line in found.words()):
        print(line, file=sys.stderr)
    facts = [{"model": found.model, **to_builtins(found.delivery)} for found in done if found.delivery is not None]
    problems = [{"model": found.model, "problem": str(found.problem)} for found in done if found.problem is not None]
    say(arguments, {"runs": facts, "problems": problems}, _recorded(done))
    return max((found.problem.exit_code for found in done if found.problem is not None), default=0)


def _backfill(arguments: argparse.Namespace) -> int:
    done = list(backfill(Path()))
    left = [told for told in done if told.state in {"spooled", "refused"}]
    say(arguments, {"told": [to_builtins(told) for told in done]}, [_line(told) for told in done] or ["nothing waits"])
    if left:
        msg = f"{PLACE}: expected to tell all that waits, got {len(left)} of {len(done)} left: {left[0].reason}"
        raise TrackingError(msg, hint=left[0].hint or "bot-core tracking status --check")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    waiting = Spool(Path()).waiting()
    answers = list(health.trackers(load_tracking(Path()), Path())) if arguments.check else []
    lines = [f"{entry.tracker}: {entry.run.name} waits since {entry.run.ended:%Y-%m-%dT%H:%M:%SZ}" for entry in waiting]
    lines += [f"{'✓' if found.well else '✗'} {found.check}: {found.found}" + _to_do(found) for found in answers]
    facts = [{"run": entry.run.id, "name": entry.run.name, "tracker": entry.tracker, "ended": entry.run.ended} for entry in waiting]
    count = len(kept(Path()))
    say(
        arguments,
        {"recorded": count, "waiting": facts, "trackers": answers},
        [f"recorded: {count}, waiting to be told: {len(waiting)}", *lines],
    )
    return 0 if all(found.well for found in answers) else REFUSED


def _list(arguments: argparse.Namespace) -> int:
    runs = kept(Path())[-max(arguments.last, 0) :] if arguments.last else []
    say(
        arguments,
        {"runs": [to_builtins(found) for found in runs]},
        [_row(found) for found in reversed(runs)] or ["no run is recorded"],
    )
    return 0


_VERBS = {"record": _record, "backfill": _backfill, "status": _status, "list": _list}


# --- what they say ---


def _models(asked: Sequence[str]) -> list[str]:
    roster = load_roster(Path("params.yaml"))
    unknown = [model for model in asked if model not in roster]
    if unknown:
        msg = f"params.yaml: models: expected one of {', '.join(roster)}; got {unknown[0]}"
        raise ConfigError(msg, hint="bot-core models")
    return list(dict.fromkeys(asked)) or [model for model in roster if Path("build", model, "model.json").is_file()]


def _recorded(done: Sequence[Recorded]) -> list[str]:
    width = max((len(found.model) for found in done), default=0)
    kept = [(found.model, found.delivery) for found in done if found.delivery is not None]
    lines = [f"{model:<{width}}  {delivery.path}" + ("" if delivery.new else "  recorded before") for model, delivery in kept]
    return lines if done else ["no model of the roster is built: dvc repro"]


def _line(told: Told) -> str:
    return f"{told.tracker}: {told.run}: {told.state}: {told.where or told.reason}"


def _to_do(found: Finding) -> str:
    return f"\n    → {found.hint}" if found.hint and not found.well else ""


def _row(found: TrackedRun) -> str:
    commit = (found.origin.commit or "no commit")[:8] + ("" if found.origin.clean else "+")
    return f"{found.ended:%Y-%m-%d %H:%M}  {found.id[:8]}  {commit:<9}  {found.experiment}  {found.name}"
