"""`bot-core resume ENV HALT --role ROLE`: one role's word that a halt may end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bot_core.cli.orders import add_signer, issue
from bot_core.documents.interventions import Resume
from bot_core.errors import ConfigError
from bot_core.governance import layout
from bot_core.governance.desk import Desk
from bot_core.governance.interventions import is_resumed, resume_missing, signed_halts

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.interventions import Halt
    from bot_core.documents.policy import EnvironmentPolicy

EPILOG = "a halt ends when every role that approves in the environment has said so; HALT may be left out while only one is in force"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which halt, and who says so."""
    parser.add_argument("env", help="an environment of the policy")
    parser.add_argument("halt", nargs="?", help="the halt's name, as `bot-core status` shows it (default: the only one in force)")
    parser.add_argument("--role", required=True, help="the role you sign in")
    parser.add_argument("--reason", required=True, help="what was mended")
    add_signer(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sign the word and commit it; say how many more it takes."""
    desk = Desk.here()
    rules = desk.rules(arguments.env)
    halt = _halt(desk, rules, arguments.halt)
    person = desk.policy.person(arguments.signer)
    if person is None or arguments.role not in person.roles:
        msg = f"--signer: expected somebody in the role {arguments.role}, got {arguments.signer}"
        raise ConfigError(msg, hint="bot-core policy propose gives roles")
    word = Resume(
        schema="bot-core/resume/v1",
        repository=desk.policy.repository,
        environment=arguments.env,
        halt=halt.id,
        role=arguments.role,
        signer=arguments.signer,
        issued=desk.now,
        reason=arguments.reason,
    )
    path = f"{layout.resumes(arguments.env, halt.id)}/{arguments.role}.{arguments.signer}.yaml"
    done = issue(arguments, desk, word, path, layout.RESUME, f"Resume {halt.id} in {arguments.env} as {arguments.role}")
    lacking = resume_missing(Desk(desk.root, desk.now).view, desk.crew, rules, halt)
    sys.stderr.write(
        f"still missing: {', '.join(f'{role} {count}' for role, count in lacking.items())}\n"
        if lacking
        else "the halt ends with this\n"
    )
    return done


def _halt(desk: Desk, rules: EnvironmentPolicy, name: str | None) -> Halt:
    """Find the halt that is meant: by its name, or the only one in force."""
    found = [signed.document for signed in signed_halts(desk.view, desk.crew, rules)]
    meant = [halt for halt in found if (halt.id == name if name else not is_resumed(desk.view, desk.crew, rules, halt))]
    if len(meant) != 1:
        known = ", ".join(halt.id for halt in found) or "no halt"
        msg = f"{layout.halts(rules.name)}: expected one of {known}; got {name or 'no name'}"
        raise ConfigError(msg, hint=f"bot-core status --env {rules.name}")
    return meant[0]
