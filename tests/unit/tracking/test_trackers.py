from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.config.tracking import MlflowTracking, WandbTracking
from bot_core.errors import TrackingError
from bot_core.tracking.mlflow import MlflowTracker
from bot_core.tracking.trackers import check, tracker_of
from bot_core.tracking.wandb import WandbTracker

if TYPE_CHECKING:
    from pathlib import Path


def test_each_destination_has_its_tracker(tmp_path: Path) -> None:
    mlflow, wandb = tracker_of(MlflowTracking(), tmp_path), tracker_of(WandbTracking(project="p"), tmp_path)
    assert isinstance(mlflow, MlflowTracker)
    assert isinstance(wandb, WandbTracker)
    assert (mlflow.name, wandb.name) == ("mlflow", "wandb")
    assert list(tmp_path.iterdir()) == []


def test_a_check_says_where_a_tracker_is_or_what_to_do(tmp_path: Path) -> None:
    assert check(WandbTracking(project="p", mode="offline"), tmp_path).startswith("offline: ")
    with pytest.raises(TrackingError) as caught:
        check(MlflowTracking(uri="http://127.0.0.1:9"), tmp_path)
    assert caught.value.hint == "curl http://127.0.0.1:9/health"


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_URI"])
def test_the_environment_is_read_when_a_tracker_is_asked_for(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(TrackingError, match=r"http://127\.0\.0\.1:9: expected MLflow to answer"):
        check(MlflowTracking(), tmp_path)
