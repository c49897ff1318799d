"""`bot-core reconcile`: follow git; what is proven is put in force, and nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core.cli.show import say
from bot_core.config.runtime import POLL_S, SETTINGS, load_settings
from bot_core.errors import ConfigError
from bot_core.governance.reasons import CODES, Verdict
from bot_core.governance.state import StateFolder
from bot_core.reporting.machine import lines
from bot_core.runtime.clock import SteadyClock
from bot_core.runtime.clone import Clone
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.reconciler import Reconciler

if TYPE_CHECKING:
    import argparse

    from bot_core.config.runtime import RuntimeSettings
    from bot_core.documents.runtime import RuntimeStatus

EPILOG = """\
  bot-core reconcile --once                            one pass; the exit code says how it went
  bot-core reconcile --watch 1                         a pass each second, until interrupted
  bot-core reconcile --repo URL --env production --state /var/lib/bot-core --once

fetch, ancestry, policy from the pinned one, halts and revocations, the same decision as the gate's, bytes by SHA-256, golden outputs to the
last bit; then the journal, then one rename. What was proven before goes on deciding while the server is away; a halt, a revocation or an
expired sign-off stops it. Exit codes: 0 what git desires is in force, 2 the repository cannot be reached, 10 approvals outstanding,
20 refused, 30 tampering.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where, and how often."""
    add_settings(parser)
    often = parser.add_mutually_exclusive_group(required=True)
    often.add_argument("--once", action="store_true", help="one pass")
    often.add_argument("--watch", type=float, metavar="SECONDS", help="a pass, a pause of so long, and again")
    parser.add_argument("--parent", type=int, metavar="PID", help="with --watch: end when the process that started this one has")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare what a machine's settings may be replaced by for one command."""
    parser.add_argument("--settings", type=Path, default=SETTINGS, help=f"a file of conf/runtime/ (default: {SETTINGS})")
    parser.add_argument("--repo", help="a path or an address to fetch from (default: the settings')")
    parser.add_argument("--branch", help="the protected branch (default: the settings')")
    parser.add_argument("--env", help="an environment of the policy (default: the settings')")
    parser.add_argument("--state", metavar="DIR", help="what is proven and remembered here (default: the settings')")
    parser.add_argument("--journal", metavar="FILE", help="the decision journal (default: the settings')")


def settings_of(arguments: argparse.Namespace) -> RuntimeSettings:
    """Read the settings, with what the command line says instead.

    Raises:
        ConfigError: no such file, or not what the group allows.
    """
    said = {"repository": arguments.repo, "branch": arguments.branch, "environment": arguments.env, "state": arguments.state}
    said["journal"] = arguments.journal
    return msgspec.structs.replace(load_settings(arguments.settings), **{name: value for name, value in said.items() if value})


def reconciler_of(settings: RuntimeSettings) -> Reconciler:
    """Make a reconciler of settings; nothing is opened or created yet."""
    folder = StateFolder(Path(settings.state))
    clone = Clone(folder.repository, settings.repository, settings.branch, settings.fetch_timeout_s)
    key = Path(settings.signing_key) if settings.signing_key else None
    journal = JsonlTradingDecisionJournal(settings.journal, fsync=settings.fsync, signing_key=key)
    return Reconciler(settings, folder, clone, journal, SteadyClock())


def run(arguments: argparse.Namespace) -> int:
    """Reconcile once, or until interrupted."""
    reconciler = reconciler_of(settings_of(arguments))
    if arguments.once:
        status = reconciler.once()
        say(arguments, msgspec.to_builtins(status), list(lines(status, reconciler.folder.memory())))
        return exit_code(status)
    least, most = POLL_S
    if not least <= arguments.watch <= most:
        msg = f"--watch: expected {least:g} to {most:g} seconds, got {arguments.watch:g}"
        raise ConfigError(msg)
    _watch(arguments, reconciler)
    return 0


def _watch(arguments: argparse.Namespace, reconciler: Reconciler) -> None:
    """Pass after pass, until told to end; say what changed, and nothing while nothing does. A child that lost its parent ends too."""
    stop, shown = threading.Event(), ""
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while arguments.parent in {None, os.getppid()} and not stop.is_set():
        began = time.monotonic()
        status = reconciler.once()
        text = "\n".join(lines(status, reconciler.folder.memory()))
        if text != shown:
            say(arguments, msgspec.to_builtins(status), [f"{status.last_attempted:%Y-%m-%d %H:%M:%S} UTC", *text.split("\n")])
            shown = text
        stop.wait(max(0.0, arguments.watch - (time.monotonic() - began)))


def exit_code(status: RuntimeStatus) -> int:
    """Return 0 where what git desires is in force, else what stands in the way."""
    problem = next((c for c in status.conditions if c.name == "Stalled" and c.holds), None)
    if problem is not None:
        return _verdict(problem.reason)
    if not status.holds("Fresh"):
        return 2
    return max((_verdict(reason.partition(":")[0]) for model in status.models for reason in model.reasons), default=0)


def _verdict(code: str) -> int:
    """Return the exit code that a reason leads to; what the gate has no code for is refused."""
    return int(CODES[code][0] if code in CODES else Verdict.DENY)
