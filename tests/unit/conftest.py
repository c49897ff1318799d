"""What every command must do when it cannot do its work."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

import pytest

from bot_core.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import Stage, World


class Refuse(Protocol):
    """Run a command that must not work."""

    def __call__(self, desk: World, code: int, *words: object) -> str:
        """Return what it said, with the exit code that was expected and nothing changed."""


def state(desk: World) -> tuple[str, ...]:
    """Return everything that a command could have changed."""
    return tuple(
        desk.git(*words) for words in (("status", "--porcelain", "-uall"), ("diff", "--cached"), ("rev-parse", "HEAD"), ("branch",))
    )


@pytest.fixture
def refuse() -> Refuse:
    """Run a command that must end with a sentence, an exit code, and nothing written."""

    def run(desk: World, code: int, *words: object) -> str:
        before = state(desk)
        got, _, said = desk.run(*words)
        assert (got, state(desk)) == (code, before), said
        assert not {"Traceback", "FAULT"} & set(said.replace("[", " ").replace("]", " ").split()), said
        return said

    return run


@pytest.fixture
def elsewhere(tmp_path: Path, world: Callable[[Stage], World], capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Run a command where it cannot work: outside a repository, and in a clone whose history was cut off."""

    def run(*words: str) -> None:
        (tmp_path / "empty").mkdir()
        world("configured").git("clone", "-q", "--depth", "1", f"file://{tmp_path / 'repository'}", str(tmp_path / "shallow"))
        for place, sentence in (("empty", "expected a git repository, got: fatal"), ("shallow", "got a shallow clone")):
            with contextlib.chdir(tmp_path / place):
                before = sorted(path for path in (tmp_path / place).rglob("*") if ".git" not in path.parts)
                assert main(words) == 2
                assert sorted(path for path in (tmp_path / place).rglob("*") if ".git" not in path.parts) == before
            said = capsys.readouterr().err
            assert said.startswith("error[GIT]: ")
            assert sentence in said
            assert "\n  → " in said

    return run


@pytest.fixture
def help_of(capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Return what a command's `--help` prints."""

    def run(command: str) -> str:
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        return capsys.readouterr().out

    return run
