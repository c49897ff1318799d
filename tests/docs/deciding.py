"""A governed repository in which models decide: `bot-core run` in a process of its own, on bars that keep coming."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot_core.governance import layout, writing
from bot_core.governance.manifest import manifest
from bot_core.governance.state import StateFolder
from tests.compact import write_compact
from tests.docs.repositories import ROOT, GovernedRepository
from tests.runtime_world import MODEL, RuntimeWorld, build_runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.documents.runtime import Active
    from tests.docs.feed import Feed

    Event = dict[str, object]

T = TypeVar("T")

START = """\
mkdir -p logs
nohup bot-core run --quiet --bars eurusd=var/feed/eurusd.csv > logs/run.log 2>&1 &
echo $! > logs/run.pid
"""
OTHER = "eurusd_range"
SECOND = dt.timedelta(seconds=1)
WINDOW = 250
"""Decisions per window of the monitor, as `conf/monitoring/default.yaml` has it."""
TRAINING = ("bot_core/", "pipelines/", "conf/", "requirements/", "data/", ".dvc/", ".dvcignore", "dvc.yaml", "scripts/meta")
ROSTER = """\
models:
  eurusd_range:
    data: eurusd_1h
    features: volatility
    target: next_range
    model: trees_range
    validation: hourly
    set: {model: {rounds: 40}, validation: {walk_forward: {windows: 3}}, monitoring: {drift: {replicates: 100}}}
"""
WITH_EVENTS = """\
models:
  decision_engine:
    data: eurusd_1h
    features: bars_hourly
    target: forward_return_4
    model: trees_return
    validation: hourly
    set: {model: {rounds: 40}, validation: {walk_forward: {windows: 3}}, monitoring: {drift: {replicates: 100}}}
events:
  events:
    model: decision_engine
    file: data/eurusd_1h.csv
    barriers: {horizon: 4, volatility_window: 24, profit: 1.0, loss: 1.0}
"""


@dataclass(frozen=True)
class DecidingRepository(GovernedRepository):
    """A clone on the machine that decides; the other process is reached through its state folder and its journal alone."""

    feed: Feed

    @property
    def state(self) -> StateFolder:
        """What is in force, and what was said here."""
        return StateFolder(self.path / "var/models")

    @property
    def active(self) -> Active:
        """What is in force."""
        found = self.state.active()
        assert found is not None
        return found

    def is_paused(self) -> bool:
        """Say whether the other process trades nothing, for maintenance."""
        account = json.loads((self.path / "var/models/paper.paper.json").read_text())
        return bool(account["paused"] == "maintenance")

    def start(self) -> None:
        """Start the other process, and wait until the model decides."""
        self.ok(START)
        self.until(lambda event: told(event, "arm") == "learned")

    def stop(self) -> None:
        """End the other process, if it runs."""
        pid = self.path / "logs/run.pid"
        if pid.exists() and runs(int(pid.read_text())):
            os.kill(int(pid.read_text()), signal.SIGTERM)
            waited(lambda: not runs(int(pid.read_text())), "the end of bot-core run")

    def events(self, kind: str = "decision", journal: str = "decisions.jsonl") -> list[Event]:
        """Read the events of a kind in a journal, oldest first."""
        path = self.path / "logs/decision_journal" / journal
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        found = [json.loads(line)["event"] for line in lines if line.endswith("\n")]
        return [event for event in found if event["event_type"] == kind]

    def until(self, says: Callable[[Event], bool], kind: str = "decision", *, after: int = 0) -> Event:
        """Wait for an event of a kind, the first `after` of which do not count; return it."""

        def found() -> Event | None:
            return next((event for event in self.events(kind)[after:] if says(event)), None)

        return waited(found, f"a {kind}; the newest is {self.events(kind)[-1:]}")

    def next(self, model: str = MODEL) -> Event:
        """Wait for a model's next decision; return it."""
        return self.until(lambda event: told(event, "model") == model, after=len(self.events()))

    def settled(self, said: dt.datetime) -> list[Event]:
        """Wait for some decisions that were made more than a second after something was said; return all such."""

        def found() -> list[Event] | None:
            late = [event for event in self.events() if made(event) > said + SECOND]
            return late if len(late) > 2 else None

        return waited(found, "decisions a second later")

    def drift(self) -> None:
        """Let the world move, until the other process has noticed."""
        self.feed.move(WINDOW + 20)
        waited(lambda: self.state.control().protected, "shrunk limits")


def told(event: Event, name: str) -> object:
    """Return what an event's metadata says."""
    metadata = event["metadata"]
    assert isinstance(metadata, dict)
    return metadata.get(name)


def made(event: Event) -> dt.datetime:
    """Return when an event was made."""
    return dt.datetime.fromisoformat(str(event["timestamp"]))


def waited(found: Callable[[], T | None], what: str, seconds: float = 20.0) -> T:
    """Wait until something is there; return it."""
    ends = time.monotonic() + seconds
    while not (there := found()):
        assert time.monotonic() < ends, f"expected {what} within {seconds:g} s, got none"
        time.sleep(0.02)
    return there


def runs(pid: int) -> bool:
    """Say whether a process runs; one that has ended and that nobody has asked after does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


# --- how it comes to be ---


def prepare(folder: Path) -> None:
    """Make a repository whose model has an earlier release to go back to, all reports signed by Risk and Compliance."""
    world = build_runtime(folder, versions=2)
    world.edit("conf/runtime/default.yaml", "repository: . ", "repository: ../origin.git ")
    world.edit("conf/runtime/default.yaml", "# signing_key: /etc/bot-core/runtime-1", "signing_key: ../keys/runtime-1")
    world.put(".gitignore", "var/\nlogs/\nmodels/*/rollback_target.json\naudit/ai_decision/.scheduler.json.lock\n")
    for smoke in ("data/decision_engine", "scripts"):
        shutil.copytree(ROOT / smoke, world.path / smoke, ignore=shutil.ignore_patterns("__pycache__"))
    world.ok("schedule", "reset", "--last-run", f"{world.now:%Y-%m-%dT%H:%M:%SZ}", "--interval", "24h")
    world.commit("The machine's settings")
    _signed_by_compliance(world, MODEL)
    (folder / "home").mkdir()
    (folder / "home/.ssh").symlink_to("../keys")
    world.git("remote", "add", "origin", str(world.origin))
    world.push()


def add_model(folder: Path) -> None:
    """Give a prepared repository a second model, whose only release has nothing before it."""
    world = RuntimeWorld(folder / "repository", folder / "keys", dt.datetime.now(dt.UTC).replace(microsecond=0))
    world.edit("conf/decision/trade_entry.yaml", f"[{MODEL}]", f"[{MODEL}, {OTHER}]")
    version = write_release(world.path, OTHER, world.key("eve"), seed=9)
    world.commit(f"Release {OTHER} {version}")
    world.ok("promote", OTHER, version, "--env", "paper")
    branch = world.git("rev-parse", "--abbrev-ref", "HEAD")
    world.sign_off("risk", env="paper", subject=(OTHER, version))
    world.merge(branch)
    _signed_by_compliance(world, OTHER)
    world.push()


def add_pipeline(here: GovernedRepository, roster: str = ROSTER) -> None:
    """Give a repository what trains models, and a roster of small ones to train."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if name.startswith(TRAINING) and (ROOT / name).is_file() and not (here.path / name).exists():
            (here.path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, here.path / name)
    with (here.path / ".gitignore").open("a") as ignored:
        ignored.write("build/\n__pycache__/\n")
    (here.path / "params.yaml").write_text(roster)
    here.ok("git add -A && git commit -qm 'What trains models' && git push -q origin HEAD:main")


def write_release(root: Path, model: str, key: Path, *, seed: int) -> str:
    """Write a release that its author signed and nobody else; return its version."""
    created = dt.datetime.now(dt.UTC).replace(microsecond=0)
    version = write_compact(root, model, created, seed=seed)
    document = manifest(root, model, version, "eve")
    writing.write(root, writing.signed(document, layout.manifest(model, version), layout.RELEASE, key, None, created))
    return version


def _signed_by_compliance(world: RuntimeWorld, model: str) -> None:
    """Sign a model's reports as Compliance, which approves nothing in paper and so has signed no release."""
    signer = ("--role", "compliance", "--signer", "ben", "--key", world.key("ben"), "--approve")
    for artifact in sorted((world.path / "models" / model).glob("*.json")):
        for kind in ("data_quality", "drift"):
            world.ok("review", "report", f"{model}.{kind}", f"audit/ai_decision/{kind}/{artifact.name}", *signer)
        time.sleep(1.0)  # an answer's name is its second
