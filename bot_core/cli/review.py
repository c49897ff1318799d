"""`bot-core review KIND NAME FILE --role ROLE`: a signed answer to a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot_core.cli.orders import add_signer, issue
from bot_core.governance import layout
from bot_core.governance.desk import Desk
from bot_core.governance.reviewing import Answer, answered

if TYPE_CHECKING:
    import argparse

    from bot_core.governance.reviewing import Decision

EPILOG = """\
  bot-core review minutes production.eurusd_range audit/ai_decision/go_live_minutes.md --role risk … --approve
  bot-core review rollback production.eurusd_range audit/ai_decision/incident_journal.md --role risk … --approve
  bot-core review alert NAME audit/ai_decision/drift/NAME.json --role data … --ticket OPS-17

the answer names the file by its digest, as committed here: commit the file first.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is answered, and how."""
    parser.add_argument("kind", choices=["report", "alert", "incident", "minutes", "rollback"])
    parser.add_argument("name", help="what the answer is filed under; minutes and rollbacks: ENV.MODEL")
    parser.add_argument("file", help="the file that is answered")
    parser.add_argument("--role", required=True, help="the role you sign in")
    answer = parser.add_mutually_exclusive_group(required=True)
    answer.add_argument("--approve", action="store_true", help="it stands")
    answer.add_argument("--dismiss", action="store_true", help="it is no cause for action")
    answer.add_argument("--ticket", help="it is being worked on, there")
    parser.add_argument("--statement", help="a sentence that stays with your signature")
    add_signer(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sign the answer and commit it."""
    desk = Desk.here()
    decision: Decision = "approve" if arguments.approve else "dismiss" if arguments.dismiss else "ticket"
    said = Answer(arguments.kind, arguments.name, arguments.file, arguments.role, arguments.signer, decision)
    answer, path = answered(desk, replace(said, ticket=arguments.ticket, statement=arguments.statement))
    return issue(arguments, desk, answer, path, layout.REVIEW, f"Review {arguments.kind} {arguments.name} as {arguments.role}")
