"""The single error boundary: expected failures become a sentence and their exit code, an interrupt 130, the rest 1 and a log.

| exit | meaning |
| - | - |
| 0 | done |
| 1 | an internal fault, or a record that could not be written; never a pass |
| 2 | bad arguments, configuration or input |
| 10 | nothing wrong, approvals or evidence outstanding |
| 20 | refused: the evidence or the policy says no |
| 30 | tampering: a signature, digest or canonical form is broken |
| 130 | interrupted |
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec

from bot_core.errors import BotCoreError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

LOG = Path("logs/fault.log")
INTERRUPTED = 130


def guard(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> NoReturn:
    """Run a command's body and leave the process with its exit code (an int it returns, else 0)."""
    raise SystemExit(outcome(function, *args, **kwargs))


def outcome(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> int:
    """Run a command's body and return the exit code; print what went wrong to standard error."""
    try:
        result = function(*args, **kwargs)
    except BotCoreError as error:
        _say(f"error[{error.code}]: {error.message}", error.hint)
        return error.exit_code
    except BrokenPipeError:  # the reader has gone, as `| head` does; what was not read is no pass
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        _say("interrupted: what was finished is kept", "run the same command again to go on")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the one boundary: an unforeseen fault must not end as a traceback
        _say(f"error[FAULT]: {type(error).__name__}: {error}", f"a fault of bot-core itself; the details are in {_log(error)}")
        return 1
    return result if isinstance(result, int) else 0


def _say(sentence: str, hint: str) -> None:
    sys.stderr.write(f"{sentence}\n" + (f"  → {hint}\n" if hint else ""))


def _log(error: Exception) -> Path:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return LOG
