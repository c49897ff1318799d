"""Worlds are built once per worker and copied for each test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.world import World, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runtime_world import RuntimeWorld
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


@pytest.fixture(scope="session")
def _runtimes() -> dict[bool, RuntimeWorld]:
    return {}


@pytest.fixture
def runtime(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, _runtimes: dict[bool, RuntimeWorld]
) -> Callable[..., RuntimeWorld]:
    """Give a fresh copy of two compact models promoted to paper, with their origin; with `followed`, and the machine that follows it."""

    def copy(*, followed: bool = False) -> RuntimeWorld:
        from tests.runtime_world import build_runtime  # noqa: PLC0415  # it trains: only who needs it loads what that takes

        if not _runtimes:
            _runtimes[False] = build_runtime(tmp_path_factory.mktemp("runtime"), 2)
        if followed not in _runtimes:
            _runtimes[followed] = copied(_runtimes[False], tmp_path_factory.mktemp("followed"))
            assert _runtimes[followed].reconcile()[0] == 0
        return copied(_runtimes[followed], tmp_path / "world")

    return copy


def copied(world: RuntimeWorld, folder: Path) -> RuntimeWorld:
    """Copy a world with its origin."""
    shutil.copytree(world.path, folder / world.path.name, symlinks=True)
    shutil.copytree(world.origin, folder / world.origin.name, symlinks=True)
    return type(world)(folder / world.path.name, world.keys, world.t0, world.version, world.shift)
