"""A machine that follows a world, with a clock of its own, for the tests of what it is made of."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from bot_core.config.runtime import RuntimeSettings
from bot_core.governance import layout
from bot_core.governance.state import StateFolder
from bot_core.runtime.clone import Clone
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.reconciler import Reconciler
from tests.attacks import forge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.documents.runtime import Condition, RuntimeStatus
    from tests.runtime_world import RuntimeWorld
    from tests.world import World

    Runtimes = Callable[..., RuntimeWorld]

MINUTE, DAY, YEAR = dt.timedelta(minutes=1), dt.timedelta(days=1), dt.timedelta(days=366)


def folder_of(world: RuntimeWorld) -> StateFolder:
    """Return the state folder that the world's commands use."""
    return StateFolder(world.path / "var/models")


def clone_of(world: RuntimeWorld, root: Path | None = None) -> Clone:
    """Return the machine's clone."""
    return Clone(root or folder_of(world).repository, str(world.origin), "main", 20.0)


def journal_of(world: RuntimeWorld) -> Path:
    """Return the machine's journal."""
    return world.path / "logs/decision_journal/decisions.jsonl"


def machine(world: RuntimeWorld, *, later: dt.timedelta = dt.timedelta(), **changes: object) -> Reconciler:
    """Make the world's reconciler, whose clock is so much later than the world's; `changes` replace settings or parts of it."""
    parts = {name: changes.pop(name) for name in ("folder", "clone", "clock") if name in changes}
    settings = RuntimeSettings(environment="paper", **changes)  # type: ignore[arg-type]  # of its fields
    made: dict[str, object] = {"folder": folder_of(world), "clone": clone_of(world), "clock": lambda: world.now + later}
    journal = JsonlTradingDecisionJournal(journal_of(world))
    return Reconciler(settings, journal=journal, **(made | parts))  # type: ignore[arg-type]  # of its fields


def condition(status: RuntimeStatus, name: str) -> Condition:
    """Return a condition."""
    return next(found for found in status.conditions if found.name == name)


def drop_paper(desk: World) -> None:
    """Let the root quorum sign a policy without paper."""
    text = desk.read(layout.POLICY)
    start, end = text.index("  - name: paper\n"), text.index("  - name: production\n")
    after = text.index("    after:\n", end)
    stage = text[after : text.index("    limits:\n", after)]
    forge.policy(desk, edits=((text[start:end], ""), (stage, "")))
