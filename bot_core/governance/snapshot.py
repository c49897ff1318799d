"""What the judge looks at: the files of one tree, and since when each of them has been there.

The signer's clock proves nothing, so a file counts from the commit of the protected branch (a first parent) that brought it. That
commit's effective time is the later of the one before it and its own; a commit more than five minutes in the future counts from when it
was first seen, so that one wrong laptop clock does not lock the branch. What a pull request proposes is effective now.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bot_core.governance.git import FILE, FOLDER

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

    def folders(self, folder: str) -> list[str]:
        """List the folders in a folder, in order; nothing where there is none."""

    def since(self, path: str) -> dt.datetime:
        """Return when a file that is there became effective."""

    def expect(self, paths: Iterable[str]) -> None:
        """Say which files `since` will be asked about, so that one walk through history finds them all."""

    def versions(self, path: str) -> Iterator[Version]:
        """Walk through the states of a file, newest first."""

    def at(self, path: str, time: dt.datetime) -> bytes | None:
        """Return what a file held at a time: the newest of its versions that is not later."""

    def past(self, folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """Walk through every state that the files so named in a folder, or below it, ever had, newest first."""


def as_of(view: View, path: str, time: dt.datetime) -> bytes | None:
    """Return what a file held at a time."""
    return view.at(path, time)


def effective_times(commits: list[Commit], now: dt.datetime, seen: Mapping[str, dt.datetime]) -> dict[str, dt.datetime]:
    """Return each commit's effective time. `commits` newest first; `seen`: when commits from the future were first seen."""
    times: dict[str, dt.datetime] = {}
    last = dt.datetime.fromtimestamp(0, dt.UTC)
    for commit in reversed(commits):
        ahead = commit.seconds > (now + TOLERANCE).timestamp()
        own = seen.get(commit.id, now) if ahead else dt.datetime.fromtimestamp(commit.seconds, dt.UTC)
        last = times[commit.id] = max(last, own)
    return times


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

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or nothing."""
        return self.git.blob(self.tree, path)

    def names(self, folder: str) -> list[str]:
        """List the plain files in a folder, in order."""
        return sorted(item.name for item in self.git.items(self.tree, folder) if item.mode == FILE)

    def folders(self, folder: str) -> list[str]:
        """List the folders in a folder, in order."""
        return sorted(item.name for item in self.git.items(self.tree, folder) if item.mode == FOLDER)

    def since(self, path: str) -> dt.datetime:
        """Return when a file became effective."""
        brought = None if path in self.proposed else self.git.brought(self.tip, [path])[path]
        return self.now if brought is None else self._time(brought)  # proposed, or not there at all: now

    def expect(self, paths: Iterable[str]) -> None:
        """Look up several files in one walk."""
        self.git.brought(self.tip, (path for path in paths if path not in self.proposed))

    def versions(self, path: str) -> Iterator[Version]:
        """Walk through the states of a file, newest first; what was walked before is remembered."""
        if path in self.proposed:
            yield Version(self.now, self.read(path))
        for touch in self.git.changes_of(self.tip, path):
            yield Version(self._time(touch.commit), self.git.content(touch.id))

    def at(self, path: str, time: dt.datetime) -> bytes | None:
        """Return what a file held at a time, without a walk: in the tree of the newest first parent that is not later."""
        if path in self.proposed and self.now <= time:
            return self.read(path)
        commits = self.git.first_parents(self.tip)
        place = bisect_left(commits, -time.timestamp(), key=lambda commit: -self._time(commit.id).timestamp())
        return self.git.blob(commits[place].id, path) if place < len(commits) else None

    def past(self, folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """Walk through every state that the files so named in a folder, or below it, ever had on the branch, newest first."""
        for touch in self.git.touches(self.tip, [folder]):
            if touch.path.endswith(suffix) and (data := self.git.content(touch.id)) is not None:
                yield touch.path, data

    @cached_property
    def times(self) -> Mapping[str, dt.datetime]:
        """Each first parent's effective time."""
        return effective_times(self.git.first_parents(self.tip), self.now, self.seen)

    def _time(self, commit: str) -> dt.datetime:
        """Return a first parent's effective time; where no commit lies in the future, without computing all."""
        latest = self.git.latest(self.tip)
        settled = latest[self.tip] <= (self.now + TOLERANCE).timestamp()
        return dt.datetime.fromtimestamp(latest[commit], dt.UTC) if settled else self.times[commit]
