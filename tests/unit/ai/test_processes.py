"""A command is started, and its answer read as a typed value or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot_core.ai.processes import Runs, answer
from bot_core.errors import RetrainingError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    return tmp_path


def test_an_answer_is_what_the_command_prints(root: Path) -> None:
    found = answer(root, dict[str, object], "validate")
    assert found == {"checked": 0, "violations": []}


def test_an_end_that_was_not_expected_is_an_error_with_what_it_said(root: Path) -> None:
    with pytest.raises(
        RetrainingError, match=r"bot-core repro nobody: expected it to end with 0, got 2: error\[CONFIG\]: "
    ) as caught:
        answer(root, dict[str, object], "repro", "nobody")
    assert caught.value.hint == f"run it at a shell in {root}"


def test_an_end_that_is_expected_needs_an_answer_all_the_same(root: Path) -> None:
    with pytest.raises(RetrainingError, match=r"bot-core repro nobody: expected JSON, got b''"):
        answer(root, dict[str, object], "repro", "nobody", ends=(0, 2))


def test_another_answer_than_was_asked_for_is_an_error(root: Path) -> None:
    with pytest.raises(RetrainingError, match="bot-core validate: runs: expected a value, got nothing"):
        answer(root, Runs, "validate")
