"""Our side: `WalkForwardValidator` with two workers. Prints wall and CPU seconds and the pooled MAE as JSON."""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from benchmarks.walk_forward_sides import rows as shared
from bot_core.ai.task import task_of
from bot_core.ai.validation import WalkForwardValidator
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.models import ForwardReturn, LightGBM, ValidationConfig, WalkForward
from bot_core.features.dataset import FeatureDataset

EMBARGO = f"{shared.HOURS}h"
EVIDENCE = ValidationConfig(
    embargo=EMBARGO,
    round_trip_cost_bps=shared.COST_BPS,
    walk_forward=WalkForward(windows=shared.WINDOWS, first_train_share=shared.FIRST_TRAIN_SHARE),
)


def main(count: int) -> None:
    """Time one validation."""
    validator = validator_of(dataset(shared.synthetic(count)))
    wall, cpu = time.perf_counter(), time.process_time()
    report = validator.validate(model(shared.ROUNDS), EVIDENCE, name="benchmark", workers=2)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "mae": report.pooled.mae}))


def model(rounds: int) -> LightGBM:
    """Return the parameters that both sides use."""
    return LightGBM(
        objective="l2",
        learning_rate=shared.RATE,
        num_leaves=shared.LEAVES,
        min_data_in_leaf=shared.LEAST_IN_LEAF,
        rounds=rounds,
        early_stopping_rounds=shared.PATIENCE,
        seed=shared.SEED,
    )


def dataset(drawn: shared.Rows) -> FeatureDataset:
    """Turn the drawn rows into ours; what a row pays is its target."""
    return FeatureDataset(
        shared.FEATURES, drawn.times, drawn.label_ends, drawn.targets, np.ascontiguousarray(drawn.values), drawn.targets
    )


def validator_of(rows: FeatureDataset) -> WalkForwardValidator:
    """Return the validator of 20 expanding windows."""
    plan = WalkForwardPlan(shared.WINDOWS, duration(EMBARGO), "expanding", shared.FIRST_TRAIN_SHARE)
    return WalkForwardValidator(rows, task_of(ForwardReturn(horizon=shared.HOURS)), plan)


if __name__ == "__main__":
    main(int(sys.argv[1]))
