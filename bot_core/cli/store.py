"""`bot-core store VERB`: released artifacts in versioned storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core.cli.show import say
from bot_core.errors import ReleaseError, TrackingError
from bot_core.governance.desk import Desk
from bot_core.tracking import store
from bot_core.tracking.store_places import open_place

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from bot_core.documents.stored import StoredRelease
    from bot_core.tracking.store import Problem, Pushed
    from bot_core.tracking.store_places import Place

EPILOG = """\
  bot-core store push                      keep every signed release that is committed here
  bot-core store verify MODEL VERSION      read it again, every byte, and compare with the index and with git
  bot-core store show

the store is DVC's default remote, or the one that --remote names (`dvc remote list`), else the folder var/store. Nothing in it is ever
replaced.
verify ends with 20 when something is missing and with 30 when it is not what was released.
"""
MISSING, CHANGED = 20, 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="push|verify|show", required=True)
    for name, what in (
        ("push", "keep releases that are committed here"),
        ("verify", "read stored releases again and compare every digest"),
        ("show", "list what the store has"),
    ):
        verb = verbs.add_parser(name, help=what)
        verb.add_argument("model", nargs="?", help="of one model (default: all)")
        verb.add_argument("version", nargs="?", help="one release of it (default: all)")
        verb.add_argument("--remote", metavar="NAME", help="a DVC remote (default: DVC's default one, else var/store)")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    verbs: dict[str, Callable[[argparse.Namespace, Desk, Place], int]] = {"push": _push, "verify": _verify, "show": _show}
    desk = Desk.here()
    return verbs[arguments.verb](arguments, desk, open_place(desk.root, arguments.remote))


def _push(arguments: argparse.Namespace, desk: Desk, place: Place) -> int:
    done = [store.push(place, store.released(desk.view, *one)) for one in _committed(arguments, desk)]
    say(arguments, {"url": place.url, "pushed": done}, [*(_pushed(one) for one in done)] or ["no signed release is committed here"])
    return 0


def _pushed(one: Pushed) -> str:
    what = f"{one.created} objects" if one.created else "there already, with the same bytes"
    return f"{one.model} {one.version}: {what}, in {one.url}"


def _verify(arguments: argparse.Namespace, desk: Desk, place: Place) -> int:
    there = store.kept(place, arguments.model)
    here = store.versions(desk.view, arguments.model)
    wanted = [one for one in sorted({*there, *here}) if arguments.version in {None, one[1]}]
    if arguments.version and not wanted:
        msg = f"{place.url}: expected the release {arguments.model} {arguments.version}, here or in the store; got none"
        raise ReleaseError(msg, hint="bot-core store show")
    found = {one: _checked(desk, place, one, committed=one in here) for one in wanted}
    facts = [{"model": m, "version": v, "well": not problems, "problems": problems} for (m, v), problems in found.items()]
    say(arguments, {"url": place.url, "releases": facts}, _lines(found) if found else ["no release, neither here nor in the store"])
    troubles = {problem.trouble for problems in found.values() for problem in problems}
    return CHANGED if "changed" in troubles else MISSING if troubles else 0


def _checked(desk: Desk, place: Place, one: tuple[str, str], *, committed: bool) -> list[Problem]:
    return store.verify(place, *one, store.released(desk.view, *one) if committed else None)


def _lines(found: dict[tuple[str, str], list[Problem]]) -> Iterator[str]:
    for (model, version), problems in found.items():
        yield f"{'✗' if problems else '✓'} {model} {version}"
        yield from (f"    {problem.trouble}: {problem.message}" for problem in problems)


def _show(arguments: argparse.Namespace, desk: Desk, place: Place) -> int:  # noqa: ARG001  # the verbs are called alike
    found = [one for one in store.held(place, arguments.model) if arguments.version in {None, one.version}]
    if arguments.version and not found:
        msg = f"{place.url}: expected the release {arguments.model} {arguments.version}, got none"
        raise TrackingError(msg, hint=f"bot-core store push {arguments.model} {arguments.version}")
    say(arguments, {"url": place.url, "releases": msgspec.to_builtins(found)}, _shown(place, found, whole=bool(arguments.version)))
    return 0


def _shown(place: Place, found: list[StoredRelease], *, whole: bool) -> Iterator[str]:
    yield f"{place.url}: {len(found)} release{'s' * (len(found) != 1)}"
    for one in found:
        size = sum(file.size for file in one.files)
        yield f"{one.model} {one.version}  {len(one.files)} files, {size:,} bytes, commit {one.commit[:12]}, {one.manifest[:15]}"
        if whole:
            yield from (f"  {file.digest[:15]}  {file.size:>10,}  {file.path}" for file in one.files)


def _committed(arguments: argparse.Namespace, desk: Desk) -> list[tuple[str, str]]:
    """Name what is to be pushed; one that was asked for need not be there, which is then said."""
    if arguments.version:
        return [(arguments.model, arguments.version)]
    return store.versions(desk.view, arguments.model)
