"""Going back and stopping: how long a model that must not decide any more still does, on real repositories, real keys and real processes.

What is compared: `bot-core run` decides on a feed that gets a bar every few milliseconds and follows a bare remote at a one-second poll.
Each run pushes a rollback and waits for the first decision of the earlier release, from before the push to the decision's own time; then
the later release is promoted again. The peer in the same run sees the same pushes: a loop that fetches once a second and reads the version
out of the environment's file, without proving anything, as a script of one's own would. Stopping is from the start of the `bot-core halt`
process to the last decision that the model still made; beside it what an interpreter takes that only imports msgspec, for most of the time
is the start of Python. Wall clock: it is waiting that is measured. The 95th percentile is the nearest rank.
"""

from __future__ import annotations

import json
import math
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, publish
from tests.runtime_world import MODEL, RuntimeWorld, build_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RUNS, HALTS, POLL_S, BAR_S = 20, 20, 1.0, 0.02
PATIENCE_S = 60.0
FIRST, HOUR = datetime(2017, 1, 1, tzinfo=UTC), timedelta(hours=1)
MOST_S, MOST_HALT_S = 2.0, 0.2
ENTRY = "compliance/environments/paper.yaml"


def main() -> None:
    """Measure, print, write."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])  # for processes that start elsewhere
    with TemporaryDirectory() as folder:
        world = build_runtime(Path(folder), versions=2)
        with deciding(world) as bars:
            back = [going_back(world, bars) for _ in range(RUNS)]
            stop = [stopping(world, bars) for _ in range(HALTS)]
    ours, peer = (p95(column) for column in zip(*back, strict=True))
    halted = p95(stop)
    start = p95([started() for _ in range(HALTS)])
    middle, other = (statistics.median(column) for column in zip(*back, strict=True))
    publish(
        "rollback",
        [
            figure(
                "push of a rollback to the earlier model's decision, p95 (ratio: ours / peer)",
                ours,
                peer,
                f"<= {MOST_S:g} s",
                met=ours <= MOST_S,
            ),
            figure("the same, median (ratio: ours / peer)", middle, other, "none", met=True),
            figure(
                "bot-core halt to the model's last decision, p95 (ratio: ours / peer)",
                halted,
                start,
                f"<= {MOST_HALT_S:g} s",
                met=halted <= MOST_HALT_S,
                peer_name="python -c 'import msgspec'",
            ),
        ],
    )


@dataclass
class Feed:
    """A file that gets a bar every few milliseconds, on and on: a year's real prices again and again, hour after hour."""

    path: Path
    lines: list[str]
    place: int = 4000
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Append until told to stop."""
        with self.path.open("a") as stream:
            while not self.ended.wait(BAR_S):
                stream.write(self.bar(self.place))
                stream.flush()
                self.place += 1

    def bar(self, place: int) -> str:
        """Spell the bar of a place."""
        prices = self.lines[1 + place % (len(self.lines) - 1)].split(",", 1)[1]
        return f"{FIRST + place * HOUR:%Y-%m-%dT%H:%M:%SZ},{prices}"


@dataclass
class Machine:
    """A process that decides, and what it has recorded so far."""

    world: RuntimeWorld
    events: list[dict[str, object]] = field(default_factory=list)
    _read: int = 0

    def wait(self, wanted: Callable[[dict[str, object]], bool], since: float) -> float:
        """Return the time of the first decision after a moment of which something holds."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            for event in self._new():
                when = datetime.fromisoformat(str(event["timestamp"])).timestamp()
                if event["event_type"] == "decision" and when >= since and wanted(event):
                    return when
            time.sleep(0.005)
        sys.exit(f"rollback: expected a decision within {PATIENCE_S:g} s, got none: the process that decides has ended, or waits")

    def last(self, wanted: Callable[[dict[str, object]], bool], since: float, seconds: float) -> float:
        """Return the time of the last decision of which something holds, within some seconds of a moment."""
        time.sleep(max(0.0, since + seconds - time.time()))
        times = [
            datetime.fromisoformat(str(e["timestamp"])).timestamp()
            for e in self._new()
            if e["event_type"] == "decision" and wanted(e)
        ]
        return max([since, *times])

    def _new(self) -> list[dict[str, object]]:
        with (self.world.path / "logs/decision_journal/decisions.jsonl").open("rb") as stream:
            stream.seek(self._read)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return [json.loads(line)["event"] for line in whole.splitlines()]


@contextmanager
def deciding(world: RuntimeWorld) -> Iterator[Machine]:
    """Keep a process deciding on the feed, and wait for its first decision by a model."""
    lines = (world.path / "data/eurusd_1h.csv").read_text().splitlines(keepends=True)
    feed = Feed(world.path / "feed.csv", lines)
    feed.path.write_text(lines[0] + "".join(feed.bar(place) for place in range(feed.place)))
    words = ("run", "--env", "paper", "--repo", world.origin, "--bars", "eurusd=feed.csv", "--quiet")
    process, writer = world.start(*words), threading.Thread(target=feed.run)
    time.sleep(4.0)  # what is there at first is warmed up on, not decided on
    writer.start()
    try:
        machine = Machine(world)
        machine.wait(by_a_model, 0.0)
        yield machine
    finally:
        feed.ended.set()
        writer.join()
        process.terminate()
        process.communicate()


def going_back(world: RuntimeWorld, machine: Machine) -> tuple[float, float]:
    """Push a rollback; return how long it took us and the peer to know; then promote the later release again."""
    later = world.version
    world.ok("rollback", MODEL, "--env", "paper", "--reason", "benchmark")
    script = Peer(world, later)
    began = time.time()
    world.push()
    ours = machine.wait(lambda event: by_a_model(event) and version(event) != later, began) - began
    peer = script.seen() - began
    world.promote(later, sign=False)
    machine.wait(lambda event: by_a_model(event) and version(event) == later, time.time())
    return ours, peer


class Peer:
    """A script that fetches once a second and looks into the environment's file."""

    def __init__(self, world: RuntimeWorld, later: str) -> None:
        self._clone = world.path.parent / "peer.git"
        if not self._clone.exists():
            subprocess.run(["git", "clone", "-q", "--bare", str(world.origin), str(self._clone)], check=True)
        self._later, self._seen = later, math.nan
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def seen(self) -> float:
        """Return when it saw another version."""
        self._thread.join()
        return self._seen

    def _look(self) -> None:
        time.sleep(POLL_S * random.random())  # noqa: S311  # somewhere within its second, as ours is
        while True:
            began = time.monotonic()
            git = ["git", "-C", str(self._clone)]
            subprocess.run([*git, "fetch", "-q", "origin", "+main:main"], check=True)
            shown = subprocess.run([*git, "show", f"main:{ENTRY}"], check=True, capture_output=True, text=True).stdout
            if f"version: {self._later}" not in shown:
                self._seen = time.time()
                return
            time.sleep(max(0.0, POLL_S - (time.monotonic() - began)))


def stopping(world: RuntimeWorld, machine: Machine) -> float:
    """Halt; return how long the model still decided; then end the halt."""
    key = ("--signer", "ann", "--key", world.key("ann"), "--reason", "benchmark")
    began = time.time()
    process = world.start("halt", "paper", MODEL, *key)
    last = machine.last(by_a_model, began, 1.5)
    process.communicate()
    world.push()
    world.ok("resume", "paper", "--role", "risk", *key)
    world.push()
    machine.wait(by_a_model, last + 1.0)
    return last - began


def started() -> float:
    """Time an interpreter that imports what any command of ours needs at least."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import msgspec"], check=True)
    return time.perf_counter() - began


def by_a_model(event: dict[str, object]) -> bool:
    """Say whether a model decided."""
    return bool(dict(event["metadata"])["arm"] == "learned")  # type: ignore[call-overload]  # plain JSON


def version(event: dict[str, object]) -> str:
    """Return the release that decided."""
    return str(dict(event["metadata"])["version"])  # type: ignore[call-overload]


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile, nearest rank."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def figure(
    name: str, ours: float, peer: float, target: str, *, met: bool, peer_name: str = "fetch and read, each second"
) -> Figure:
    """Make a figure of two waits."""
    return Figure(figure=name, unit="s", ours=ours, peer=peer, peer_name=peer_name, ratio=ours / peer, target=target, met=met)


if __name__ == "__main__":
    main()
