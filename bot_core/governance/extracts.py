"""Extracts on their way into a pull request: found where a running environment publishes them, proven, and handed over to be committed.

They are published on a branch of their own (`audit-log`), which nobody reviews. So each is proven by its signature before it is copied;
whether it shows what the checklist asks, and at the right time, the gate says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot_core.governance import layout, operation
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.governance.crew import Crew
    from bot_core.governance.desk import Desk
    from bot_core.governance.git import Git
    from bot_core.governance.operation import Extract
    from bot_core.governance.snapshot import Snapshot, View

BRANCH = "audit-log"
PLACES = {f"refs/remotes/origin/{BRANCH}": f"origin/{BRANCH}", f"refs/heads/{BRANCH}": BRANCH}


@dataclass(frozen=True, slots=True)
class Found:
    """The newest sound extract of each kind with its path, its files with their signatures, and why newer ones were left out."""

    extracts: Mapping[str, tuple[str, Extract]]
    files: Mapping[str, bytes]
    notes: tuple[Reason, ...]


def published(git: Git, wanted: str | None) -> str | None:
    """Name where extracts are published: what was asked for, else the first of `PLACES` that is there; nothing where none is.

    Raises:
        GitError: there is no such commit as asked for.
    """
    if wanted is not None:
        git.resolve(wanted)
        return wanted
    there = git.text("for-each-ref", "--format=%(refname)", *PLACES).splitlines()
    return next((name for ref, name in PLACES.items() if ref in there), None)


def at(here: Snapshot, commit: str, environment: str, version: str) -> Snapshot:
    """Look at the extracts that another commit holds, with everything else, and all times, as they are here: proposed now."""
    tree, folder = here.git.tree(commit), f"{operation.FOLDER}/{environment}/{version}"
    paths = frozenset(f"{folder}/{item.name}" for item in here.git.items(tree, folder))
    return replace(here, tree=tree, proposed=paths)


def newest(view: View, environment: str, model: str, version: str, crew: Crew) -> Found:
    """Find the newest sound extract of each kind."""
    found: dict[str, tuple[str, Extract]] = {}
    notes: list[Reason] = []
    for kind, paths in operation.newest_first(view, f"{operation.FOLDER}/{environment}/{version}").items():
        for path in paths:
            try:
                found[kind] = path, operation.read_of(view, path, model, crew)
                break
            except Refused as problem:
                notes.append(problem.reason)
    names = [name for path, _ in found.values() for name in (path, path + layout.SIG)]
    return Found(found, {name: view.read(name) or b"" for name in names}, tuple(notes))


def to_bring(desk: Desk, place: str, environment: str, model: str, version: str) -> Found:
    """Find what a place publishes of a release and this commit does not hold yet.

    Raises:
        GitError: there is no such place.
    """
    found = newest(at(desk.view, desk.git.resolve(place), environment, version), environment, model, version, desk.crew)
    return replace(found, files={path: data for path, data in found.files.items() if desk.view.read(path) is None})
