"""`bot-core status`: which model may decide where, who approved it, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.cli.gate import moment
from bot_core.cli.show import say
from bot_core.governance.desk import Desk
from bot_core.governance.standings import Place, places
from bot_core.reporting.verdicts import explained, matrix

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

EPILOG = """\
judges the newest commit of --ref by the policy it holds. Exit 0 whatever it says; scripts read --format json.
A repository without a policy is `unconfigured`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which environments, of which commit."""
    parser.add_argument("--env", help="one environment (default: all of the policy)")
    parser.add_argument("--ref", default="HEAD", help="a branch or commit (default: what is checked out)")
    parser.add_argument("--now", type=moment, help="judge as of this UTC time (default: now)")


def run(arguments: argparse.Namespace) -> int:
    """Print the state of every entry."""
    desk = Desk.here(arguments.now)
    found = places(desk.at(arguments.ref), desk.now, arguments.env)
    facts = {"commit": desk.git.resolve(arguments.ref), "state": "configured" if found is not None else "unconfigured"}
    say(arguments, {**facts, "environments": [place.as_json() for place in found or []]}, lines(found, desk))
    return 0


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
