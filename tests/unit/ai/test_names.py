"""The names of the runbooks, each imported when it is first asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import bot_core.ai


@pytest.mark.parametrize("name", bot_core.ai.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(bot_core.ai, name).__name__ == name


def test_any_other_is_not() -> None:
    with pytest.raises(AttributeError, match=r"module 'bot_core\.ai' has no attribute 'AImanager'"):
        bot_core.ai.AImanager  # noqa: B018  # the access itself


def test_who_decides_loads_neither_the_gate_nor_the_manager() -> None:
    loaded = "import sys, bot_core.runtime.service; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert "bot_core.ai.inference" in found
    assert {
        "bot_core.ai.manager",
        "bot_core.ai.sign_offs",
        "bot_core.governance.decide",
        "bot_core.governance.approved",
    }.isdisjoint(found)
