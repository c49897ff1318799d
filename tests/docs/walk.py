"""A walk through a page: its commands one after the other, each as the page's reader would run it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.docs.pages import same, steps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.pages import Step
    from tests.docs.repositories import Repository


class Walk:
    """Runs a page's commands in order. Whoever walks names each, so that none is left out and none is added unseen."""

    def __init__(self, page: Path, repository: Repository) -> None:
        self.page = page
        self._repository = repository
        self._left = [step for step in steps(page.read_text()) if step.runs]

    def later(self, mark: str) -> str:
        """Return the first command that contains `mark` among those that were not run yet."""
        return next(step.command for step in self._left if mark in step.command)

    def step(self, mark: str) -> str:
        """Run the next command, which must contain `mark`, end and print as the page says; return what it printed."""
        assert self._left, f"{self.page}: expected a command with {mark}, got the end of the page"
        step = self._left.pop(0)
        assert mark in step.command, f"{self.page}:{step.line}: expected {mark} in\n{step.command}"
        printed = require_exit(self.page, step, self._repository)
        assert step.shown is None or same(step.shown, printed), (
            f"{self.page}:{step.line}: {step.command}\n{step.shown}---\n{printed}"
        )
        return printed

    def ended(self) -> None:
        """Require that no command is left."""
        assert [step.command for step in self._left] == []


def require_exit(page: Path, step: Step, repository: Repository) -> str:
    """Run a command, which must exit as its comment `# exits N` says, else with 0; return what it printed."""
    done = repository.shell(step.command)
    expected = re.findall(r"# exits (\d+)$", step.command, re.MULTILINE) or ["0"]
    assert str(done.returncode) == expected[-1], f"{page}:{step.line}: {step.command}\n{done.stdout}"
    return done.stdout
