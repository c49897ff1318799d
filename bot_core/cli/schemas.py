"""`bot-core schemas`: write `docs/schemas/*.schema.json`, or with `--check` only compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import encode_json, write_bytes
from bot_core.documents.kinds import KINDS
from bot_core.documents.schema import json_schema

if TYPE_CHECKING:
    import argparse

EPILOG = "exit 20 with --check when a file is missing or stale; run `bot-core schemas` and commit the result"
FOLDER = Path("docs/schemas")
REFUSED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--check`."""
    parser.add_argument("--check", action="store_true", help="write nothing; say what is stale")


def run(arguments: argparse.Namespace) -> int:
    """Write or compare all schemas."""
    wanted = {FOLDER / f"{kind.name}.schema.json": encode_json(json_schema(kind)) for kind in KINDS}
    stale = [path for path, data in wanted.items() if not path.is_file() or path.read_bytes() != data]
    if not arguments.check:
        for path in stale:
            write_bytes(path, wanted[path])
    verb = "stale" if arguments.check else "written"
    if arguments.format == "json":
        print(msgspec.json.encode({verb: [str(path) for path in stale], "all": [str(path) for path in wanted]}).decode())
    else:
        print("\n".join(f"{verb}: {path}" for path in stale) or f"{len(wanted)} schemas are current")
    return REFUSED if arguments.check and stale else 0
