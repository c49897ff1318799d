"""`bot-core audit alerts | replay | export | publish`: what is open, what could decide then, who did what, what an environment shows."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai.recent_reports import AUDIT, critical_reports, unjournalled
from bot_core.ai.sign_offs import pending_sign_offs
from bot_core.cli.gate import moment
from bot_core.cli.show import say
from bot_core.cli.status import lines
from bot_core.errors import ConfigError
from bot_core.governance.alerts import LATER
from bot_core.governance.desk import Desk
from bot_core.governance.extracts import BRANCH
from bot_core.governance.ledger import Event, events
from bot_core.governance.snapshot import effective_times
from bot_core.governance.standings import places
from bot_core.reporting.decision_journal import render
from bot_core.runtime.journal import recorded
from bot_core.runtime.press import Wish
from bot_core.runtime.publishing import publish

if TYPE_CHECKING:
    import argparse

EPILOG = """\
  bot-core audit alerts --journal FILE                    critical reports that nobody answered, or that the journal does not know
  bot-core audit replay --at COMMIT                       what might decide when that commit came, by the policy it held
  bot-core audit export --period 2026-10-01..2026-12-31   every governed change of the protected branch, with who signed it
  bot-core audit publish --env paper --journal FILE --key KEY --signer runtime-1     what the service here shows of paper

the same decision function answers as in the gate, so a replay cannot disagree with what was allowed. publish puts on the branch audit-log,
in one commit, what is new: for each release of the environment signed extracts of scheduler and journal, which bot-core promote takes from
there; the journal's signed head; later reports; and audit/ai_decision/decision_journal.md. Your files and your index stay as they are.
"""
FORMATS = ("text", "json", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the four verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="alerts|replay|export|publish", required=True)
    alerts = verbs.add_parser("alerts", help="list critical reports, who has not answered them, and whether they were journalled")
    alerts.add_argument("--journal", type=Path, metavar="FILE", help="the decision journal; without it that is not looked at")
    alerts.add_argument("--audit", type=Path, metavar="DIR", default=AUDIT, help=f"where the reports lie (default: {AUDIT})")
    replay = verbs.add_parser("replay", help="judge a commit as of its own time")
    replay.add_argument("--at", required=True, metavar="COMMIT", help="a first parent of the protected branch")
    replay.add_argument("--env", help="one environment (default: all)")
    replay.add_argument("--now", type=moment, help="as of this UTC time (default: the commit's effective time)")
    export = verbs.add_parser("export", help="list governed changes")
    export.add_argument("--period", required=True, metavar="FIRST..LAST", help="two UTC dates, both included")
    export.add_argument("--ref", default="HEAD", help="the protected branch (default: what is checked out)")
    _add_publish(verbs.add_parser("publish", help="publish what a running environment shows of itself"))


def _add_publish(publish: argparse.ArgumentParser) -> None:
    publish.add_argument("--env", required=True, help="the environment that runs here")
    publish.add_argument("--journal", required=True, type=Path, metavar="FILE", help="its journal")
    publish.add_argument("--key", required=True, type=Path, help="the service's private key; the public one's file with an agent")
    publish.add_argument(
        "--signer", required=True, metavar="SERVICE", help="a service of the policy that may publish heads and reports"
    )
    publish.add_argument(
        "--state", type=Path, metavar="DIR", help="the folder with what the runtime writes under audit/ai_decision/"
    )
    publish.add_argument(
        "--scheduler", type=Path, metavar="FILE", help="the scheduler's state (default: audit/ai_decision/scheduler.json there)"
    )
    publish.add_argument("--remote", default="origin", help="where the branch lives (default: origin)")
    publish.add_argument("--no-push", action="store_true", help="leave the commit on the branch here")
    publish.add_argument("--branch", default=BRANCH, help="the branch (default: audit-log)")
    publish.add_argument("--ref", default="HEAD", help="the commit that says what stands there (default: what is checked out)")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the four."""
    desk = Desk.here()
    return {"alerts": _alerts, "replay": _replay, "export": _export, "publish": _publish}[arguments.verb](arguments, desk)


def _alerts(arguments: argparse.Namespace, desk: Desk) -> int:
    """List what is open; exit 20 if anything is."""
    reports = [report for kind in ("data_quality", "drift", "degradation") for report in critical_reports(kind, arguments.audit)]
    owed = {path for paths in pending_sign_offs(reports, root=desk.root).values() for path in paths}
    later = [report for report in reports if LATER.search(Path(report.report_path).as_posix())]
    events = [event for _, event in recorded(arguments.journal)] if arguments.journal else []
    unknown = {report.report_path for report in unjournalled(later, events)} if arguments.journal else set()
    rows: list[dict[str, object]] = []
    lines = []
    for path in (report.report_path for report in reports):
        rows.append({"path": path, "answered": path not in owed, "journalled": path not in unknown})
        wrong = [word for word, holds in (("not answered", path in owed), ("not in the journal", path in unknown)) if holds]
        lines.append(f"{path}: {', '.join(wrong) or 'in order'}")
    is_open = bool(owed or unknown)
    hint = ["→ bot-core review alert MODEL.KIND FILE --role ROLE --signer NAME --key KEY --dismiss"] if is_open else []
    say(arguments, {"alerts": rows, "open": is_open}, [*lines, *hint] or ["no critical report"])
    return 20 if is_open else 0


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


def _publish(arguments: argparse.Namespace, desk: Desk) -> int:
    if arguments.format == "csv":
        msg = "--format: expected text or json, got csv: only export writes it"
        raise ConfigError(msg)
    wish = Wish(
        environment=arguments.env,
        journal=arguments.journal,
        state=arguments.state or desk.root,
        key=arguments.key,
        signer=arguments.signer,
        scheduler=arguments.scheduler,
        remote=None if arguments.no_push else arguments.remote,
        branch=arguments.branch,
    )
    done = publish(desk, desk.at(arguments.ref), wish, render)
    where = arguments.branch if wish.remote is None else f"{wish.remote}/{arguments.branch}"
    said = f"published on {where}: {done.commit[:12]}" if done.commit else f"nothing new for {where}"
    lines = [said, *(f"  {path}" for path in done.files), *(f"not shown: {note}" for note in done.notes)]
    say(arguments, {"branch": where, "commit": done.commit, "files": done.files, "notes": done.notes}, lines)
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
