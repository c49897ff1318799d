"""Git, through the git command: what is committed, one folder or blob at a time, without replace-refs, hooks or a work tree."""

from __future__ import annotations

import os
import subprocess
import weakref
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from bot_core.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FILE = "100644"
_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", "-c", "protocol.ext.allow=never")


class Item(NamedTuple):
    """A name in a folder, with its mode (100644 a plain file, 040000 a folder)."""

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


@dataclass(frozen=True)
class Git:
    """A repository, bare or not. Reads objects; the few writing commands live in `worktree.py`."""

    root: Path
    _cache: dict[str, tuple[str, bytes] | None] = field(default_factory=dict, repr=False, compare=False)

    def blob(self, tree: str, path: str) -> bytes | None:
        """Return a file's bytes in a tree, or nothing where there is no file."""
        found = self._object(f"{tree}:{path}")
        return found[1] if found and found[0] == "blob" else None

    def items(self, tree: str, folder: str) -> list[Item]:
        """List a folder of a tree; nothing where there is no folder."""
        found = self._object(f"{tree}:{folder}")
        return list(_items(found[1], self._id_bytes)) if found and found[0] == "tree" else []

    def resolve(self, name: str) -> str:
        """Return the commit that a name stands for.

        Raises:
            GitError: the name stands for none.
        """
        return self.text(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", expected=f"a commit named {name}"
        )

    def tree(self, commit: str) -> str:
        """Return a commit's tree."""
        return self.text("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", expected=f"the tree of {commit}")

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Say whether one commit descends from another."""
        return self._run("merge-base", "--is-ancestor", older, newer).returncode == 0

    def is_shallow(self) -> bool:
        """Say whether history was cut off."""
        return self.text("rev-parse", "--is-shallow-repository") == "true"

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
        """List the commits of the protected branch, newest first: the first parents of `tip`."""
        lines = self.text("log", "--first-parent", "--format=%H %ct", tip).splitlines()
        return [Commit(line.split()[0], int(line.split()[1])) for line in lines]

    def touched(self, tip: str, paths: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Walk the first parents of `tip`, newest first, and yield those that changed any of some paths, with the paths changed.

        The walk stops when the caller stops asking, so what is found early costs little in a long history.
        """
        words = (
            "log",
            "--first-parent",
            "--format=%x01%H",
            "--name-only",
            "--no-renames",
            "-z",
            tip,
            "--",
            *(f":(top,literal){p}" for p in paths),
        )
        with subprocess.Popen(self._words(*words), stdout=subprocess.PIPE, env=_environment()) as process:  # noqa: S603  # fixed words
            try:
                yield from _commits(process)
            finally:
                process.kill()

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
    def _id_bytes(self) -> int:
        return 32 if self.text("rev-parse", "--show-object-format") == "sha256" else 20

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

    def _object(self, name: str) -> tuple[str, bytes] | None:
        if name not in self._cache:
            self._cache[name] = None if "\n" in name else self._read(name)
        return self._cache[name]

    def _read(self, name: str) -> tuple[str, bytes] | None:
        stdin, stdout = self._reader.stdin, self._reader.stdout
        assert stdin is not None  # noqa: S101  # opened as pipes above
        assert stdout is not None  # noqa: S101
        stdin.write(name.encode(errors="surrogateescape") + b"\n")
        stdin.flush()
        header = stdout.readline().split()
        if len(header) != 3:  # noqa: PLR2004  # "<id> <type> <size>", else "<name> missing"
            return None
        data = stdout.read(int(header[2]))
        stdout.read(1)
        return header[1].decode(), data

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(self._words(*words), capture_output=True, check=False, env=_environment())  # noqa: S603  # fixed words

    def _words(self, *words: str) -> list[str]:
        return ["git", "-C", str(self.root), *_QUIET, *words]


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


def _commits(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, list[str]]]:
    """Read records as they come: a byte 1 and the commit, then its paths, each ended by NUL."""
    assert process.stdout is not None  # noqa: S101  # opened as a pipe by the caller
    commit, paths = "", list[str]()
    for word in _words_of(process.stdout):
        if word.startswith("\x01"):
            if commit:
                yield commit, paths
            commit, paths = word[1:], []
        elif word:
            paths.append(word.lstrip("\n"))
    if commit:
        yield commit, paths


def _words_of(stream: object) -> Iterator[str]:
    rest = b""
    while data := stream.read1(65536):  # type: ignore[attr-defined]  # a buffered pipe
        *words, rest = (rest + data).split(b"\0")
        yield from (word.decode(errors="surrogateescape") for word in words)
    if rest:
        yield rest.decode(errors="surrogateescape")
