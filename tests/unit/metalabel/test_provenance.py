from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.metalabel.provenance import installed, provenance
from tests.world import build

if TYPE_CHECKING:
    from pathlib import Path


def test_a_repository_says_its_commit_and_whether_the_code_is_it(tmp_path: Path) -> None:
    world = build(tmp_path, "configured")
    (world.path / "requirements").mkdir(exist_ok=True)
    (world.path / "requirements/train.txt").write_text("numpy==2\n")
    world.commit("Lock")
    found = provenance(world.path)
    assert found.commit == world.git("rev-parse", "HEAD")
    assert (found.clean, found.environment) == (True, sha256(b"numpy==2\n"))
    (world.path / "requirements/train.txt").write_text("numpy==3\n")
    assert not provenance(world.path).clean


def test_outside_a_repository_there_is_no_commit_and_what_is_installed_counts(tmp_path: Path) -> None:
    found = provenance(tmp_path)
    assert (found.commit, found.clean, found.environment) == (None, False, installed())
    assert installed() == installed()
