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
    "models": ("bot_core.cli.models", "the roster's models with their out-of-sample figures against the baseline"),
    "release": ("bot_core.cli.release", "stamp a built model into models/ and archive its evidence under audit/"),
    "schemas": ("bot_core.cli.schemas", "write docs/schemas/ from the document types, or check that they are current"),
    "validate": ("bot_core.cli.validate", "check every archived document against its schema"),
}

EPILOG = """\
the way of a model:
  dvc repro                       rebuild what changed: data checks, training, walk-forward evidence, drift, pages
  bot-core models                 see where every model stands
  bot-core release MODEL          stamp a candidate, with its evidence

exit codes: 0 done, 1 internal fault, 2 bad arguments, configuration or input, 20 refused, 130 interrupted
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
    parser.add_argument("--format", choices=["text", "json"], default="text", help="text for people (default), json for programs")
    command.add_arguments(parser)
    return outcome(command.run, parser.parse_args(words))


if __name__ == "__main__":
    raise SystemExit(main())
