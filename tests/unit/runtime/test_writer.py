"""Records on their way: in order, each told what became of it, none dropped."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import resource
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import AuditError
from bot_core.journal.event import TradingDecisionEvent
from bot_core.journal.head import head_path, read_head
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.writer import BATCH, JournalWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


def event(number: int, kind: str = "decision") -> TradingDecisionEvent:
    return TradingDecisionEvent(
        event_type=kind, timestamp=NOW, environment="paper", portfolio="m", risk_profile="balanced", signal_id=str(number)
    )


def written(path: Path) -> list[int]:
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [int(json.loads(line)["event"]["signal_id"]) for line in lines if b"signal_id" in line]


class Gate:
    """An event that is not made before the gate opens: the writer stands still."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> TradingDecisionEvent:
        """Make it, once it may be."""
        self.reached.set()
        assert self.opened.wait(10)
        return event(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs/decisions.jsonl"


@pytest.fixture
def writer(path: Path) -> Iterator[JournalWriter]:
    with JournalWriter(JsonlTradingDecisionJournal(path, fsync="os"), capacity=8, wait_s=0.05) as opened:
        yield opened


def held(writer: JournalWriter) -> Gate:
    """Let the writer stand still in the middle of a record."""
    gate = Gate()
    writer.put(gate)
    assert gate.reached.wait(10)
    return gate


def full() -> Callable[[], None]:
    """Let this process write no file further than it is; return what ends that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

    def freed() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)

    return freed


def test_a_record_is_in_the_journal_when_the_wait_is_over(writer: JournalWriter, path: Path) -> None:
    for number in range(20):
        writer.put(partial(event, number)).wait()
        assert written(path)[-1] == number


def test_events_stand_in_the_order_in_which_they_were_given(path: Path) -> None:
    numbers = range(3 * BATCH)
    with JournalWriter(JsonlTradingDecisionJournal(path, fsync="os")) as writer:
        tickets = [writer.put(partial(event, number)) for number in numbers]
        for ticket in tickets:
            ticket.wait()
    assert written(path) == [*numbers]


def test_of_many_threads_each_finds_its_own_in_its_order(path: Path) -> None:
    def work(writer: JournalWriter, first: int) -> None:
        for number in range(first, first + 200):
            writer.put(partial(event, number)).wait()

    with JournalWriter(JsonlTradingDecisionJournal(path, fsync="os"), capacity=4) as writer:
        threads = [threading.Thread(target=work, args=(writer, first)) for first in (0, 1_000, 2_000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = written(path)
    assert sorted(found) == [first + number for first in (0, 1_000, 2_000) for number in range(200)]
    assert all([n for n in found if n // 1_000 == first] == [*range(first * 1_000, first * 1_000 + 200)] for first in range(3))


def test_a_full_queue_refuses_and_what_it_took_is_written(writer: JournalWriter, path: Path) -> None:
    gate = held(writer)
    tickets = [writer.put(partial(event, number)) for number in range(1, 9)]
    assert writer.depth == 8
    with pytest.raises(AuditError) as caught:
        writer.put(partial(event, 9))
    assert caught.value.message == "journal: expected a place for a record within 0.05 s, got a queue that is full"
    gate.opened.set()
    for ticket in tickets:
        ticket.wait()
    assert written(path) == [*range(9)]
    writer.put(partial(event, 10)).wait()
    assert written(path)[-1] == 10


def test_a_place_that_comes_free_in_time_is_taken(path: Path) -> None:
    with JournalWriter(JsonlTradingDecisionJournal(path, fsync="os"), capacity=1, wait_s=5.0) as writer:
        gate = held(writer)
        writer.put(partial(event, 1))
        threading.Timer(0.1, gate.opened.set).start()
        writer.put(partial(event, 2)).wait()
    assert written(path) == [0, 1, 2]


def test_who_waits_for_a_disk_that_does_not_answer_is_told(writer: JournalWriter) -> None:
    gate = held(writer)
    ticket = writer.put(partial(event, 1))
    with pytest.raises(AuditError) as caught:
        ticket.wait(0.01)
    assert caught.value.message == "journal: expected a record within 0.01 s, got none"
    gate.opened.set()


def test_a_write_that_fails_fails_every_record_in_it_and_the_next_one_succeeds(writer: JournalWriter, path: Path) -> None:
    writer.put(partial(event, 1)).wait()
    gate = held(writer)
    tickets = [writer.put(partial(event, number)) for number in (2, 3, 4)]
    freed = full()
    try:
        gate.opened.set()
        for ticket in tickets:
            with pytest.raises(AuditError, match="expected to write, got File too large"):
                ticket.wait()
        assert "File too large" in str(writer.failed)
        assert written(path) == [1]
    finally:
        freed()
    writer.put(partial(event, 5)).wait()
    assert writer.failed is None
    assert written(path) == [1, 5]


def test_an_event_that_is_none_fails_alone(writer: JournalWriter, path: Path) -> None:
    gate = held(writer)
    before, bad, after = (writer.put(make) for make in (partial(event, 1), partial(event, 2, "gossip"), partial(event, 3)))
    gate.opened.set()
    before.wait()
    after.wait()
    with pytest.raises(AuditError, match="event_type"):
        bad.wait()
    assert written(path) == [0, 1, 3]


def test_metadata_that_json_does_not_have_fails_its_write(writer: JournalWriter, path: Path) -> None:
    def make() -> TradingDecisionEvent:
        return TradingDecisionEvent(
            event_type="decision", timestamp=NOW, environment="p", portfolio="m", risk_profile="b", metadata={"x": object()}
        )

    with pytest.raises(AuditError, match="values that JSON has"):
        writer.put(make).wait()
    writer.put(partial(event, 1)).wait()
    assert written(path) == [1]


def test_the_end_writes_what_waits_and_takes_the_head(path: Path) -> None:
    with JournalWriter(JsonlTradingDecisionJournal(path, fsync="os")) as writer:
        gate = held(writer)
        tickets = [writer.put(partial(event, number)) for number in range(1, 2 * BATCH)]
        gate.opened.set()
    assert all(ticket.settled for ticket in tickets)
    head = read_head(head_path(path))
    assert head is not None
    assert head.statement.sequence == len(path.read_bytes().splitlines()) == 2 * BATCH


def test_a_head_that_cannot_be_written_is_told(path: Path) -> None:
    journal = JsonlTradingDecisionJournal(path, fsync="os")
    with contextlib.ExitStack() as last, pytest.raises(AuditError), JournalWriter(journal) as writer:  # noqa: PT012
        writer.put(partial(event, 1)).wait()
        last.callback(full())


class BrokenError(Exception):
    """No failure that anybody expected."""


def broken() -> TradingDecisionEvent:
    raise BrokenError


def test_a_fault_of_the_writer_is_nobodys_secret(path: Path) -> None:
    """Whoever waits is told at once, whoever comes later meets the fault itself, and so does the end."""
    with pytest.raises(BrokenError), JournalWriter(JsonlTradingDecisionJournal(path, fsync="os")) as writer:  # noqa: PT012
        tickets = [writer.put(make) for make in (broken, partial(event, 1))]
        for ticket in tickets:
            with pytest.raises(AuditError, match="got one that has ended"):
                ticket.wait(5.0)
        with pytest.raises(BrokenError):
            writer.put(partial(event, 2))
    assert written(path) == []


def test_a_fault_behind_a_full_queue_does_not_block_the_end(path: Path) -> None:
    with pytest.raises(BrokenError), JournalWriter(JsonlTradingDecisionJournal(path, fsync="os"), capacity=2) as writer:  # noqa: PT012
        gate = held(writer)
        tickets = [writer.put(make) for make in (broken, partial(event, 1))]
        gate.opened.set()
        with pytest.raises(AuditError):
            tickets[-1].wait(5.0)
