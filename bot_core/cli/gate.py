"""`bot-core gate`: may this branch be merged?"""

from __future__ import annotations

import argparse
import datetime as dt
import os
from pathlib import Path

import msgspec

from bot_core.governance.desk import Desk
from bot_core.governance.gate import gate
from bot_core.reporting.verdicts import as_json, as_junit, as_lines, as_workflow

EPILOG = """\
  bot-core gate --base origin/main                 this branch into main
  bot-core gate --base main --head promote/x --format json

exit codes: 0 ALLOW, 1 an internal fault (never a pass), 2 bad arguments, 10 PENDING, 20 DENY, 30 TAMPER.
The policy is the base branch's, never the pull request's. No switch turns the gate off.
"""
FORMATS = ("text", "json", "github", "junit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is merged into what, and when."""
    parser.add_argument("--base", required=True, help="the protected branch")
    parser.add_argument("--head", default="HEAD", help="the proposal (default: what is checked out)")
    parser.add_argument("--now", type=moment, help="judge as of this UTC time, 2026-11-21T10:15:00Z (default: now)")


def run(arguments: argparse.Namespace) -> int:
    """Judge, print, and return the verdict's exit code."""
    desk = Desk.here(arguments.now)
    found = gate(desk.git, arguments.base, arguments.head, desk.now)
    if arguments.format == "json":
        print(msgspec.json.encode(as_json(found)).decode())
    elif arguments.format == "junit":
        print(as_junit(found))
    elif arguments.format == "github":
        annotations, summary = as_workflow(found)
        print(annotations)
        if target := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(target).open("a", encoding="utf-8") as stream:
                stream.write(summary)
    else:
        print("\n".join(as_lines(found)))
    return int(found.verdict)


def moment(text: str) -> dt.datetime:
    """Read a UTC time.

    Raises:
        ArgumentTypeError: it is none.
    """
    msg = f"expected a UTC time such as 2026-11-21T10:15:00Z, got {text}"
    try:
        time = dt.datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(msg) from error
    raise argparse.ArgumentTypeError(msg)
