"""`bot-core schedule run`: train what is due, and propose what holds; once, or for as long as it runs."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core.cli.show import say
from bot_core.config.load import load_roster
from bot_core.config.runtime import SETTINGS, load_settings
from bot_core.errors import ConfigError
from bot_core.governance.desk import Desk
from bot_core.retraining.hosts import host_of
from bot_core.retraining.jobs import FOLDER, Runner

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from bot_core.retraining.jobs import Ran

FAILED = 1
EPILOG = """\
  bot-core schedule run                        every job that is due, and every one that was interrupted
  bot-core schedule run eurusd_range --force   this one, due or not
  bot-core schedule run --watch --poll 60      for as long as it runs: what a service does

A run works in a clone of its own under var/retraining/: it brings new rows where conf/data/ names a source, builds what is stale, holds
the challenger against the champion, releases, and pushes a branch. It ends as a pull request; nothing it does lets a model decide.
A run that was interrupted goes on where it was. A worse or unproven challenger is recorded and proposed to nobody.
Exit code 1: a job failed, or its challenger is worse; the others ran.
"""


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Declare which jobs, and how."""
    verb.add_argument("jobs", nargs="*", metavar="JOB", help="models of params.yaml (default: all)")
    verb.add_argument("--force", action="store_true", help="run them whether they are due or not; a pause does not hold them")
    verb.add_argument("--watch", action="store_true", help="look again and again until told to stop")
    verb.add_argument("--poll", type=float, default=60.0, metavar="SECONDS", help="between two looks (default: %(default)s)")
    verb.add_argument("--remote", help="where branches are pushed (default: origin, else the repository here)")
    verb.add_argument("--base", default="main", help="the protected branch (default: main)")
    verb.add_argument("--author", help="who signs releases, a name in the policy (default: they are proposed unsigned)")
    verb.add_argument("--key", type=Path, help="the author's key")
    verb.add_argument("--settings", type=Path, default=SETTINGS, help="the machine's settings (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Run what is due; with --watch until SIGTERM or an interrupt."""
    if (arguments.author is None) != (arguments.key is None):
        msg = "--author and --key: expected both or neither, got one"
        raise ConfigError(msg, hint="an author signs with a key: --author NAME --key FILE")
    names, runner = _names(arguments.jobs), _runner(arguments)
    if not arguments.watch:
        done = runner.run_due(names, force=arguments.force)
        say(arguments, {"runs": [_facts(ran) for ran in done]}, _lines(done))
        return FAILED if any(ran.record.outcome == "failed" for ran in done) else 0
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.is_set():
        done = runner.run_due(names, force=False)
        if done:
            say(arguments, {"runs": [_facts(ran) for ran in done]}, _lines(done))
            sys.stdout.flush()
        stop.wait(arguments.poll)
    return 0


def _runner(arguments: argparse.Namespace) -> Runner:
    root = Desk.here().root
    settings = load_settings(arguments.settings)
    return Runner(
        root=root,
        settings=settings,
        host=host_of(settings.host, os.environ, root / FOLDER / "proposals"),
        remote=arguments.remote,
        base=arguments.base,
        author=None if arguments.author is None else (arguments.author, arguments.key),
        clock=lambda: dt.datetime.now(dt.UTC),
        say=lambda job, words: print(f"{job}: {words}", file=sys.stderr, flush=True),
    )


def _names(asked: Sequence[str]) -> list[str]:
    roster = load_roster(Path("params.yaml"))
    unknown = [name for name in asked if name not in roster]
    if unknown:
        msg = f"params.yaml: models: expected one of {', '.join(roster)}; got {unknown[0]}"
        raise ConfigError(msg, hint="bot-core models")
    return list(dict.fromkeys(asked)) or list(roster)


def _facts(ran: Ran) -> dict[str, object]:
    plain: dict[str, object] = to_builtins(ran.record)
    return {**plain, "seconds": round(ran.seconds, 3)}


def _lines(done: Sequence[Ran]) -> Iterator[str]:
    if not done:
        yield "nothing is due: bot-core schedule show"
        return
    width = max(len(ran.record.job) for ran in done)
    for ran in done:
        record = ran.record
        words = [record.outcome.replace("_", " "), f"{ran.seconds:.1f} s", *filter(None, (record.version, record.reason))]
        yield f"{record.job:<{width}}  {'; '.join(words)}"
    for ran in done:
        if ran.record.outcome == "proposed":
            yield f"next: merge {ran.record.branch} once it is signed; its words: {FOLDER}/{ran.record.job}/pull_request.md"
