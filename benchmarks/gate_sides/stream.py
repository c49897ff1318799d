"""Commits and tags as a stream for `git fast-import`: thousands a second, each with real trees."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

WHO = "Dev <dev@desk.example>"
_PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


class Stream:
    """What `git fast-import` reads; every commit has a number that later ones name as parent."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._commits = 0

    def commit(
        self, branch: str, time: dt.datetime, message: str, files: Mapping[str, bytes], *parents: int, after: int | None = None
    ) -> int:
        """Add a commit to a branch.

        Args:
            branch: which one.
            time: the committer's.
            message: one line.
            files: what it adds or changes.
            parents: commits that it merges.
            after: its first parent; nothing begins the branch.
        """
        self._commits += 1
        head = [f"commit refs/heads/{branch}", f"mark :{self._commits}", f"committer {WHO} {_stamp(time)}"]
        self._write("\n".join(head), message.encode())
        lines = [*([f"from :{after}"] if after else []), *(f"merge :{parent}" for parent in parents)]
        self._parts.append("".join(f"{line}\n" for line in lines).encode())
        for path, data in files.items():
            self._write(f"M 100644 inline {path}", data)
        return self._commits

    def tag(self, name: str, commit: int, time: dt.datetime) -> None:
        """Add an annotated tag."""
        self._write(f"tag {name}\nfrom :{commit}\ntagger {WHO} {_stamp(time)}", name.encode())

    def into(self, path: Path) -> None:
        """Make a repository of it, packed as a server hands it out: no commit graph."""
        path.mkdir(parents=True)
        git(path, "init", "-q", "-b", "main")
        git(path, "fast-import", "--quiet", "--done", stdin=b"".join([*self._parts, b"done\n"]))
        git(path, "-c", "repack.writeBitmaps=false", "repack", "-q", "-a", "-d", "-f")
        git(path, "pack-refs", "--all")

    def _write(self, head: str, data: bytes) -> None:
        self._parts.append(f"{head}\ndata {len(data)}\n".encode() + data + b"\n")


def git(path: Path, *words: str, stdin: bytes = b"") -> str:
    """Run git in a folder; it must succeed."""
    done = subprocess.run(["git", *words], cwd=path, env=os.environ | _PLAIN, input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


def _stamp(time: dt.datetime) -> str:
    return f"{int(time.timestamp())} +0000"
