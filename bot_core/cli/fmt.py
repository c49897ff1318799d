"""`bot-core fmt FILE`: write governed YAML in the one accepted spelling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import read_bytes, write_bytes
from bot_core.cli.show import say
from bot_core.governance import canonical, layout

if TYPE_CHECKING:
    import argparse

EPILOG = "exit 20 with --check when a file is spelled otherwise. Comments stay in the policy, checklists and environments."
REFUSED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is spelled otherwise")


def run(arguments: argparse.Namespace) -> int:
    """Format or compare; where one file cannot be formatted, none is written."""
    texts = [(path, read_bytes(path)) for path in arguments.files]
    wanted = {path: spelled for path, data in texts if (spelled := _formatted(path, data)) != data}
    if not arguments.check:
        for path, spelled in wanted.items():
            write_bytes(path, spelled)
    changed = [str(path) for path in wanted]
    verb = "spelled otherwise" if arguments.check else "formatted"
    say(arguments, {"changed": changed}, [f"{verb}: {path}" for path in changed] or [f"{len(arguments.files)} files are canonical"])
    return REFUSED if arguments.check and changed else 0


def _formatted(path: Path, data: bytes) -> bytes:
    comments = layout.classify(_name(path)) in ("policy", "environment", "other")
    return canonical.format_text(data, str(path), comments=comments)


def _name(path: Path) -> str:
    """Return the path from the repository's root, as far as its name tells."""
    parts = path.parts
    start = next((i for i, part in enumerate(parts) if part == "compliance"), 0)
    return "/".join(parts[start:])
