"""The journal: appending events to the hash chain, and checking it, beside writing plain lines of JSON without a chain.

What is compared: the same events, all made beforehand; ours turns typed events into chained lines, takes the file's lock, writes, moves
the tip, nothing is synced; the peer does `json.dumps` of the same content as a dictionary and `write` with Python's own buffer, without
lock, chain or tip. In batches of 100 ours makes one write where the peer's buffer makes about eight, so both hand over to the system
rarely; one event at a time, ours locks and writes for each, and the peer flushes for each, or else a killed process would lose its lines.
Why it is fair: an event holds what a decision holds (a dozen fields, a vector of eight features). The peer does not spell times; ours
does. Verifying reads the file anew, and proves every line against its successor, the tip and the head: the peer parses every line with
`json.loads` and proves nothing. CPU time, system included; medians of interleaved runs. A single append has no target: it is five calls
to the system, and shown so that nobody takes the batch's figure for it.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from benchmarks.measure import Figure, interleave, publish
from bot_core.journal.verification import verify
from bot_core.runtime.journal import JsonlTradingDecisionJournal, TradingDecisionEvent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

EVENTS, BATCH, RUNS = 10_000, 100, 7
MOST, MOST_A_LINE = 0.4, 3.5
START = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)


def main() -> None:
    """Measure, print, write."""
    events = [decision(number) for number in range(EVENTS)]
    plain = [dict(msgspec.to_builtins(event)) for event in events]
    with TemporaryDirectory() as folder:
        publish("journal", [*appending(Path(folder), events, plain), *verifying(Path(folder), events, plain)])


def decision(number: int) -> TradingDecisionEvent:
    """Make one event as a decision makes it."""
    return TradingDecisionEvent(
        event_type="decision",
        timestamp=START + dt.timedelta(milliseconds=number),
        environment="paper",
        portfolio="ai-manager",
        risk_profile="balanced",
        symbol="EURUSD",
        side="buy",
        quantity=0.25,
        price=1.08 + number / 1e6,
        status="accepted",
        strategy="eurusd_range",
        confidence=0.5 + number / 1e5,
        latency_ms=0.41,
        metadata={"version": "20261121T101500Z-3f2a9c41", "reasons": [], "features": [number / 7 + place for place in range(8)]},
    )


def appending(folder: Path, events: Sequence[TradingDecisionEvent], plain: Sequence[dict[str, object]]) -> list[Figure]:
    """Time both kinds of append."""
    journal = JsonlTradingDecisionJournal(folder / "ours.jsonl", fsync="os")
    batches = [events[start : start + BATCH] for start in range(0, EVENTS, BATCH)]
    with (folder / "peer.jsonl").open("a") as stream:
        several = interleave(
            lambda: [journal.record_all(batch) for batch in batches], lambda: write(stream, plain, flush=False), RUNS
        )
        single = interleave(lambda: [journal.record(event) for event in events], lambda: write(stream, plain, flush=True), RUNS)
    journal.close()
    return [
        figure(f"append in batches of {BATCH} (ratio: ours / peer)", several, "json.dumps + write", at_most=MOST),
        figure("append one at a time (ratio: ours / peer)", single, "json.dumps + write + flush", at_most=None),
    ]


def write(stream: TextIO, plain: Sequence[dict[str, object]], *, flush: bool) -> None:
    """Write lines as one would without a journal."""
    for event in plain:
        stream.write(json.dumps(event) + "\n")
        if flush:
            stream.flush()


def verifying(folder: Path, events: Sequence[TradingDecisionEvent], plain: Sequence[dict[str, object]]) -> list[Figure]:
    """Time the check of a file of the same events."""
    ours, peer = folder / "verified.jsonl", folder / "parsed.jsonl"
    with JsonlTradingDecisionJournal(ours, fsync="os") as journal, peer.open("w") as stream:
        journal.record_all(events)
        write(stream, plain, flush=False)
    times = interleave(lambda: check(ours), lambda: parse(peer), RUNS)
    allowed = (times[0], MOST_A_LINE * EVENTS / 1e6)
    return [
        figure("verify a line (ratio: ours / allowed)", allowed, "allowed", at_most=1.0),
        figure("verify a line (ratio: ours / peer)", times, "json.loads of a line", at_most=None),
    ]


def check(path: Path) -> None:
    """Verify a journal that must be whole.

    Raises:
        SystemExit: it is not.
    """
    verdict = verify(path)
    if not verdict.whole or verdict.place.sequence != EVENTS:
        msg = f"journal: expected {EVENTS} whole lines, got {verdict.place.sequence}, {verdict.findings}"
        raise SystemExit(msg)


def parse(path: Path) -> None:
    """Parse every line of a file."""
    with path.open("rb") as stream:
        for line in stream:
            json.loads(line)


def figure(name: str, times: tuple[float, float], peer: str, *, at_most: float | None) -> Figure:
    """Make a figure of one event's cost."""
    ours, theirs = (seconds / EVENTS * 1e6 for seconds in times)
    return Figure(
        figure=name,
        unit="us",
        ours=ours,
        peer=theirs,
        peer_name=peer,
        ratio=ours / theirs,
        target="none" if at_most is None else f"<= {at_most:g}x",
        met=at_most is None or ours / theirs <= at_most,
    )


if __name__ == "__main__":
    main()
