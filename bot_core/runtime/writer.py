"""The journal's writer: decisions go on while lines are written, many at a time; whoever must not act before its record waits for it.

A bounded queue and one thread. The thread takes all that is waiting, makes the events, appends them in one write and tells each writer.
When the queue is full, `put` waits, and after that it refuses: nothing is ever dropped silently. A write that fails fails every record in
it, so each is told; the next one is tried again. A fault of ours ends the thread: whoever waits is told that nothing was recorded, and the
fault itself is raised by the next `put`, or at the end.
"""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bot_core.errors import AuditError, BotCoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import Self

    from bot_core.journal.event import Spelled, TradingDecisionEvent
    from bot_core.runtime.journal import JsonlTradingDecisionJournal

    Make = Callable[[], TradingDecisionEvent | Spelled]

CAPACITY = 4096
BATCH = 512
_LOOK_S = 0.001


class Ticket:
    """A record on its way; `error` says why it did not arrive."""

    __slots__ = ("_settled", "error", "make", "settled")

    def __init__(self, make: Make, settled: threading.Condition) -> None:
        self.make = make
        self.settled = False
        self.error: BotCoreError | None = None
        self._settled = settled

    def wait(self, timeout_s: float = 10.0) -> None:
        """Return once the record is in the journal.

        Raises:
            AuditError: it is not, so what it records must not happen.
        """
        with self._settled:
            arrived = self._settled.wait_for(lambda: self.settled, timeout_s)
        if not arrived:
            msg = f"journal: expected a record within {timeout_s:g} s, got none"
            raise AuditError(msg, hint="nothing may be done; see whether the disk answers")
        if self.error is not None:
            raise self.error


class JournalWriter:
    """Writes a journal in a thread of its own, from `with` to its end.

    Args:
        journal: where events go.
        capacity: so many records may wait.
        wait_s: so long `put` waits for a place when all are taken.
    """

    def __init__(self, journal: JsonlTradingDecisionJournal, *, capacity: int = CAPACITY, wait_s: float = 1.0) -> None:
        self._journal = journal
        self._capacity = capacity
        self._wait_s = wait_s
        self._waiting: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._settled = threading.Condition()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._running: Future[None] | None = None
        self._open = False  # asked at every `put`, where asking the future would take its lock
        self.failed: BotCoreError | None = None
        """The newest write's failure; nothing where it succeeded."""

    def __enter__(self) -> Self:
        self._open = True
        self._running = self._pool.submit(self._run)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._waiting.put(None)
        self._pool.shutdown()
        self._journal.close()
        if kind is None and self._running is not None:
            self._running.result()

    @property
    def depth(self) -> int:
        """How many records wait."""
        return self._waiting.qsize()

    def put(self, make: Make) -> Ticket:
        """Hand over a record; `make` is called in the writer's thread.

        Raises:
            AuditError: there is no place for it, or nobody to write it.
            Exception: the fault that has ended the writer.
        """
        if self._waiting.qsize() >= self._capacity:
            self._make_room()
        if not self._open:
            if self._running is not None:
                self._running.result()
            raise _ended()
        ticket = Ticket(make, self._settled)
        self._waiting.put(ticket)
        return ticket

    def _make_room(self) -> None:
        ends = time.monotonic() + self._wait_s
        while self._waiting.qsize() >= self._capacity:
            if time.monotonic() >= ends:
                msg = f"journal: expected a place for a record within {self._wait_s:g} s, got a queue that is full"
                raise AuditError(msg, hint="nothing may be done; the disk is slower than the decisions")
            time.sleep(_LOOK_S)

    def _run(self) -> None:
        try:
            self._write()
        finally:
            self._open = False
            while not self._waiting.empty():
                if (ticket := self._waiting.get()) is not None:
                    self._tell([ticket], _ended())

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            tickets, ended = self._more(first)
            self._record(tickets)
            if ended:
                return

    def _more(self, first: Ticket) -> tuple[list[Ticket], bool]:
        """Take all that is waiting, up to a batch; say whether the end was among it."""
        tickets, get = [first], self._waiting.get_nowait
        for _ in range(min(self._waiting.qsize(), BATCH - 1)):  # this thread alone takes from the queue
            if (ticket := get()) is None:
                return tickets, True
            tickets.append(ticket)
        return tickets, False

    def _record(self, tickets: list[Ticket]) -> None:
        error: BotCoreError | None = _ended()  # what a fault of ours leaves
        try:
            self.failed = error = self._appended(tickets)
        finally:
            self._tell(tickets, error)

    def _appended(self, tickets: list[Ticket]) -> BotCoreError | None:
        """Write a batch; return why it could not be written. An event that is none fails alone."""
        events = []
        for ticket in tickets:
            try:
                events.append(ticket.make())
            except BotCoreError as error:
                ticket.error = error
        try:
            self._journal.record_all(events)
        except BotCoreError as error:
            return error
        return None

    def _tell(self, tickets: list[Ticket], error: BotCoreError | None) -> None:
        with self._settled:
            for ticket in tickets:
                ticket.error = ticket.error or error
                ticket.settled = True
            self._settled.notify_all()


def _ended() -> AuditError:
    return AuditError("journal: expected a writer, got one that has ended", hint="nothing may be done; start the process again")
