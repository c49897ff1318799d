"""`bot-core status`: which model may decide where, who approved it, what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core.cli.gate import moment
from bot_core.cli.show import say
from bot_core.config.runtime import SETTINGS, load_settings
from bot_core.errors import DocumentError
from bot_core.governance.desk import Desk
from bot_core.governance.standings import Place, places
from bot_core.governance.state import StateFolder
from bot_core.reporting.machine import lines as passed
from bot_core.reporting.machine import stopped
from bot_core.reporting.verdicts import explained, matrix

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot_core.documents.runtime import Degraded, RuntimeStatus

EPILOG = """\
judges the newest commit of --ref by the policy it holds. Exit 0 whatever it says; scripts read --format json.
A repository without a policy is `unconfigured`. On a machine that decides, its last pass is shown too: what is in force here, and why it is
not what git desires where it is not.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which environments, of which commit."""
    parser.add_argument("--env", help="one environment (default: all of the policy)")
    parser.add_argument("--ref", default="HEAD", help="a branch or commit (default: what is checked out)")
    parser.add_argument(
        "--state", metavar="DIR", help=f"this machine's state folder (default: that of {SETTINGS}, where there is one)"
    )
    parser.add_argument("--now", type=moment, help="judge as of this UTC time (default: now)")


def run(arguments: argparse.Namespace) -> int:
    """Print the state of every entry."""
    desk = Desk.here(arguments.now)
    found = places(desk.at(arguments.ref), desk.now, arguments.env)
    facts: dict[str, object] = {
        "commit": desk.git.resolve(arguments.ref),
        "state": "configured" if found is not None else "unconfigured",
    }
    facts["environments"] = [place.as_json() for place in found or []]
    machine = _machine(arguments)
    if machine is None or arguments.env not in {None, machine.environment}:
        say(arguments, facts, lines(found, desk))
        return 0
    degraded, why = _degraded(_folder(arguments))
    said = [*passed(machine, None), *why]
    here = [f"this machine, {machine.last_attempted:%Y-%m-%d %H:%M:%S} UTC", *(f"  {line}" for line in said)]
    body = {**msgspec.to_builtins(machine), "degraded": msgspec.to_builtins(degraded)}
    say(arguments, {**facts, "machine": body}, [*lines(found, desk), *here])
    return 0


def _machine(arguments: argparse.Namespace) -> RuntimeStatus | None:
    """Read how this machine's last pass went; nothing where it decides for nobody."""
    if arguments.state is None and not SETTINGS.exists():
        return None
    return _folder(arguments).status()


def _degraded(folder: StateFolder) -> tuple[list[Degraded], list[str]]:
    """Read which releases do worse than their evidence said, and say so; where the file is damaged, say that."""
    try:
        control = folder.control()
    except DocumentError as error:
        return [], [f"{error.code}: {error}"]
    return control.degraded, [*stopped(control)]


def _folder(arguments: argparse.Namespace) -> StateFolder:
    return StateFolder(Path(arguments.state or load_settings().state))


def lines(found: list[Place] | None, desk: Desk) -> Iterator[str]:
    """Say where every environment stands."""
    if found is None:
        yield "unconfigured: there is no compliance/policy.yaml, so nothing may decide"
        yield "  → bot-core policy init --root NAME=KEY.pub …"
        return
    for place in found:
        yield f"{place.environment}  {place.condition}"
        for note in place.degraded:
            yield f"  degraded: {note}"
        for warning in place.warnings:
            yield f"  warning: {warning}"
        for decision in place.decisions:
            yield f"  {decision.state}"
            yield from (f"  {line}" for line in matrix(decision, desk.now))
            yield from (f"  {line}" for line in explained(decision))
        if not place.decisions:
            yield "  no model: rules decide"
