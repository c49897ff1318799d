"""Worlds are built once per worker and copied for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.world import World, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import Stage


@pytest.fixture(scope="session")
def _worlds() -> dict[str, World]:
    return {}


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, _worlds: dict[str, World]) -> Callable[[Stage], World]:
    """Give a fresh copy of a world at a stage."""

    def copy(stage: Stage) -> World:
        if stage not in _worlds:
            _worlds[stage] = build(tmp_path_factory.mktemp(stage), stage)
        return _worlds[stage].clone(tmp_path / "repository")

    return copy
