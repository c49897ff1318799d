"""`bot-core run`: decide on bars as they come, by what git allows, and record everything."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core.cli.reconcile import add_settings, reconciler_of, settings_of
from bot_core.cli.show import say
from bot_core.errors import AuditError, ConfigError
from bot_core.governance.state import StateFolder
from bot_core.reporting.machine import lines
from bot_core.runtime import service
from bot_core.runtime.active import ActivePlans
from bot_core.runtime.clock import SteadyClock
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.loop import KEPT_FAILURES
from bot_core.runtime.records import moment
from bot_core.runtime.station import Station
from bot_core.runtime.watching import watched
from bot_core.runtime.writer import JournalWriter

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from bot_core.config.runtime import RuntimeSettings
    from bot_core.decision.candidate import RiskSnapshot
    from bot_core.errors import BotCoreError
    from bot_core.runtime.records import Decision
    from bot_core.runtime.service import Account, Feed, ServedLoop

EPILOG = """\
  bot-core run --env paper                      decide on every new bar of the declared files, until interrupted
  bot-core run --env paper --replay 500         decide on the newest 500 bars that are there, then stop
  bot-core run --env paper --bars eurusd=/var/feed/eurusd.csv

one process follows git (bot-core reconcile --watch), this one decides: features of the bar, a score, the limits, a line in the journal,
and only then an order on paper, filled at the next bar's open. No model that is ready: the rules decide. Started again, it goes on where
it was.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is followed."""
    add_settings(parser)
    parser.add_argument(
        "--bars", action="append", default=[], metavar="INSTRUMENT=FILE", help="another file than the archived one names"
    )
    parser.add_argument("--replay", type=int, metavar="N", help="decide on the newest N bars, then stop")
    parser.add_argument("--seconds", type=float, help="stop after so long (default: never)")
    parser.add_argument("--quiet", action="store_true", help="no line per decision")


def run(arguments: argparse.Namespace) -> int:
    """Decide until told to stop."""
    if arguments.replay is not None and arguments.replay < 1:
        msg = f"--replay: expected a number of bars above zero, got {arguments.replay}"
        raise ConfigError(msg)
    settings = settings_of(arguments)
    _first_pass(settings)
    clock = SteadyClock()
    plans = ActivePlans(StateFolder(Path(settings.state)), clock=clock, max_age=dt.timedelta(days=settings.max_model_age_days))
    feeds = _feeds(settings, plans, arguments.bars)
    account = service.Account.of(settings, list(feeds))
    key = Path(settings.signing_key) if settings.signing_key else None
    journal = JsonlTradingDecisionJournal(settings.journal, fsync=settings.fsync, signing_key=key)
    with JournalWriter(journal) as writer:
        station = Station(plans, writer, account.trader, settings, clock)
        desk = _Desk(station, account, quiet=arguments.quiet or arguments.format == "json")
        words = _watch_words(arguments, settings)
        errors = desk.replay(feeds, arguments.replay) if arguments.replay else desk.follow(feeds, words, arguments.seconds)
        errors += desk.saved()
    say(arguments, desk.facts(), desk.summary())
    for error in errors:
        print(f"{error.code}: {error}", file=sys.stderr)
    return errors[0].exit_code if errors else 0


@dataclass
class _Desk:
    """Runs the loops, keeps the account and counts."""

    station: Station
    account: Account
    quiet: bool
    counted: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    _unsaved: deque[AuditError] = field(default_factory=lambda: deque(maxlen=KEPT_FAILURES))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def replay(self, feeds: Mapping[str, Feed], last: int) -> list[BotCoreError]:
        """Decide on the newest bars of each instrument."""
        loops = {symbol: service.ServedLoop(symbol, self.station) for symbol in feeds}
        decisions = service.replayed(loops, feeds, last, self.account.trader.newest_bar)
        stop = threading.Event()
        with watched(self.station, feeds, stop) as undone:
            errors = service.attended({"replay": decisions}, self._told, stop)
        return [*errors, *undone, *_ended(loops)]

    def follow(self, feeds: Mapping[str, Feed], words: Sequence[str], seconds: float | None) -> list[BotCoreError]:
        """Decide on bars as they come, until a signal or the end of the time given."""
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        ends = time.monotonic() + seconds if seconds is not None else float("inf")
        loops = {symbol: service.ServedLoop(symbol, self.station) for symbol in feeds}

        def over() -> bool:
            return stop.is_set() or time.monotonic() >= ends

        newest = self.account.trader.newest_bar
        decisions = {symbol: service.followed(loop, feeds[symbol], newest(symbol), over) for symbol, loop in loops.items()}
        with (
            service.reconciling(words, stop),
            service.maintained(self.station, stop) as unrecorded,
            watched(self.station, feeds, stop) as undone,
        ):
            errors = service.attended(decisions, self._kept, stop)
        return [*errors, *unrecorded, *undone, *_ended(loops), *self._unsaved]

    def _told(self, decision: Decision) -> None:
        """Count a decision and show it."""
        with self._lock:
            status = "accepted" if decision.accepted else "rejected"
            self.counted[decision.model, decision.version or "no release", decision.arm, status] += 1
            if not self.quiet:
                why = "" if decision.accepted else f": {', '.join(decision.reasons)}"
                when = f"{moment(decision.bar.time):%Y-%m-%d %H:%M}"
                print(f"{when} {decision.symbol} {decision.model} {decision.arm} {status}{why}", flush=True)

    def _kept(self, decision: Decision) -> None:
        """Keep the account as it is after a decision, so that a restart finds it; where that fails, the next decision tries again."""
        for error in self.saved():
            self._unsaved.append(error)
            print(f"{error.code}: {error}", file=sys.stderr, flush=True)
        self._told(decision)

    def saved(self) -> list[AuditError]:
        """Keep the account as it is now; return what stood in the way."""
        try:
            self.account.save()
        except AuditError as error:
            return [error]
        return []

    def facts(self) -> dict[str, object]:
        """Return what was decided, and the account."""
        names = ("model", "version", "arm", "status", "decisions")
        rows = [dict(zip(names, (*key, count), strict=True)) for key, count in sorted(self.counted.items())]
        return {"decisions": rows, "account": msgspec.to_builtins(self._snapshot())}

    def summary(self) -> Iterator[str]:
        """Show the same to a person."""
        for (model, version, who, status), count in sorted(self.counted.items()):
            yield f"{model} {version}: {who} {status} {count}"
        account = self._snapshot()
        realised = f"realised today {account.daily_realized_pnl:,.2f}"
        yield f"paper account: equity {account.last_equity:,.2f}, {realised}, {len(account.positions)} open"

    def _snapshot(self) -> RiskSnapshot:
        return self.account.trader.snapshot(self.station.settings.paper.risk_profile, self.station.clock())


def _ended(loops: Mapping[str, ServedLoop]) -> list[BotCoreError]:
    """Let the loops come to their end; return what they could not do."""
    for loop in loops.values():
        loop.close()
    return [error for loop in loops.values() for error in loop.failures]


def _first_pass(settings: RuntimeSettings) -> None:
    """Follow git once before anything is decided, and say how it went."""
    reconciler = reconciler_of(settings)
    status = reconciler.once()
    reconciler.journal.close()
    print("\n".join(lines(status, reconciler.folder.memory())), file=sys.stderr)


def named_files(bars: Sequence[str]) -> dict[str, str]:
    """Return instrument → file.

    Raises:
        ConfigError: a word that is no such pair, or an instrument twice.
    """
    named = dict(pair.split("=", 1) for pair in bars if "=" in pair)
    if len(named) != len(bars):
        msg = f"--bars: expected INSTRUMENT=FILE, got {', '.join(bars)}"
        raise ConfigError(msg, hint="--bars eurusd=/var/feed/eurusd.csv")
    return named


def _feeds(settings: RuntimeSettings, plans: ActivePlans, bars: Sequence[str]) -> dict[str, Feed]:
    named = named_files(bars)
    follows = plans.current().environment
    if follows not in {"", settings.environment}:
        msg = f"{settings.state}: expected a state folder that follows {settings.environment}, got one that follows {follows}"
        raise ConfigError(msg, hint="name another with --state, one for each environment")
    feeds = service.feeds_of(plans, named, Path())
    if not feeds:
        msg = f"{settings.environment}: expected a model that decides on bars, got none"
        raise ConfigError(msg, hint="bot-core status shows what is approved, bot-core reconcile --once what is in force")
    return feeds


def _watch_words(arguments: argparse.Namespace, settings: RuntimeSettings) -> list[str]:
    """Spell the reconciler's command with the same settings."""
    said = {
        "--settings": arguments.settings,
        "--repo": settings.repository,
        "--branch": settings.branch,
        "--env": settings.environment,
    }
    said |= {"--state": settings.state, "--journal": settings.journal, "--watch": settings.poll_s, "--parent": os.getpid()}
    return [str(word) for pair in said.items() for word in pair]
