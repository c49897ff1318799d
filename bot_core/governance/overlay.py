"""What would the judge say if one file held something else now? A view in which that file is changed, and nothing else.

So the way back is proven before anybody needs it, and a release that somebody asks for on one machine is judged by the function that
judges a pull request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.documents.environment import Environment
from bot_core.governance import layout
from bot_core.governance.promotion import desired, with_entry
from bot_core.governance.reading import spell
from bot_core.governance.snapshot import Version

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from bot_core.documents.environment import Entry
    from bot_core.governance.snapshot import View


@dataclass(frozen=True, slots=True)
class Overlay:
    """A view with one file changed as of `now`."""

    below: View
    path: str
    data: bytes
    now: dt.datetime

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or nothing."""
        return self.data if path == self.path else self.below.read(path)

    def names(self, folder: str) -> list[str]:
        """List the plain files in a folder, in order."""
        found = self.below.names(folder)
        parent, _, name = self.path.rpartition("/")
        return sorted({*found, name}) if folder == parent else found

    def folders(self, folder: str) -> list[str]:
        """List the folders in a folder, in order; the changed file is in one that is there."""
        return self.below.folders(folder)

    def since(self, path: str) -> dt.datetime:
        """Return when a file became effective."""
        return self.now if path == self.path else self.below.since(path)

    def expect(self, paths: Iterable[str]) -> None:
        """Say which files `since` will be asked about."""
        self.below.expect(path for path in paths if path != self.path)

    def versions(self, path: str) -> Iterator[Version]:
        """Walk through the states of a file, newest first."""
        if path == self.path:
            yield Version(self.now, self.data)
        yield from self.below.versions(path)

    def at(self, path: str, time: dt.datetime) -> bytes | None:
        """Return what a file held at a time."""
        return self.data if path == self.path and self.now <= time else self.below.at(path, time)

    def past(self, folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """Walk through what files held before the change."""
        return self.below.past(folder, suffix)


def with_desired(view: View, environment: str, entry: Entry, now: dt.datetime) -> Overlay:
    """Return the view in which an environment desires an entry now."""
    data = spell(with_entry(desired(view, environment), entry))
    return Overlay(view, layout.environment(environment), data, now)


def with_only(view: View, environment: str, entry: Entry, now: dt.datetime) -> Overlay:
    """Return the view in which an environment desires nothing but an entry now, whatever its file says, and be it broken."""
    file = Environment(schema="bot-core/environment/v1", environment=environment, maintenance=False, models=[entry])
    return Overlay(view, layout.environment(environment), spell(file), now)
