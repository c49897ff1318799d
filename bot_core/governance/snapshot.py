"""What the judge looks at: the files of one tree, and since when each of them has been there.

The signer's clock proves nothing, so a file counts from the commit of the protected branch (a first parent) that brought it. That
commit's effective time is the later of the one before it and its own; a commit more than five minutes in the future counts from when it
was first seen, so that one wrong laptop clock does not lock the branch. What a pull request proposes is effective now.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot_core.governance.git import Commit, Git

TOLERANCE = dt.timedelta(minutes=5)


class Version(NamedTuple):
    """One state of a file: from when on, and its bytes (nothing: it was not there)."""

    since: dt.datetime
    data: bytes | None


class View(Protocol):
    """Everything that `decide` may read. Pure in what it returns: the same view answers the same."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or nothing."""

    def names(self, folder: str) -> list[str]:
        """List the plain files in a folder, in order; nothing where there is none."""

    def since(self, path: str) -> dt.datetime:
        """Return when a file that is there became effective."""

    def expect(self, paths: Iterable[str]) -> None:
        """Say which files `since` will be asked about, so that one walk through history finds them all."""

    def versions(self, path: str) -> Iterator[Version]:
        """Walk through the states of a file, newest first."""


def as_of(view: View, path: str, time: dt.datetime) -> bytes | None:
    """Return what a file held at a time."""
    return next((version.data for version in view.versions(path) if version.since <= time), None)


def effective_times(commits: list[Commit], now: dt.datetime, seen: Mapping[str, dt.datetime]) -> dict[str, dt.datetime]:
    """Return each commit's effective time. `commits` newest first; `seen`: when commits from the future were first seen."""
    times: dict[str, dt.datetime] = {}
    last = dt.datetime.fromtimestamp(0, dt.UTC)
    for commit in reversed(commits):
        stated = dt.datetime.fromtimestamp(commit.seconds, dt.UTC)
        own = stated if stated <= now + TOLERANCE else seen.get(commit.id, now)
        last = times[commit.id] = max(last, own)
    return times


@dataclass
class _Walk:
    """An iterator that several readers share, each from its beginning."""

    rest: Iterator[Version]
    found: list[Version] = field(default_factory=list)

    def __iter__(self) -> Iterator[Version]:
        place = 0
        while place < len(self.found) or self._advance():
            yield self.found[place]
            place += 1

    def _advance(self) -> bool:
        version = next(self.rest, None)
        if version is not None:
            self.found.append(version)
        return version is not None


@dataclass(frozen=True)
class Snapshot:
    """A tree on top of the protected branch's history.

    Args:
        git: the repository.
        tip: the branch's commit.
        tree: what is judged: the tip's tree, or the tree that a merge would give.
        now: the time.
        proposed: paths that `tree` adds to or changes in the tip's: effective now.
        seen: commits from the future, and when they were first seen.
    """

    git: Git
    tip: str
    tree: str
    now: dt.datetime
    proposed: frozenset[str] = frozenset()
    seen: Mapping[str, dt.datetime] = field(default_factory=dict)
    _brought: dict[str, dt.datetime] = field(default_factory=dict, repr=False)
    _walks: dict[str, _Walk] = field(default_factory=dict, repr=False)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or nothing."""
        return self.git.blob(self.tree, path)

    def names(self, folder: str) -> list[str]:
        """List the plain files in a folder, in order."""
        return sorted(item.name for item in self.git.items(self.tree, folder) if item.mode == "100644")

    def since(self, path: str) -> dt.datetime:
        """Return when a file became effective."""
        if path not in self._brought:
            self.expect([path])
        return self._brought[path]

    def expect(self, paths: Iterable[str]) -> None:
        """Look up several files in one walk."""
        wanted = {path for path in paths if path not in self._brought}
        self._brought.update(dict.fromkeys(wanted, self.now))  # proposed, or not there at all
        missing = wanted - self.proposed
        if not missing:
            return
        for commit, changed in self.git.touched(self.tip, sorted(missing)):
            found = missing.intersection(changed)
            self._brought.update(dict.fromkeys(found, self.times[commit]))
            missing -= found
            if not missing:
                return

    def versions(self, path: str) -> Iterator[Version]:
        """Walk through the states of a file, newest first; what was walked before is remembered."""
        walk = self._walks.setdefault(path, _Walk(self._walk(path)))
        return iter(walk)

    def _walk(self, path: str) -> Iterator[Version]:
        if path in self.proposed:
            yield Version(self.now, self.read(path))
        for commit, _ in self.git.touched(self.tip, [path]):
            yield Version(self.times[commit], self.git.blob(commit, path))

    @cached_property
    def times(self) -> dict[str, dt.datetime]:
        """Each first parent's effective time."""
        return effective_times(self.git.first_parents(self.tip), self.now, self.seen)
