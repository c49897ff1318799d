"""A process that does what `bot-core` does until it is killed, with all the programs it started, before the N-th change it makes.

`python -m tests.killing WORDS…` reads numbers, one a line. For each it forks; the child runs `bot-core WORDS…` and dies by SIGKILL before
its N-th file that is opened for writing, renamed, linked or removed, before its N-th lock, and before its N-th program that is started;
all counted together. How the child ended is printed: `-9`, or its exit code. Nothing of the product is replaced: the interpreter itself
tells of these (PEP 578). With `--lines` it dies before the N-th line of the modules that write instead.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from bot_core.cli import reconcile  # noqa: F401  # once, not in each child
from bot_core.cli.main import main

if TYPE_CHECKING:
    from types import FrameType

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "fcntl.flock", "subprocess.Popen"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MODULES = ("runtime/reconciler.py", "runtime/clone.py", "governance/state.py", "_parse.py", "journal/append.py", "journal/tail.py")


def die_at(step: int, *, lines: bool) -> None:
    """Arrange that this process dies with its children before a change, or before a line."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.killpg(0, signal.SIGKILL)

    def told(event: str, arguments: tuple[object, ...]) -> None:
        flags = arguments[2] if event == "open" else 0
        if event in CHANGES or (isinstance(flags, int) and flags & WRITING and arguments[0] != os.devnull):
            count()

    def traced(frame: FrameType, event: str, _: object) -> object:
        if not frame.f_code.co_filename.endswith(MODULES):
            return None
        if event == "line":
            count()
        return traced

    if lines:
        sys.settrace(traced)  # type: ignore[arg-type]  # it returns itself
    else:
        sys.addaudithook(told)


def run(words: list[str], step: int, *, lines: bool) -> int:
    """Run the words in a child; return how it ended."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        die_at(step, lines=lines)
        os._exit(main(words))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    given = sys.argv[1:]
    for number in sys.stdin:
        how = run([word for word in given if word != "--lines"], int(number), lines="--lines" in given)
        sys.stdout.write(f"{how}\n")
        sys.stdout.flush()
