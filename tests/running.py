"""`bot-core run` in a process of its own, on a feed that grows line by line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.runtime_world import RuntimeWorld

    Event = dict[str, object]

PATIENCE_S = 60.0
"""How long a busy machine may take for what takes a second."""


@dataclass
class Running:
    """A world whose process decides; `lines` are the source's, of which the first `given` are in the feed."""

    world: RuntimeWorld
    words: tuple[object, ...] = ()
    given: int = 400
    process: subprocess.Popen[str] | None = None
    said: str = ""
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = self.world.read("data/eurusd_1h.csv").splitlines(keepends=True)
        self.feed.write_text("".join(self.lines[: self.given]))
        self.world.edit("conf/runtime/default.yaml", "poll_s: 1.0", "poll_s: 0.2")

    @property
    def feed(self) -> Path:
        """The feed's file."""
        return self.world.path / "feed.csv"

    # --- the process ---

    def start(self) -> None:
        """Start it, and wait until it decides on what comes."""
        before = len(self.decisions())
        self.process = self.world.start(
            "run", "--env", "paper", "--repo", self.world.origin, "--bars", "eurusd=feed.csv", *self.words
        )
        self.until(lambda: len(self.decisions()) > before, tick=True)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end; return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.said, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode

    def children(self) -> list[int]:
        """Return the processes that it has started and that live."""
        assert self.process is not None
        return [int(pid) for path in Path(f"/proc/{self.process.pid}/task").glob("*/children") for pid in path.read_text().split()]

    # --- what comes, and what came of it ---

    @property
    def expected(self) -> list[str]:
        """The bars to decide on, as times: from the first that it decided on to the newest there is."""
        times = [line.partition(",")[0] for line in self.lines[: self.given]]
        first = str(self.decisions()[0]["metadata"]["bar"])  # type: ignore[index]  # plain JSON
        return times[times.index(first) :]

    def caught_up(self) -> bool:
        """Say whether every bar that came is decided on."""
        return len({str(event["signal_id"]) for event in self.decisions()}) == len(self.expected)

    def tick(self, count: int = 1) -> None:
        """Let bars come."""
        with self.feed.open("a") as out:
            out.write("".join(self.lines[self.given : self.given + count]))
        self.given += count

    def events(self, kind: str | None = None) -> list[Event]:
        """Return what is recorded, of a kind or all; a line that is not whole yet does not count."""
        return [event for event in journal(self.world) if kind in (None, event["event_type"])]

    def decisions(self) -> list[Event]:
        """Return the recorded decisions."""
        return self.events("decision")

    def facts(self) -> Event:
        """Return the newest decision's metadata."""
        return dict(self.decisions()[-1]["metadata"])  # type: ignore[call-overload,no-any-return]  # plain JSON

    def until(self, so: Callable[[], object], *, tick: bool = False) -> None:
        """Wait until something is so; bars come meanwhile if they are to."""
        ends = time.monotonic() + PATIENCE_S
        while not so():
            assert self.process is None or self.process.poll() is None, self._told()
            assert time.monotonic() < ends, self.decisions()[-1:]
            if tick:
                self.tick()
            time.sleep(0.05)

    def decided(self, so: Callable[[Event], object]) -> Event:
        """Let bars come until a decision's metadata is so; return it."""
        self.until(lambda: self.decisions() and so(self.facts()), tick=True)
        return self.facts()

    def _told(self) -> str:
        assert self.process is not None
        return self.process.communicate()[0]


def journal(world: RuntimeWorld) -> list[Event]:
    """Return the machine's events; the newest line may still be on its way."""
    path = world.path / "logs/decision_journal/decisions.jsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(line)["event"] for line in text.splitlines(keepends=True) if line.endswith("\n")]


@contextlib.contextmanager
def running(world: RuntimeWorld, *words: object) -> Iterator[Running]:
    """Start it; whatever happens, nothing of it is left."""
    found = Running(world, words)
    try:
        found.start()
        yield found
    finally:
        if found.process is not None and found.process.poll() is None:
            left = found.children()
            found.process.kill()
            found.process.communicate()
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
