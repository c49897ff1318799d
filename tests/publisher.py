"""A running environment that publishes: a desk with a server, its service's journal, its scheduler's state."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from bot_core._parse import write_json
from bot_core.documents.schedule import SchedulerState
from bot_core.governance.desk import Desk
from bot_core.reporting.decision_journal import render
from bot_core.runtime.journal import JsonlTradingDecisionJournal, TradingDecisionEvent
from bot_core.runtime.press import Wish
from bot_core.runtime.publishing import Published, publish
from tests.world import MODEL, SERVICE

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.governance.git import Git
    from tests.world import World

HOUR = dt.timedelta(hours=1)


@dataclass
class Publisher:
    """What the service of paper does."""

    desk: World
    server: Path
    clock: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC).replace(microsecond=0))

    @classmethod
    def on(cls, desk: World) -> Publisher:
        """Give a desk a server that holds its main branch."""
        server = desk.path.parent / "server.git"
        desk.git("init", "-q", "--bare", "--initial-branch=main", str(server))
        desk.git("remote", "add", "origin", str(server))
        desk.git("push", "-q", "origin", "main")
        return cls(desk, server)

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.desk.path / "logs/paper.jsonl"

    @property
    def git(self) -> Git:
        """The repository, seen anew."""
        return Desk(self.desk.path, self.clock).git

    def decide(self, *statuses: str, kind: str = "decision", **facts: object) -> None:
        """Record events of the release, a second apart, now."""
        shared = {"model": MODEL, "version": self.desk.version, "is_ready": True, "arm": "learned", **facts}
        with JsonlTradingDecisionJournal(self.journal) as journal:
            for status in statuses:
                self.clock += dt.timedelta(seconds=1)
                journal.record(
                    TradingDecisionEvent(
                        event_type=kind,
                        timestamp=self.clock,
                        environment="paper",
                        portfolio="desk",
                        risk_profile="normal",
                        status=status,
                        metadata=shared,
                    )
                )

    def schedule(self, path: Path | None = None, **changes: object) -> Path:
        """Write the state of a scheduler that ran two hours ago and runs again in four."""
        file = path or self.desk.path / "audit/ai_decision/scheduler.json"
        facts = {
            "version": 5,
            "last_run": self.clock - 2 * HOUR,
            "next_run": self.clock + 4 * HOUR,
            "interval": 6 * 3600.0,
            "updated_at": self.clock,
            "failure_streak": 0,
            **dict.fromkeys(("last_failure", "last_failure_reason", "cooldown_until", "paused_until", "paused_reason")),
            **changes,
        }
        write_json(file, msgspec.convert(facts, SchedulerState))
        return file

    def wish(self, **changes: object) -> Wish:
        """Wish to publish paper."""
        facts: dict[str, Any] = {
            "environment": "paper",
            "journal": self.journal,
            "state": self.desk.path,
            "key": self.desk.key(SERVICE),
            "signer": SERVICE,
            **changes,
        }
        return Wish(**facts)

    def publish(self, **changes: object) -> Published:
        """Publish, a second later than everything else."""
        self.clock += dt.timedelta(seconds=1)
        desk = Desk(self.desk.path, self.clock)
        return publish(desk, desk.at("main"), self.wish(**changes), render)

    def held(self, path: str, branch: str = "audit-log") -> bytes:
        """Read a file of the server's branch."""
        data = Desk(self.server, self.clock).git.blob(branch, path)
        assert data is not None, path
        return data

    def shows(self, kind: str) -> dict[str, Any]:
        """Read the newest extract of a kind on the server's branch."""
        folder = f"audit/ai_decision/operation/paper/{self.desk.version}"
        names = [item.name for item in Desk(self.server, self.clock).git.items("audit-log", folder)]
        newest = max(name for name in names if name.startswith(kind) and name.endswith(".json"))
        return dict(json.loads(self.held(f"{folder}/{newest}")))

    @property
    def tip(self) -> str:
        """The server's branch; empty where there is none."""
        return Desk(self.server, self.clock).git.text("for-each-ref", "--format=%(objectname)", "refs/heads/audit-log")
