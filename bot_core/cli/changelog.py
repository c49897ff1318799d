"""`bot-core changelog [MODEL]`: what each release holds, and who approved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import write_bytes
from bot_core.cli.show import say
from bot_core.documents.signoff import Subject
from bot_core.errors import ReleaseError
from bot_core.governance import layout
from bot_core.governance.desk import Desk
from bot_core.reporting.changelog import entry, models, versions
from bot_core.reporting.changelog_approvals import approvals
from bot_core.reporting.changelog_page import page, page_path, section

if TYPE_CHECKING:
    import argparse

    from bot_core.reporting.changelog import Entry
    from bot_core.reporting.changelog_approvals import Approval

EPILOG = """\
  bot-core changelog MODEL --since v1.4      the releases that the tag v1.4 did not have
  bot-core changelog --write                 docs/releases/MODEL.md, for every model, newest release first

reads what is committed here: version, commit, data set with its digest, rows and dates, which parameters changed since the release before,
out-of-sample figures beside the baseline's and that release's, and whose signatures were proven. The same commit gives the same text.
`bot-core release` puts a new release on top of the page; --write adds who approved it since.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which releases."""
    parser.add_argument("model", nargs="?", help="of one model (default: all)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--since", metavar="REV", help="only releases that this commit, tag or branch did not have")
    which.add_argument("--write", action="store_true", help="write docs/releases/MODEL.md")


def run(arguments: argparse.Namespace) -> int:
    """Print the entries, or write the pages."""
    desk = Desk.here()
    wanted = [arguments.model] if arguments.model else models(desk.view)
    if arguments.model and not versions(desk.view, arguments.model):
        msg = f"models/{arguments.model}: expected a release, committed here; got none of {', '.join(models(desk.view)) or 'any model'}"
        raise ReleaseError(msg, hint=f"bot-core release {arguments.model}, then git commit")
    found = {model: _entries(desk, model, arguments.since) for model in wanted}
    if arguments.write:
        return _write(arguments, desk, found)
    texts = [section(one).rstrip("\n") for entries in found.values() for one in entries]
    facts = {"commit": desk.view.tip, "releases": [one for entries in found.values() for one in entries]}
    say(arguments, facts, texts or ["no release" + (f" since {arguments.since}" if arguments.since else " is committed here")])
    return 0


def _entries(desk: Desk, model: str, since: str | None) -> list[Entry]:
    """Write the entries of a model, newest first."""
    known = set(versions(desk.at(since), model)) if since else set()
    return [_entry(desk, model, version) for version in reversed(versions(desk.view, model)) if version not in known]


def _entry(desk: Desk, model: str, version: str) -> Entry:
    path = layout.artifact(model, version)
    brought = desk.git.brought(desk.view.tip, [path])[path]
    return entry(desk.view, model, version, brought_by=brought, approvals=_approvals(desk, model, version))


def _approvals(desk: Desk, model: str, version: str) -> tuple[Approval, ...]:
    """Read who signed; nobody can without a manifest or a policy."""
    manifest = desk.view.read(layout.manifest(model, version))
    if manifest is None or desk.view.read(layout.POLICY) is None:
        return ()
    return approvals(desk.view, desk.crew, Subject(kind="release", name=model, version=version, digest=sha256(manifest)))


def _write(arguments: argparse.Namespace, desk: Desk, found: dict[str, list[Entry]]) -> int:
    """Write the pages that are not what they should be."""
    wanted = {page_path(model): page(model, entries).encode() for model, entries in found.items()}
    stale = [path for path, data in wanted.items() if not (desk.root / path).is_file() or (desk.root / path).read_bytes() != data]
    for path in stale:
        write_bytes(desk.root / path, wanted[path])
    say(arguments, {"written": stale}, [f"written: {path}" for path in stale] or [f"{len(wanted)} pages are current"])
    return 0
