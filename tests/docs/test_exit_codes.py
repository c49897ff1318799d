"""The page of exit codes says what the exception tree and the command line's boundary say."""

from __future__ import annotations

import re
from pathlib import Path

from bot_core import errors
from bot_core.cli import boundary

PAGE = Path("docs/reference/exit-codes.md").read_text()


def test_every_class_of_failure_is_there_with_its_code_and_exit() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.BotCoreError)]
    wanted = {(kind.__name__, kind.code, str(kind.exit_code)) for kind in kinds if kind is not errors.BotCoreError}
    assert set(re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| (\d+) \|", PAGE)) == wanted


def test_the_exit_codes_are_the_boundary_s() -> None:
    wanted = re.findall(r"(?m)^\| \d+ \| .* \|$", boundary.__doc__ or "")
    assert len(wanted) == 7
    assert [line for line in wanted if line not in PAGE] == []
