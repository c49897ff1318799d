"""A governed repository with a compact real model, and a machine that follows it."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.governance import layout, writing
from bot_core.governance.manifest import manifest
from tests.compact import write_compact
from tests.world import ROOT, World, _configured

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "decision_engine"
DOMAIN = """\
purpose: Open or skip a position on the next bar.
models: [decision_engine]
actions: [enter, skip]
thresholds:
  max_cost_bps: "15"
  min_net_edge_bps: "0"
  min_probability: "0.4"
  max_daily_loss_pct: "0.02"
  max_drawdown_pct: "0.1"
  max_position_ratio: "0.5"
  max_open_positions: 5
rules:
  - {when: always, action: skip}
"""


@dataclass
class RuntimeWorld(World):
    """A world whose releases are compact real models in paper, and its own bare origin, which machines follow."""

    @property
    def origin(self) -> Path:
        """The bare repository that a machine fetches from."""
        return self.path.parent / "origin.git"

    def compact(self, seed: int, model: str = MODEL, family: str = "") -> str:
        """Release a compact model, or one of another family; return the version."""
        created = dt.datetime.now(dt.UTC).replace(microsecond=0) + self.shift
        version = write_compact(self.path, model, created, seed=seed, family=family)
        document = manifest(self.path, model, version, "eve")
        path = layout.manifest(model, version)
        writing.write(self.path, writing.signed(document, path, layout.RELEASE, self.key("eve"), None, created))
        self.commit(f"Release {model} {version}")
        return version

    def promote(self, version: str, env: str = "paper", *, sign: bool = True) -> None:
        """Propose a release, sign it, merge it, push it."""
        self.ok("promote", MODEL, version, "--env", env)
        branch = self.git("rev-parse", "--abbrev-ref", "HEAD")
        if sign:
            self.sign_off("risk", env=env, subject=(MODEL, version))
        self.merge(branch)
        self.git("branch", "-D", branch)
        self.push()

    def push(self) -> None:
        """Push main."""
        self.git("push", "-q", str(self.origin), "main")

    def reconcile(self, *words: object) -> tuple[int, dict[str, object]]:
        """Follow once, as a machine would; return the exit code and the status."""
        code, out, err = self.run("reconcile", "--once", "--repo", self.origin, "--format", "json", *words)
        assert out, err
        return code, json.loads(out)

    def state(self, name: str = "active") -> dict[str, object]:
        """Read a file of the state folder."""
        return dict(json.loads(self.read(f"var/models/{name}.json")))

    def active(self) -> str | None:
        """Return the version in force."""
        plans = self.state()["plans"]
        return plans[0]["version"] if plans else None  # type: ignore[index]  # plain JSON

    def journal(self) -> list[dict[str, object]]:
        """Return the events of the machine's journal."""
        path = self.path / "logs/decision_journal/decisions.jsonl"
        return [json.loads(line)["event"] for line in path.read_text().splitlines()] if path.exists() else []

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        command = [sys.executable, "-m", "bot_core.cli.main", *map(str, words)]
        return subprocess.Popen(command, cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def build_runtime(folder: Path, versions: int = 1) -> RuntimeWorld:
    """Make a governed repository with so many releases promoted to paper, one after the other, pushed to an origin."""
    base = _configured(folder)
    world = RuntimeWorld(base.path, base.keys, base.t0)
    (world.path / "conf/decision/trade_entry.yaml").write_text(DOMAIN)
    shutil.copytree(ROOT / "conf/runtime", world.path / "conf/runtime")
    (world.path / "data").mkdir()
    shutil.copy(ROOT / "data/eurusd_1h.csv", world.path / "data")
    world.put(".gitignore", "var/\nlogs/\n")
    world.commit("A compact model's domain and data")
    world.git("init", "-q", "--bare", str(world.origin))
    for seed in range(versions):
        world.version = world.compact(seed + 7)
        world.promote(world.version)
    world.push()
    return world
