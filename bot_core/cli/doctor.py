"""`bot-core doctor`: can this machine and this clone sign, judge and promote?"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.cli.show import say
from bot_core.errors import BotCoreError
from bot_core.governance import generated, layout
from bot_core.governance.desk import Desk, policy_of
from bot_core.governance.promotion import desired

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

EPILOG = "exit 20 when something is missing; each line says what to do about it"
REFUSED = 20
GIT_LEAST = (2, 38)  # git merge-tree --write-tree
SSH_LEAST = (8, 2)  # ssh-keygen -Y sign with hardware keys


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, what was found, what to do."""

    check: str
    well: bool
    found: str
    hint: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:  # nothing to declare
    """Declare nothing."""


def run(arguments: argparse.Namespace) -> int:
    """Check and print."""
    found = list(findings())
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
