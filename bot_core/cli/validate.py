"""`bot-core validate`: every archived document must conform to its schema, by `jsonschema` and by its type."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import read_bytes
from bot_core.documents.kinds import KINDS
from bot_core.documents.validation import violations

if TYPE_CHECKING:
    import argparse

EPILOG = "looks at models/, audit/ and build/; exit 20 when a document does not conform"
REFUSED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the root."""
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="the repository's root (default: here)")


def run(arguments: argparse.Namespace) -> int:
    """Validate all files of all kinds."""
    files = [(kind, path) for kind in KINDS for place in kind.places for path in sorted(arguments.root.glob(place))]
    found = [sentence for kind, path in files for sentence in violations(kind, read_bytes(path), str(path))]
    if arguments.format == "json":
        print(msgspec.json.encode({"checked": len(files), "violations": found}).decode())
    else:
        print("\n".join([*found, f"{len(files)} documents checked, {len(found)} violations"]))
    return REFUSED if found else 0
