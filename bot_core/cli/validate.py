"""`bot-core validate`: every archived document must conform to its schema, by `jsonschema` and by its type."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import read_bytes
from bot_core.documents.kinds import KINDS
from bot_core.documents.reports import schema_of
from bot_core.documents.schema import schema_name
from bot_core.documents.validation import violations

if TYPE_CHECKING:
    import argparse

    from bot_core.documents.kinds import Kind

EPILOG = "looks at models/, audit/ and build/; exit 20 when a document does not conform"
REFUSED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the root."""
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="the repository's root (default: here)")


def run(arguments: argparse.Namespace) -> int:
    """Validate all files of all kinds."""
    files: dict[Path, list[Kind]] = {}
    for kind in KINDS:
        for path in sorted({path for place in kind.places for path in arguments.root.glob(place)}):
            files.setdefault(path, []).append(kind)
    found = [sentence for path, kinds in files.items() for sentence in _violations(kinds, path)]
    if arguments.format == "json":
        print(msgspec.json.encode({"checked": len(files), "violations": found}).decode())
    else:
        print("\n".join([*found, f"{len(files)} documents checked, {len(found)} violations"]))
    return REFUSED if found else 0


def _violations(kinds: list[Kind], path: Path) -> list[str]:
    """Check a file against the kind that it says it is; against the first that may lie there where it says none of them."""
    data = read_bytes(path)
    named = next((kind for kind in kinds if len(kinds) > 1 and schema_of(data) == schema_name(kind)), kinds[0])
    return violations(named, data, str(path))
