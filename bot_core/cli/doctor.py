"""`bot-core doctor`: can this machine and this clone sign, judge and promote? `--weekly`: is all there that a training leans on?"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.cli.show import say
from bot_core.config.tracking import TrackingConfig, load_tracking
from bot_core.errors import BotCoreError, ConfigError
from bot_core.governance import generated, layout
from bot_core.governance.desk import Desk, policy_of
from bot_core.governance.promotion import desired
from bot_core.sentiment.snapshot import cache_root, verify_all
from bot_core.tracking import health
from bot_core.tracking.finding import Finding
from bot_core.tracking.store_places import open_place

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

EPILOG = """\
exit 20 when something is missing; each line says what to do about it. --weekly also asks the declared trackers whether they answer and know
us, writes to the store of released artifacts and compares the newest release of each model with git's, and reads the model cache whole.
"""
REFUSED = 20
CONFIGURATION = Path("conf/config.yaml")
GIT_LEAST = (2, 38)  # git merge-tree --write-tree
SSH_LEAST = (8, 2)  # ssh-keygen -Y sign with hardware keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is looked at."""
    parser.add_argument("--weekly", action="store_true", help="also trackers, storage, model cache and what waits: for cron")
    parser.add_argument("--remote", metavar="NAME", help="with --weekly: the store, a DVC remote (default: as bot-core store)")
    free = health.LEAST_FREE / health.GIB
    parser.add_argument(
        "--free", metavar="GIB", type=float, default=free, help=f"with --weekly: room the model cache needs ({free:g})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check and print."""
    found = [*findings(), *(weekly(arguments.remote, arguments.free) if arguments.weekly else ())]
    lines = [
        f"{'✓' if f.well else '✗'} {f.check:<18} {f.found}" + (f"\n    → {f.hint}" if not f.well and f.hint else "") for f in found
    ]
    say(arguments, {"well": all(f.well for f in found), "checks": found}, lines)
    return 0 if all(f.well for f in found) else REFUSED


def findings() -> Iterator[Finding]:
    """Look at the tools, the clone and what it holds."""
    yield _tool("git", ["git", "--version"], GIT_LEAST, "install git 2.38 or later")
    yield _tool("ssh-keygen", ["ssh", "-V"], SSH_LEAST, "install OpenSSH 8.2 or later (openssh-client)")
    try:
        desk = Desk.here()
    except BotCoreError as error:
        yield Finding("clone", well=False, found=error.message, hint=error.hint)
        return
    yield Finding("clone", well=True, found=str(desk.root))
    for check, look in (
        ("policy", _policy),
        ("generated files", _generated),
        ("checklists", _checklists),
        ("environments", _environments),
    ):
        yield _tried(check, look, desk)


def weekly(remote: str | None, free: float) -> Iterator[Finding]:
    """Look at what a training and a release lean on: trackers, what waits for them, the store, the model cache.

    Args:
        remote: the store; None: as `bot-core store` finds it.
        free: GiB that the model cache must have.
    """
    yield from _trackers()
    yield from _storage(remote)
    yield from _cache(free)


def _trackers() -> Iterator[Finding]:
    root = Path()
    try:
        declared = (
            load_tracking(root) if (root / CONFIGURATION).is_file() else TrackingConfig()
        )  # where nothing is trained, nobody is told
        yield from health.trackers(declared, root)
    except ConfigError as error:
        yield Finding("trackers", well=False, found=error.message, hint=error.hint)
    yield health.waiting(root, dt.datetime.now(dt.UTC))


def _storage(remote: str | None) -> Iterator[Finding]:
    try:
        desk = Desk.here()
        yield from health.storage(open_place(desk.root, remote), desk.view)
    except BotCoreError as error:
        yield Finding("storage", well=False, found=error.message, hint=error.hint)


def _cache(free: float) -> Iterator[Finding]:
    cache = cache_root()
    yield health.space(cache, int(free * health.GIB))
    states = verify_all(cache)
    if not states:
        yield Finding("model cache", well=True, found=f"{cache}: no snapshot")
    for state in states:
        found = state.problem or f"{state.model}: every file as recorded, checksum {state.checksum.removeprefix('sha256:')[:12]}"
        yield Finding(
            "model cache", well=not state.problem, found=found, hint=f"delete its folder in {cache}; bot-core sentiment warm"
        )


def _tried(check: str, look: Callable[[Desk], str], desk: Desk) -> Finding:
    try:
        return Finding(check, well=True, found=look(desk))
    except BotCoreError as error:
        return Finding(check, well=False, found=error.message, hint=error.hint)


def _policy(desk: Desk) -> str:
    policy = policy_of(desk.view)
    return f"version {policy.version}, {len(policy.people)} people, {len(policy.environments)} environments"


def _generated(desk: Desk) -> str:
    stale = [path for path, data in generated.files(desk.policy).items() if desk.view.read(path) != data]
    if stale:
        msg = f"{', '.join(stale)}: expected what the policy generates, got another text"
        raise BotCoreError(msg, hint="bot-core docs render --policy, then commit")
    return "as the policy generates them"


def _checklists(desk: Desk) -> str:
    names = {rules.checklist.id for rules in desk.policy.environments if rules.checklist}
    for rules in desk.policy.environments:
        if rules.checklist and desk.view.read(layout.checklist(rules.checklist.id)) is None:
            msg = f"{layout.checklist(rules.checklist.id)}: expected the checklist that {rules.name} names, got no file"
            raise BotCoreError(msg, hint="restore it from git")
    return ", ".join(sorted(names)) or "none asked"


def _environments(desk: Desk) -> str:
    counts = {rules.name: len(desired(desk.view, rules.name).models) for rules in desk.policy.environments}
    return ", ".join(f"{name}: {count} models" for name, count in counts.items())


def _tool(name: str, command: list[str], least: tuple[int, int], hint: str) -> Finding:
    if shutil.which(name) is None:
        return Finding(name, well=False, found="not found", hint=hint)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed words
    said = (done.stdout + done.stderr).strip()
    version = re.search(r"(\d+)\.(\d+)", said)
    well = version is not None and (int(version[1]), int(version[2])) >= least
    return Finding(name, well=well, found=said.split(",")[0], hint=hint)
