"""`bot-core audit replay | export`: what could decide then, and who did what."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.cli.gate import moment
from bot_core.cli.show import say
from bot_core.cli.status import lines
from bot_core.errors import ConfigError
from bot_core.governance.desk import Desk
from bot_core.governance.ledger import Event, events
from bot_core.governance.snapshot import effective_times
from bot_core.governance.standings import places

if TYPE_CHECKING:
    import argparse

EPILOG = """\
  bot-core audit replay --at COMMIT                       what might decide when that commit came, by the policy it held
  bot-core audit export --period 2026-10-01..2026-12-31   every governed change of the protected branch, with who signed it

the same decision function answers as in the gate, so a replay cannot disagree with what was allowed.
"""
FORMATS = ("text", "json", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the two verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="replay|export", required=True)
    replay = verbs.add_parser("replay", help="judge a commit as of its own time")
    replay.add_argument("--at", required=True, metavar="COMMIT", help="a first parent of the protected branch")
    replay.add_argument("--env", help="one environment (default: all)")
    replay.add_argument("--now", type=moment, help="as of this UTC time (default: the commit's effective time)")
    export = verbs.add_parser("export", help="list governed changes")
    export.add_argument("--period", required=True, metavar="FIRST..LAST", help="two UTC dates, both included")
    export.add_argument("--ref", default="HEAD", help="the protected branch (default: what is checked out)")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the two."""
    desk = Desk.here()
    return _replay(arguments, desk) if arguments.verb == "replay" else _export(arguments, desk)


def _replay(arguments: argparse.Namespace, desk: Desk) -> int:
    commit = desk.git.resolve(arguments.at)
    when = arguments.now or effective_times(desk.git.first_parents(commit), desk.now, {})[commit]
    then = Desk(desk.root, when)
    found = places(then.at(commit), when, arguments.env)
    facts = {"commit": commit, "as_of": when, "environments": [place.as_json() for place in found or []]}
    say(arguments, facts, [f"{commit[:12]} as of {when:%Y-%m-%dT%H:%M:%SZ}", *lines(found, then)])
    return 0


def _export(arguments: argparse.Namespace, desk: Desk) -> int:
    first, last = _period(arguments.period)
    found = list(events(desk.at(arguments.ref), first, last))
    if arguments.format == "csv":
        writer = csv.DictWriter(sys.stdout, Event.__dataclass_fields__, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**asdict(event), "time": f"{event.time:%Y-%m-%dT%H:%M:%SZ}"} for event in found)
        return 0
    body = {"period": arguments.period, "tip": desk.git.resolve(arguments.ref), "events": found}
    facts = {**body, "digest": sha256(encode_json(body))}
    rows = [
        f"{e.time:%Y-%m-%d %H:%M}  {e.commit[:10]}  {e.action:<8} {e.kind:<11} {_who(e):<28} {e.subject or e.path}" for e in found
    ]
    say(arguments, facts, [*rows, f"{len(found)} governed changes"])
    return 0


def _who(event: Event) -> str:
    words = (event.signer, event.role and f"({event.role})", event.decision)
    return " ".join(word for word in words if word)


def _period(text: str) -> tuple[dt.datetime, dt.datetime]:
    first, dots, last = text.partition("..")
    try:
        days = [dt.date.fromisoformat(part) for part in (first, last)]
    except ValueError:
        days = []
    if not dots or len(days) != 2 or days[0] > days[1]:  # noqa: PLR2004  # a period has two ends
        msg = f"--period: expected FIRST..LAST such as 2026-10-01..2026-12-31, got {text}"
        raise ConfigError(msg)
    start, end = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in days)
    return start, end + dt.timedelta(days=1)
