"""`bot-core release MODEL`: stamp what was built, archive its evidence."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core.config.load import load_roster
from bot_core.errors import ConfigError, ReleaseError
from bot_core.governance.release import release

if TYPE_CHECKING:
    import argparse

EPILOG = """\
writes models/MODEL/VERSION.json (the artifact) and VERSION.md (its card), and audit/ai_decision/*/VERSION.json (its reports);
releasing the same content again changes nothing. Commit what it wrote.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the model."""
    parser.add_argument("model", help="a name in params.yaml")


def run(arguments: argparse.Namespace) -> int:
    """Release one model."""
    roster = load_roster(Path("params.yaml"))
    if arguments.model not in roster:
        msg = f"params.yaml: models: expected one of {', '.join(roster)}; got {arguments.model}"
        raise ConfigError(msg, hint="bot-core models")
    _require_reproduced(arguments.model)
    done = release(Path(), arguments.model, dt.datetime.now(dt.UTC).replace(microsecond=0))
    if arguments.format == "json":
        print(
            msgspec.json.encode(
                {"model": done.model, "version": done.version, "created": done.created, "paths": [str(p) for p in done.paths]}
            ).decode()
        )
    elif done.created:
        print(f"released {done.model} {done.version}", *(f"  {path}" for path in done.paths), sep="\n")
    else:
        print(f"{done.model} {done.version} holds this content already; nothing was changed")
    return 0


def _require_reproduced(model: str) -> None:
    """Ask DVC whether the build is what the inputs give."""
    command = [str(Path(sys.executable).with_name("dvc")), "status", "--json", f"report@{model}", "--with-deps"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed words and a roster name
    if done.returncode != 0:
        msg = f"{model}: expected an answer from `dvc status`, got: {done.stderr.strip()}"
        raise ReleaseError(msg, hint="dvc repro")
    stale = json.loads(done.stdout or "{}")
    if stale:
        msg = f"{model}: expected an up-to-date build, got stale stages: {', '.join(sorted(stale))}"
        raise ReleaseError(msg, hint="dvc repro, then release again")
