"""The process that decides: one loop per instrument, one journal, one account, and beside it a process that follows git.

The reconciler is a process of its own, so that a slow server or a long verification never delays a decision; the two speak through the
state folder alone. If it ends, it is started again.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from bisect import bisect_right
from collections import deque
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import merge
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import encode_json, read_json, write_bytes
from bot_core.config.models import CsvBars
from bot_core.errors import BotCoreError, ConfigError
from bot_core.runtime.bars import BarTail, follow_bars, read_bars
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.paper import PaperAutotrader, PaperState, PaperTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bot_core.config.runtime import RuntimeSettings
    from bot_core.features.indicators.indicator import Bar
    from bot_core.runtime.active import ActivePlans
    from bot_core.runtime.records import Decision
    from bot_core.runtime.station import Station

RESTART_S = 1.0
MAINTAIN_S = 0.2


@dataclass
class Account:
    """The paper account and the file that it survives in; it takes no order that is not in the file."""

    trader: PaperAutotrader
    path: Path

    @classmethod
    def of(cls, settings: RuntimeSettings, symbols: Sequence[str]) -> Account:
        """Open the account of an environment where it was left.

        Raises:
            DocumentError: its file is damaged.
        """
        path = Path(settings.state, f"paper.{settings.environment}.json")
        left = read_json(path, PaperState) if path.exists() else None
        traded = {*symbols, *(left.marks if left else ())}  # what was traded once still has its place
        paper = settings.paper
        terms = PaperTerms(
            equity={paper.risk_profile: paper.equity},
            symbols=tuple(sorted(traded)),
            spread_bps=paper.spread_bps,
            commission_bps=paper.commission_bps,
        )

        def keep(state: PaperState) -> None:
            write_bytes(path, encode_json(state))

        return cls(PaperAutotrader.restore(left, terms, keep) if left else PaperAutotrader(terms, keep), path)

    def save(self) -> None:
        """Write it down; an AuditError where that fails."""
        self.trader.save()


class ServedLoop(AIDecisionLoop):
    """A loop that comes to an orderly end."""

    def close(self) -> None:
        """Report on the windows that will not be filled; what could not be recorded is among the failures."""
        for monitor in (monitor for engine in self._engines.values() for monitor in engine.monitors):
            report = monitor.flush()
            try:
                if report is not None:
                    self._station.record(report)
            except BotCoreError as error:  # whoever runs the loop is told
                self.failures.append(error)


@dataclass(frozen=True)
class Feed:
    """An instrument's bars: those that are there, those still to come."""

    config: CsvBars
    root: Path

    def past(self) -> Iterator[Bar]:
        """Yield what is there now, in a file that nobody writes to."""
        return read_bars(self.config, self.root)

    def newest(self) -> float:
        """Return the time of the newest bar whose line is whole, while somebody writes; minus infinity where there is none."""
        tail = BarTail(self.config, self.root)
        try:
            return max((bar.time for bar in tail.until(inf)), default=-inf)
        finally:
            tail.close()

    def all(self, stop: Callable[[], bool]) -> Iterator[Bar]:
        """Yield what is there, then what comes, until told to stop."""
        return follow_bars(self.config, self.root, stop=stop)


def feeds_of(plans: ActivePlans, files: Mapping[str, str], root: Path) -> dict[str, Feed]:
    """Return instrument → feed of every plan that decides on bars; `files` names other files than the archived configurations do.

    Raises:
        ConfigError: a file for an instrument that no plan reads.
    """
    state = plans.current()
    plans_first = (*state.plans.values(), *state.spare)[::-1]  # what is in force says what is read
    declared = [plan.config.data for plan in plans_first if plan.config is not None]
    found = {data.instrument: data for data in declared if isinstance(data, CsvBars)}
    if unknown := sorted(files.keys() - found.keys()):
        msg = f"--bars: expected one of {', '.join(sorted(found)) or 'no instrument, for no plan reads bars'}; got {unknown[0]}"
        raise ConfigError(msg, hint="bot-core reconcile --once shows what is in force")
    named = {name: msgspec.structs.replace(data, path=files.get(name, data.path)) for name, data in found.items()}
    return {name: Feed(data, root) for name, data in sorted(named.items())}


def replayed(
    loops: Mapping[str, AIDecisionLoop], feeds: Mapping[str, Feed], last: int, after: Callable[[str], float | None] = lambda _: None
) -> Iterator[Decision]:
    """Decide on the newest bars that are there, of all instruments in the order of their time; those before only enter the features.

    `after`: instrument → the time of the newest bar that was decided on already; no bar is decided on again.
    """
    bars = [_newest(loop, symbol, feeds[symbol], last, after(symbol)) for symbol, loop in loops.items()]
    for _, symbol, bar in merge(*bars):
        yield from loops[symbol].on_bar(bar)


def _newest(loop: AIDecisionLoop, symbol: str, feed: Feed, last: int, after: float | None) -> Iterator[tuple[float, str, Bar]]:
    ahead: deque[Bar] = deque()
    loop.warm(_before(feed.past(), ahead, last))
    known = 0 if after is None else bisect_right([bar.time for bar in ahead], after)
    loop.warm(ahead.popleft() for _ in range(known))
    return ((bar.time, symbol, bar) for bar in ahead)


def _before(bars: Iterator[Bar], ahead: deque[Bar], last: int) -> Iterator[Bar]:
    """Yield all bars but the `last` ones, which are then in `ahead`: a file is read once."""
    for bar in bars:
        ahead.append(bar)
        if len(ahead) > last:
            yield ahead.popleft()


def followed(loop: AIDecisionLoop, feed: Feed, after: float | None, stop: Callable[[], bool]) -> Iterator[Decision]:
    """Decide on every bar that comes after a time, or, where there is none, after what is there now."""
    newest = after if after is not None else feed.newest()
    for bar in feed.all(stop):
        if bar.time <= newest:
            loop.warm([bar])
        else:
            yield from loop.on_bar(bar)


@contextmanager
def reconciling(words: Sequence[str], stop: threading.Event) -> Iterator[None]:
    """Keep a process running that follows git, until the block ends; see `beside` for `stop`."""
    ended = threading.Event()
    command = [sys.executable, "-m", "bot_core.cli.main", "reconcile", *words]

    def keep() -> None:
        while not ended.is_set():
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603  # our own command
                while process.poll() is None and not ended.wait(0.1):
                    pass
                process.terminate()
            ended.wait(RESTART_S)

    with beside(keep, ended, stop):
        yield


@contextmanager
def beside(work: Callable[[], None], ended: threading.Event, stop: threading.Event) -> Iterator[None]:
    """Run work in a thread until the block ends, and then say so with `ended`. A fault of it sets `stop` and is raised at the end."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work)
        running.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            ended.set()
        running.result()


def attended(
    loops: Mapping[str, Iterator[Decision]], told: Callable[[Decision], None], stop: threading.Event
) -> list[BotCoreError]:
    """Run each instrument's decisions in a thread of its own; return what ended a feed. A fault of ours stops all of them and is raised."""

    def attend(decisions: Iterator[Decision]) -> BotCoreError | None:
        try:
            for decision in decisions:
                told(decision)
                if stop.is_set():
                    break
        except BotCoreError as error:
            return error
        return None

    with ThreadPoolExecutor(len(loops)) as pool:
        ended = [pool.submit(attend, decisions) for decisions in loops.values()]
        wait(ended, return_when=FIRST_EXCEPTION)
        if any(one.done() and one.exception() for one in ended):
            stop.set()
    return [error for one in ended if (error := one.result()) is not None]


@contextmanager
def maintained(station: Station, stop: threading.Event) -> Iterator[list[BotCoreError]]:
    """Look at what is in force between bars too, so that maintenance pauses the autotrader within a fraction of a second.

    Yields what could not be recorded; see `beside` for `stop`.
    """
    ended, failures = threading.Event(), list[BotCoreError]()

    def look() -> None:
        while not ended.wait(MAINTAIN_S):
            failures.extend(station.maintain(station.plans.current()))

    with beside(look, ended, stop):
        yield failures
