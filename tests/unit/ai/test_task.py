import numpy as np
import pytest

from bot_core.ai.task import Task, task_of
from bot_core.config.models import Direction, ForwardReturn, LabelColumn, NextRange, TargetConfig, TripleBarrier


@pytest.mark.parametrize(
    ("target", "kind", "pivot", "side"),
    [
        (ForwardReturn(horizon=4), "regression", "zero", "long_short"),
        (Direction(horizon=5), "classification", "half", "long_short"),
        (TripleBarrier(horizon=10), "classification", "half", "long_only"),
        (NextRange(), "regression", "median", "long_only"),
        (
            LabelColumn(task="classification", unit="probability", description="what comes of it"),
            "classification",
            "half",
            "long_only",
        ),
        (LabelColumn(task="regression", unit="hours", description="what comes of it"), "regression", "median", "long_only"),
    ],
)
def test_every_target_is_a_task(target: TargetConfig, kind: str, pivot: str, side: str) -> None:
    task = task_of(target)
    assert (task.kind, task.pivot, task.side) == (kind, pivot, side)
    assert task.description


def test_sides_and_pivots() -> None:
    targets = np.array([1.0, 2.0, 9.0])
    both = Task("regression", "bps", "zero", "long_short", "")
    long_only = Task("regression", "bps", "median", "long_only", "")
    assert both.pivot_value(targets) == 0.0
    assert long_only.pivot_value(targets) == 2.0
    assert both.sides(np.array([-1.0, 0.0, 3.0]), 0.0).tolist() == [-1.0, 0.0, 1.0]
    assert long_only.sides(np.array([-1.0, 0.0, 3.0]), 0.0).tolist() == [0.0, 0.0, 1.0]
