"""`bot-core release MODEL`: stamp what was built, archive its evidence."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._parse import read_bytes, write_bytes
from bot_core.cli.show import say
from bot_core.config.load import load_roster
from bot_core.errors import ConfigError, ReleaseError
from bot_core.governance import layout, writing
from bot_core.governance.desk import Desk
from bot_core.governance.manifest import manifest
from bot_core.governance.release import release
from bot_core.reporting.changelog import WorkTree, entry
from bot_core.reporting.changelog_page import has_section, page_path, prepended

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot_core.governance.release import Release

EPILOG = """\
writes models/MODEL/VERSION.json (the artifact) and VERSION.md (its card), audit/ai_decision/*/VERSION.json (its reports), and puts the
release on top of docs/releases/MODEL.md, the changelog, which nothing signed names;
releasing the same content again changes nothing. With --author and --key it also writes and signs the manifest that sign-offs name,
VERSION.release.yaml; without, it says what the release lacks. Commit what it wrote.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the model."""
    parser.add_argument("model", help="a name in params.yaml")
    parser.add_argument("--author", help="your name in the policy; you sign the manifest and may not approve it")
    parser.add_argument(
        "--co-author", action="append", default=[], help="somebody else who may not approve it; give it once per person"
    )
    parser.add_argument("--key", type=Path, help="the private key's file; the public one's with an agent or a hardware key")


def run(arguments: argparse.Namespace) -> int:
    """Release one model."""
    roster = load_roster(Path("params.yaml"))
    if arguments.model not in roster:
        msg = f"params.yaml: models: expected one of {', '.join(roster)}; got {arguments.model}"
        raise ConfigError(msg, hint="bot-core models")
    _require_reproduced(arguments.model)
    done = release(Path(), arguments.model, dt.datetime.now(dt.UTC).replace(microsecond=0))
    signed = _sign(arguments, done.version)
    noted = _note(done, renewed=done.created or bool(signed))
    facts = {"model": done.model, "version": done.version, "created": done.created, "signed": signed is not None}
    paths = [*(str(path) for path in done.paths), *(signed or ()), *noted]
    say(arguments, {**facts, "paths": paths}, _lines(done, paths, signed))
    return 0


def _lines(done: Release, paths: list[str], signed: list[str] | None) -> Iterator[str]:
    if done.created or signed:
        yield f"released {done.model} {done.version}"
        yield from (f"  {path}" for path in paths)
    else:
        yield f"{done.model} {done.version} holds this content already; nothing was changed"
    if signed is None:
        yield f"  unsigned: nobody can promote it yet → bot-core release {done.model} --author NAME --key KEY"


def _sign(arguments: argparse.Namespace, version: str) -> list[str] | None:
    """Write and sign the manifest, or find it there; nothing without a key."""
    path = layout.manifest(arguments.model, version)
    if Path(path).is_file() and Path(path + layout.SIG).is_file():
        return []
    if arguments.author is None or arguments.key is None:
        return None
    desk = Desk.here()
    crew = desk.crew if desk.view.read(layout.POLICY) is not None else None
    document = manifest(desk.root, arguments.model, version, arguments.author, arguments.co_author)
    files = writing.signed(document, path, layout.RELEASE, arguments.key, crew, desk.now)
    writing.write(desk.root, files)
    return list(files)


def _note(done: Release, *, renewed: bool) -> list[str]:
    """Put the release on top of its model's changelog, unless it is there as it is now; return what was written."""
    path = Path(page_path(done.model))
    old = read_bytes(path).decode() if path.is_file() else None
    if not renewed and has_section(old, done.version):
        return []
    write_bytes(path, prepended(old, done.model, entry(WorkTree(Path()), done.model, done.version)).encode())
    return [str(path)]


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
