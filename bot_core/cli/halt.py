"""`bot-core halt ENV MODEL | --all`: stop at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.cli.orders import add_signer, identifier, issue
from bot_core.documents.interventions import Halt
from bot_core.errors import ConfigError
from bot_core.governance import layout
from bot_core.governance.desk import Desk
from bot_core.governance.interventions import require_holder
from bot_core.governance.promotion import desired

if TYPE_CHECKING:
    import argparse

EPILOG = """\
one person in any approving role of the environment is enough; ending a halt needs every role (bot-core resume).
A halt of a model stops the release that is active; other releases stay eligible. --all stops everything there is.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what stops, and who says so."""
    parser.add_argument("env", help="an environment of the policy")
    parser.add_argument("model", nargs="?", help="a model that is active there")
    parser.add_argument("--all", action="store_true", help="everything in the environment")
    parser.add_argument("--reason", required=True, help="what was seen")
    add_signer(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sign the halt and commit it."""
    desk = Desk.here()
    require_holder(desk.policy, arguments.signer, desk.rules(arguments.env).approvals)
    if arguments.all == bool(arguments.model):
        msg = "expected a MODEL, or --all"
        raise ConfigError(msg, hint="bot-core halt production decision_engine … | bot-core halt production --all …")
    order = Halt(
        schema="bot-core/halt/v1",
        repository=desk.policy.repository,
        environment=arguments.env,
        id=identifier(desk, arguments.model or "all"),
        model=arguments.model,
        version=_active(desk, arguments.env, arguments.model) if arguments.model else None,
        signer=arguments.signer,
        issued=desk.now,
        reason=arguments.reason,
    )
    path = f"{layout.halts(arguments.env)}/{order.id}.yaml"
    return issue(arguments, desk, order, path, layout.HALT, f"Halt {arguments.model or 'everything'} in {arguments.env}")


def _active(desk: Desk, environment: str, model: str) -> str:
    file = desired(desk.view, environment)
    entry = file.entry(model)
    if entry is None:
        msg = f"{layout.environment(environment)}: expected one of {', '.join(e.model for e in file.models) or 'no model'}; got {model}"
        raise ConfigError(msg, hint=f"bot-core status --env {environment}")
    return entry.version
