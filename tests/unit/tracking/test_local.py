from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.config.tracking import MlflowTracking, WandbTracking
from bot_core.documents.tracking import Told
from bot_core.errors import AuditError, DocumentError
from bot_core.tracking import local
from tests.tracked import tracked

if TYPE_CHECKING:
    from pathlib import Path


def test_reading_creates_nothing(tmp_path: Path) -> None:
    assert local.kept(tmp_path) == []
    assert local.noted(tmp_path, tracked().id, MlflowTracking()) is None
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_written_once_and_never_changed(tmp_path: Path) -> None:
    run = tracked()
    assert local.keep(run, tmp_path) == (f"var/tracking/runs/{run.id}.json", True)
    assert local.keep(replace(run, name="another"), tmp_path) == (f"var/tracking/runs/{run.id}.json", False)
    assert local.kept(tmp_path) == [run]


def test_runs_are_read_oldest_first(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        local.keep(tracked(number), tmp_path)
    assert [run.name for run in local.kept(tmp_path)] == ["small-1", "small-2", "small-3"]


def test_what_was_told_is_known_for_that_tracker_only(tmp_path: Path) -> None:
    run, to = tracked(), MlflowTracking(uri="http://a:1")
    told = Told(run=run.id, tracker="mlflow", state="delivered", where="http://a:1/x")
    local.note(tmp_path, to, told)
    assert local.noted(tmp_path, run.id, to) == told
    others = (MlflowTracking(uri="http://b:1"), MlflowTracking(uri="http://a:1", experiment="e"), WandbTracking(project="p"))
    assert [local.noted(tmp_path, run.id, other) for other in others] == [None] * 3
    assert local.noted(tmp_path, tracked(2).id, to) is None


def test_a_damaged_run_is_named(tmp_path: Path) -> None:
    path, _ = local.keep(tracked(), tmp_path)
    (tmp_path / path).write_text("{")
    with pytest.raises(DocumentError, match=path):
        local.kept(tmp_path)


def test_a_run_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder must be")
    with pytest.raises(AuditError, match="expected to write"):
        local.keep(tracked(), tmp_path)
