"""Two clones, reproduced apart, hold the same bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.scenarios.conftest import SMALL, make_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.conftest import Repository


def _digests(repository: Repository) -> dict[str, str]:
    build = repository.path / "build"
    return {
        str(p.relative_to(build)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(build.rglob("*.*")) if p.is_file()
    }


@pytest.mark.slow
def test_a_second_clone_gives_equal_digests_and_the_same_lock(reproduced: Repository, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "another place", SMALL)
    other.ok("dvc", "repro")
    assert _digests(other) == _digests(reproduced)
    assert yaml.safe_load((other.path / "dvc.lock").read_text()) == yaml.safe_load((reproduced.path / "dvc.lock").read_text())
    assert len(_digests(other)) > 10


def test_the_documents_hold_no_clock_no_commit_and_no_path(reproduced: Repository) -> None:
    head = reproduced.ok("git", "rev-parse", "HEAD").strip()
    for path in (reproduced.path / "build").rglob("*.*"):
        text = path.read_bytes()
        assert head.encode() not in text, path
        assert str(reproduced.path).encode() not in text, path
