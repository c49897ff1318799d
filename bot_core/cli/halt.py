"""`bot-core halt ENV MODEL | --all`: stop at once.

The models of this machine stop first; only then is loaded what reads git and signs.
"""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core.config.runtime import SETTINGS, load_settings
from bot_core.documents.interventions import Halt, order_id
from bot_core.errors import ConfigError, DocumentError
from bot_core.governance.state import StateFolder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


EPILOG = """\
one person in any approving role of the environment is enough; ending a halt needs every role (bot-core resume).
A halt of a model stops the release that is active; other releases stay eligible. --all stops everything there is.
On a machine that decides for the environment itself, its models stop before the halt is signed and committed, and decide again if that
fails; everywhere else they stop with the push. Where control.json is damaged, its bytes are kept beside a new one, and nothing decides
until a model is attached again.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what stops, and who says so."""
    parser.add_argument("env", help="an environment of the policy")
    parser.add_argument("model", nargs="?", help="a model that is active there")
    parser.add_argument("--all", action="store_true", help="everything in the environment")
    parser.add_argument("--reason", required=True, help="what was seen")
    parser.add_argument("--signer", required=True, help="your name in the policy")
    parser.add_argument(
        "--key", required=True, type=Path, help="the private key's file; the public one's with an agent or a hardware key"
    )
    parser.add_argument(
        "--state", metavar="DIR", help=f"this machine's state folder (default: that of {SETTINGS}, where there is one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Stop here, sign the halt and commit it."""
    if arguments.all == bool(arguments.model):
        msg = "expected a MODEL, or --all"
        raise ConfigError(msg, hint="bot-core halt production decision_engine … | bot-core halt production --all …")
    folder, order = _folder(arguments), _order(arguments, dt.datetime.now(dt.UTC).replace(microsecond=0))
    with _stopped_here(folder, order):
        from bot_core.cli.halting import issue_halt  # noqa: PLC0415  # what reads git and signs is slow to load: the stop comes first

        return issue_halt(arguments, folder, order)


def _folder(arguments: argparse.Namespace) -> StateFolder | None:
    """Return this machine's state folder; nothing where it decides for nobody."""
    if arguments.state is not None:
        return StateFolder(Path(arguments.state))
    folder = StateFolder(Path(load_settings().state)) if SETTINGS.exists() else None
    return folder if folder is not None and folder.active_path.exists() else None


@contextmanager
def _stopped_here(folder: StateFolder | None, order: Halt) -> Iterator[None]:
    """Stop the models of this machine, if it decides for this environment; where the order then fails, they decide again."""
    if folder is None or not _decides_for(folder, order.environment):
        yield
        return
    if (aside := folder.halt(order)) is not None:
        print(
            f"{folder.control_path} was damaged and is kept as {aside}; no model decides here until one is attached",
            file=sys.stderr,
        )
    issued = False
    try:
        yield
        issued = True
    finally:
        if not issued:
            folder.change(lambda said: msgspec.structs.replace(said, halts=[one for one in said.halts if one != order]))


def _decides_for(folder: StateFolder, environment: str) -> bool:
    """Say whether this machine decides for an environment; where that cannot be read, it may."""
    try:
        active = folder.active()
    except DocumentError:
        return True
    return active is not None and active.environment == environment


def _order(arguments: argparse.Namespace, now: dt.datetime) -> Halt:
    """Spell the order as far as it is known before git is read: of this machine, and of every release of the model."""
    return Halt(
        schema="bot-core/halt/v1",
        repository="here",
        environment=arguments.env,
        id=order_id(now, arguments.model or "all"),
        model=arguments.model,
        signer=arguments.signer,
        issued=now,
        reason=arguments.reason,
    )
