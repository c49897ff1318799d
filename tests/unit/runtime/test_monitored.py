"""What stands before a plan's model, and that it asks the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.ai.data_monitoring import DataQualityException
from bot_core.decision.ports import Inference
from bot_core.runtime.monitored import Monitored, served
from tests.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = {"momentum": 0.0, "volume_ratio": 1.0}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_monitor_stands_before_the_breaker_and_the_breaker_before_the_model(machine: Machine) -> None:
    plan = machine.plan(machine.record())
    with machine.station() as station:
        breaker, monitor, inference = served(plan, station, "paper")
        assert isinstance(inference, Monitored)
        assert isinstance(inference, Inference)
        assert (inference.is_ready, list(inference.feature_names)) == (True, ["momentum", "volume_ratio"])
        assert inference.score(FEATURES) == breaker.score(FEATURES) == plan.inference.score(FEATURES)
        assert monitor is not None
        assert monitor.lacking == []
        with pytest.raises(DataQualityException):
            inference.score({"momentum": 0.0, "volume_ratio": float("nan")})
        assert monitor.lacking == ["volume_ratio"]


def test_without_a_drift_report_nothing_is_watched(machine: Machine) -> None:
    with machine.station() as station:
        breaker, monitor, inference = served(machine.plan(replace(machine.record(), drift=None)), station, "paper")
        assert (inference is breaker, monitor) == (True, None)
