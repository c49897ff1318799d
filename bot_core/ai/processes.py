"""Work that a manager starts as a process of its own: `bot-core` in the repository, its answer read as a typed value.

Training loads libraries that a process which decides must not load, and may need all of a machine's memory; so it happens elsewhere, by
the command that people type, and there is no second way.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot_core._parse import decode_json
from bot_core.errors import DocumentError, RetrainingError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

_LONGEST = 2000


class Ran(msgspec.Struct, frozen=True):
    """What `bot-core schedule run` says of one job, beside what is in the history: the run's name."""

    run: str
    job: str


class Runs(msgspec.Struct, frozen=True):
    """What `bot-core schedule run` says."""

    runs: list[Ran]


def answer(root: Path, kind: type[T], *words: str, ends: tuple[int, ...] = (0,)) -> T:
    """Run `bot-core WORDS… --format json` in a repository; return what it answers.

    Args:
        root: the repository's root.
        kind: the answer's type.
        words: the command and its arguments.
        ends: the exit codes with which there is an answer.

    Raises:
        RetrainingError: it ended otherwise, or said something else; with what it said to standard error.
    """
    command = [sys.executable, "-m", "bot_core.cli.main", *words, "--format", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)  # noqa: S603  # our own command
    name = " ".join(("bot-core", *words))
    said = " ".join(done.stderr.decode(errors="replace").split())[-_LONGEST:]
    if done.returncode not in ends:
        msg = f"{name}: expected it to end with {' or '.join(map(str, ends))}, got {done.returncode}: {said or 'and not a word'}"
        raise RetrainingError(msg, hint=f"run it at a shell in {root.resolve()}")
    try:
        return decode_json(done.stdout, kind, name)
    except DocumentError as error:
        msg = f"{error.message}; {said or 'and not a word'}"
        raise RetrainingError(msg, hint=f"{name} --format json") from error
