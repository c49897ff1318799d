"""`bot-core docs render`: pages for people from the signed files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._parse import write_bytes
from bot_core.cli.gate import moment
from bot_core.cli.show import say
from bot_core.governance import generated, layout
from bot_core.governance.desk import Desk
from bot_core.governance.standings import places
from bot_core.reporting.compliance_pages import pages

if TYPE_CHECKING:
    import argparse

EPILOG = """\
writes docs/compliance/*.md for what is committed; with --policy also what the policy generates (compliance/allowed_signers, CODEOWNERS).
The pages are refreshed after a merge and never block one; with --check nothing is written and exit 20 says that something is stale.
"""
REFUSED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb."""
    verbs = parser.add_subparsers(dest="verb", metavar="render", required=True)
    render = verbs.add_parser("render", help="write the pages")
    render.add_argument("--policy", action="store_true", help="also write what the policy generates")
    render.add_argument("--check", action="store_true", help="write nothing; say what is stale")
    render.add_argument("--now", type=moment, help="as of this UTC time (default: now)")


def run(arguments: argparse.Namespace) -> int:
    """Render and write what changed."""
    desk = Desk.here(arguments.now)
    found = places(desk.view, desk.now)
    known = found is not None
    wanted = {
        path: text.encode()
        for path, text in pages(desk.view, found, *((desk.policy, desk.crew) if known else (None, None))).items()
    }
    if arguments.policy and known and desk.view.read(layout.POLICY) is not None:
        wanted |= generated.files(desk.policy)
    stale = [path for path, data in wanted.items() if not (desk.root / path).is_file() or (desk.root / path).read_bytes() != data]
    if not arguments.check:
        for path in stale:
            write_bytes(desk.root / path, wanted[path])
    verb = "stale" if arguments.check else "written"
    say(arguments, {verb: stale}, [f"{verb}: {path}" for path in stale] or [f"{len(wanted)} pages are current"])
    return REFUSED if arguments.check and stale else 0
