"""Git, through the git command: what is committed, one folder or blob at a time, without replace-refs, hooks or a work tree."""

from __future__ import annotations

import os
import subprocess
import weakref
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, count, groupby, islice
from typing import TYPE_CHECKING, NamedTuple

from bot_core.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FILE, FOLDER = "100644", "40000"
_SETTINGS = ("core.hooksPath=/dev/null", "core.quotePath=false", "log.showSignature=false", "protocol.ext.allow=never")
_QUIET = tuple(word for setting in _SETTINGS for word in ("-c", setting))


class Item(NamedTuple):
    """A name in a folder, with its mode (100644 a plain file, 40000 a folder)."""

    mode: str
    name: str


class Change(NamedTuple):
    """What differs between two trees at a path: `A`dded, `M`odified, `D`eleted, `T`ype changed; and the mode afterwards."""

    status: str
    mode: str
    path: str


class Commit(NamedTuple):
    """A commit and its committer's time, seconds since 1970."""

    id: str
    seconds: int


class Touch(NamedTuple):
    """A commit that changed a path, and the object that stands there since; zeros where there is none."""

    commit: str
    path: str
    id: str


class _Object(NamedTuple):
    id: str
    kind: str
    data: bytes


class _Trail:
    """What was found of one tip's history: its first parents, who brought which file, and the changes of some files so far."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self.latest: dict[str, int] = {}
        self.brought: dict[str, str | None] = {}
        self.walks: dict[str, tuple[list[Touch], Iterator[Touch]]] = {}


@dataclass(frozen=True)
class Git:
    """A repository, bare or not. Reads objects; the few writing commands live in `worktree.py`."""

    root: Path
    _cache: dict[str, _Object | None] = field(default_factory=dict, repr=False, compare=False)
    _folders: dict[str, list[Item]] = field(default_factory=dict, repr=False, compare=False)
    _trails: dict[str, _Trail] = field(default_factory=dict, repr=False, compare=False)

    def blob(self, tree: str, path: str) -> bytes | None:
        """Return a file's bytes in a tree, or nothing where there is no file."""
        return self.content(f"{tree}:{path}")

    def content(self, name: str) -> bytes | None:
        """Return the bytes of a file's object, named by its id or by its place; nothing where that is no file's."""
        found = self._object(name)
        return found.data if found and found.kind == "blob" else None

    def items(self, tree: str, folder: str) -> list[Item]:
        """List a folder of a tree; nothing where there is no folder."""
        name = f"{tree}:{folder}"
        if name not in self._folders:
            found = self._object(name)
            self._folders[name] = list(_items(found.data, len(found.id) // 2)) if found and found.kind == "tree" else []
        return self._folders[name]

    def resolve(self, name: str) -> str:
        """Return the commit that a name stands for.

        Raises:
            GitError: the name stands for none.
        """
        return self.text(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", expected=f"a commit named {name}"
        )

    def tree(self, commit: str) -> str:
        """Return a commit's tree; a GitError where there is no such commit."""
        found = self._read(f"{commit}^{{tree}}")
        return found.id if found else self.text("rev-parse", "--verify", f"{commit}^{{tree}}", expected=f"the tree of {commit}")

    def merged(self, base: str, head: str) -> str:
        """Return the tree that merging `head` into `base` gives.

        Raises:
            GitError: the two conflict.
        """
        done = self._run("merge-tree", "--write-tree", "--no-messages", base, head)
        if done.returncode != 0:
            msg = f"{self.root}: expected {head[:12]} to merge into {base[:12]}, got conflicts"
            raise GitError(msg, hint="git merge the base into the branch, solve the conflicts, push")
        return done.stdout.decode().split("\n", 1)[0]

    def changes(self, old: str, new: str) -> list[Change]:
        """List what differs between two trees."""
        words = self.text("diff-tree", "-r", "-z", "--no-renames", "--raw", old, new).split("\0")
        return [Change(meta.split()[4], meta.split()[1], path) for meta, path in zip(words[0::2], words[1::2], strict=False)]

    def commit_changes(self, commit: str) -> list[Change]:
        """List what a commit changed against its first parent; of the first commit, everything it holds."""
        parent = self._run("rev-parse", "--verify", "--quiet", f"{commit}^1")
        empty = self.text("hash-object", "-t", "tree", "/dev/null")
        return self.changes(parent.stdout.decode().strip() or empty, commit)

    def first_parents(self, tip: str) -> list[Commit]:
        """List the commits of the protected branch, newest first: the first parents of `tip`, a commit's id."""
        trail = self._trail(tip)
        if not trail.commits:
            lines = self.text("log", "--first-parent", "--format=%H %ct", tip).splitlines()
            trail.commits = [Commit(name, int(seconds)) for name, _, seconds in (line.partition(" ") for line in lines)]
        return trail.commits

    def latest(self, tip: str) -> dict[str, int]:
        """Return for each first parent of `tip` the latest committer's time up to it, not before 1970."""
        trail = self._trail(tip)
        if not trail.latest:
            older = self.first_parents(tip)[::-1]
            trail.latest = dict(zip((c.id for c in older), accumulate((max(c.seconds, 0) for c in older), max), strict=True))
        return trail.latest

    def brought(self, tip: str, paths: Iterable[str]) -> dict[str, str | None]:
        """Return for each file the first parent of `tip` that changed it last; all that are not known yet are found in one walk."""
        known, wanted = self._trail(tip).brought, list(dict.fromkeys(paths))
        missing = {path for path in wanted if path not in known}
        walk = self.touches(tip, _places(missing)) if missing else iter(())
        known.update(dict.fromkeys(missing))
        while missing and (touch := next(walk, None)):
            if touch.path in missing:
                missing.remove(touch.path)
                known[touch.path] = touch.commit
        return {path: known[path] for path in wanted}

    def changes_of(self, tip: str, path: str) -> Iterator[Touch]:
        """Walk through the changes of a file, newest first; what was walked before is remembered."""
        own = (touch for touch in self.touches(tip, [path]) if touch.path == path)  # a folder of that name is none
        found, rest = self._trail(tip).walks.setdefault(path, ([], own))
        for place in count():
            if place == len(found):
                found.extend(islice(rest, 1))
            if place == len(found):
                return
            yield found[place]

    def touched(self, tip: str, paths: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Walk the first parents of `tip`, newest first, and yield those that changed any of some paths, with the paths changed."""
        for commit, found in groupby(self.touches(tip, paths), key=lambda touch: touch.commit):
            yield commit, [touch.path for touch in found]

    def touches(self, tip: str, paths: Sequence[str]) -> Iterator[Touch]:
        """Walk the first parents of `tip`, newest first, and yield each change of some files, or of the files in some folders.

        The walk stops when the caller stops asking, so what is found early costs little in a long history.
        """
        words = ["log", "--first-parent", "--format=%x01%H", "--raw", "--no-abbrev", "--no-renames", "-z", tip, "--"]
        return _touches(self._words(*words, *(f":(top,literal){path}" for path in paths)))

    def text(self, *words: str, expected: str = "") -> str:
        """Run git and return what it prints.

        Raises:
            GitError: it failed.
        """
        done = self._run(*words)
        if done.returncode != 0:
            said = " ".join(done.stderr.decode(errors="replace").split()) or "no such thing"
            msg = f"{self.root}: expected {expected or 'an answer from git ' + words[0]}, got: {said}"
            raise GitError(msg, hint="run inside a full clone; git fetch")
        return done.stdout.decode(errors="surrogateescape").rstrip("\n")

    @cached_property
    def _reader(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603  # fixed words
            self._words("cat-file", "--batch"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        weakref.finalize(self, _end, process)
        return process

    def _trail(self, tip: str) -> _Trail:
        """Keep what is known of the newest tip asked about; of an older one it is found anew."""
        if tip not in self._trails:
            self._trails.clear()
        return self._trails.setdefault(tip, _Trail())

    def _object(self, name: str) -> _Object | None:
        if name not in self._cache:
            self._cache[name] = None if "\n" in name else self._read(name)
        return self._cache[name]

    def _read(self, name: str) -> _Object | None:
        stdin, stdout = self._reader.stdin, self._reader.stdout
        assert stdin is not None  # noqa: S101  # opened as pipes above
        assert stdout is not None  # noqa: S101
        stdin.write(name.encode(errors="surrogateescape") + b"\n")
        stdin.flush()
        header = stdout.readline().split()
        if len(header) != 3 or not header[2].isdigit():  # noqa: PLR2004  # "<id> <type> <size>", else "<name> missing", of any words
            return None
        data = stdout.read(int(header[2]))
        stdout.read(1)
        return _Object(header[0].decode(), header[1].decode(), data)

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        whole = {**_environment(), "GIT_FLUSH": "0"}  # the answer is read at its end: no write for each commit of a log
        return subprocess.run(self._words(*words), capture_output=True, check=False, env=whole)  # noqa: S603  # fixed words

    def _words(self, *words: str) -> list[str]:
        return ["git", "-C", str(self.root), *_QUIET, *words]


def _places(paths: set[str]) -> list[str]:
    """Name where to look: several files of a folder are found faster by the folder."""
    folders = Counter(path.rpartition("/")[0] for path in paths)
    return sorted({folder if folders[folder := path.rpartition("/")[0]] > 1 and folder else path for path in paths})


def _end(process: subprocess.Popen[bytes]) -> None:
    process.communicate()


def _environment() -> Mapping[str, str]:
    return os.environ | {"GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}


def _items(data: bytes, id_bytes: int) -> Iterator[Item]:
    place = 0
    while place < len(data):
        end = data.index(b"\0", place)
        mode, _, name = data[place:end].partition(b" ")
        yield Item(mode.decode(), name.decode(errors="surrogateescape"))
        place = end + 1 + id_bytes


def _touches(words: list[str]) -> Iterator[Touch]:
    """Read records as they come: a byte 1 and the commit, then of each change a line of facts and the path, all ended by NUL."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=_environment()) as process:  # noqa: S603  # fixed words
        commit = thing = ""
        try:
            for word in _words_of(process.stdout):
                if thing:
                    yield Touch(commit, word, thing)
                    thing = ""
                elif word.startswith("\x01"):
                    commit = word[1:]
                elif word:
                    thing = word.split()[3]  # ":<mode> <mode> <id> <id> <status>"
        finally:
            process.kill()


def _words_of(stream: object) -> Iterator[str]:
    rest = b""
    while data := stream.read1(65536):  # type: ignore[attr-defined]  # a buffered pipe
        *words, rest = (rest + data).split(b"\0")
        yield from (word.decode(errors="surrogateescape") for word in words)
    if rest:
        yield rest.decode(errors="surrogateescape")
