"""`bot-core COMMAND`: finds the command's module, parses its arguments, runs it inside the boundary.

A command is a module with `EPILOG`, `add_arguments(parser)` and `run(arguments) -> int`; it is imported only when it is called,
so `--help` and the light commands start in a fraction of a second.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING, Protocol, cast

from bot_core.cli.boundary import outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

# command → (module, one line for --help)
COMMANDS = {
    "audit": ("bot_core.cli.audit", "open alerts; replay what could decide at a commit; export who did what; publish what runs"),
    "changelog": ("bot_core.cli.changelog", "what a release holds: data set, parameters, figures, and who approved it"),
    "docs": ("bot_core.cli.docs", "render docs/compliance/ and what the policy generates"),
    "doctor": ("bot_core.cli.doctor", "check that this machine and this clone can sign, judge and promote"),
    "drift": ("bot_core.cli.drift", "try the drift alert on history; explain, confirm or dismiss a report of drift"),
    "ensemble": ("bot_core.cli.ensemble", "which models answer as one, and what changed of that between two commits"),
    "fmt": ("bot_core.cli.fmt", "write governed YAML in the one accepted spelling"),
    "gate": ("bot_core.cli.gate", "may this branch be merged? the one question that CI asks"),
    "halt": ("bot_core.cli.halt", "stop a release, or everything, at once"),
    "journal": ("bot_core.cli.journal", "verify, show, follow or export what was recorded"),
    "meta-label": ("bot_core.cli.meta_label", "which signals of a model are worth acting on: learn it from a table of events"),
    "models": ("bot_core.cli.models", "the roster's models with their out-of-sample figures against the baseline"),
    "performance": ("bot_core.cli.performance", "how a model does where it decides, against what its evidence let expect"),
    "policy": ("bot_core.cli.policy", "who may sign what: the first policy, a change of it, its signatures"),
    "promote": ("bot_core.cli.promote", "propose a release for an environment, as a commit of its own"),
    "reconcile": ("bot_core.cli.reconcile", "follow git: put in force what is proven, and nothing else"),
    "release": ("bot_core.cli.release", "stamp a built model into models/, archive its evidence, sign its manifest"),
    "repro": ("bot_core.cli.repro", "rebuild what changed, as dvc repro does, in one process or on a cluster"),
    "resume": ("bot_core.cli.resume", "say in one role that a halt may end"),
    "review": ("bot_core.cli.review", "sign an answer to a report, an alert, an incident or minutes"),
    "revoke": ("bot_core.cli.revoke", "take a key, a person or a release out at once"),
    "rollback": ("bot_core.cli.rollback", "go back to the release before, in one commit"),
    "run": ("bot_core.cli.run", "decide on bars as they come, and record everything"),
    "schedule": ("bot_core.cli.schedule", "when models are trained anew, and why not now; pause and resume that"),
    "schemas": ("bot_core.cli.schemas", "write docs/schemas/ from the document types, or check that they are current"),
    "sentiment": ("bot_core.cli.sentiment", "what a sentence says; the model that says so, warmed and verified; how good it is"),
    "sign-off": ("bot_core.cli.sign_off", "read what is proposed, and sign yes or no"),
    "smoke": ("bot_core.cli.smoke", "would what is in force here accept anything? real scores, no order, no record"),
    "status": ("bot_core.cli.status", "which model may decide where, who approved it, and what is missing"),
    "store": ("bot_core.cli.store", "keep released artifacts in versioned storage, and read them again byte by byte"),
    "tracking": ("bot_core.cli.tracking", "what trackers were told of each training; tell them later what they missed"),
    "validate": ("bot_core.cli.validate", "check every archived document against its schema"),
}

EPILOG = """\
the way of a model:
  dvc repro                       rebuild what changed: data checks, training, walk-forward evidence, drift, pages
  bot-core models                 see where every model stands
  bot-core release MODEL          stamp a candidate, with its evidence
  bot-core promote MODEL VERSION --env ENV      propose it, on a branch
  bot-core sign-off MODEL VERSION --env ENV     each role reads and signs
  bot-core gate --base main       what CI asks before the merge; the merge is the promotion
  bot-core status                 what may decide now

exit codes: 0 done, 1 internal fault, 2 bad arguments, configuration or input, 10 approvals outstanding, 20 refused, 30 tampering,
130 interrupted
"""


class Command(Protocol):
    """What a command module offers."""

    EPILOG: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; return the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="bot-core",
        description="Which model may decide right now, who approved it, and on what evidence? The answer is a file in git.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        if words[:1] == [name]:
            return _run(name, module, summary, words[1:])
        subparsers.add_parser(name, help=summary)
    parser.parse_args(words)
    return 0


def _run(name: str, module: str, summary: str, words: list[str]) -> int:
    command = cast("Command", importlib.import_module(module))
    parser = argparse.ArgumentParser(
        prog=f"bot-core {name}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=command.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    formats = getattr(command, "FORMATS", ("text", "json"))
    parser.add_argument("--format", choices=formats, default="text", help="text for people (default), json for programs")
    command.add_arguments(parser)
    spelled = getattr(command, "spelled", list)  # a command may put in the verb that was left out
    return outcome(command.run, parser.parse_args(spelled(_format_first(words))))


def _format_first(words: list[str]) -> list[str]:
    """Move `--format X` before a verb, so that it may stand anywhere."""
    words = [part for word in words for part in (word.split("=", 1) if word.startswith("--format=") else [word])]
    if "--format" not in words[:-1]:
        return words
    place = words.index("--format")
    return [*words[place : place + 2], *words[:place], *words[place + 2 :]]


if __name__ == "__main__":
    raise SystemExit(main())
