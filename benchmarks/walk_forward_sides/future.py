"""Does a window's prediction change when the future does? Prints, as JSON, how many rows did: ours, and the peer's shared bins."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np

from benchmarks.walk_forward_sides import rows as shared
from benchmarks.walk_forward_sides.ours import EVIDENCE, dataset, model, validator_of
from bot_core.ai.validation import hold_out
from bot_core.ai.windows import duration, walk_forward_windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot_core.ai.windows import TrainTest
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]
    Predict = Callable[[FeatureDataset, int], Floats]

ROUNDS = 40
GARBAGE = 1e6


def main(count: int) -> None:
    """Count for both sides."""
    rows = dataset(shared.synthetic(count))
    print(json.dumps({"ours": changed(rows, our_predictions), "peer": changed(rows, predictions_with_bins_of_all_rows)}))


def changed(rows: FeatureDataset, predict: Predict) -> int:
    """Sum over all windows the rows before the spoiled ones whose predictions are not the same to the last bit."""
    return sum(_changed_in_window(rows, predict, index, step.test) for index, step in enumerate(steps(rows)))


def _changed_in_window(rows: FeatureDataset, predict: Predict, index: int, test: NDArray[np.intp]) -> int:
    kept = len(test) // 2
    honest = predict(rows, index)[:kept]
    spoiled = predict(spoil(rows, labels_from=int(test[0]), features_from=int(test[kept])), index)[:kept]
    return int((honest.view(np.int64) != spoiled.view(np.int64)).any(axis=1).sum())


def spoil(rows: FeatureDataset, *, labels_from: int, features_from: int) -> FeatureDataset:
    """Replace what a window must not know by garbage."""
    rng = np.random.default_rng(shared.SEED)
    values, targets = rows.values.copy(), rows.targets.copy()
    values[features_from:] = rng.standard_normal(values[features_from:].shape) * GARBAGE
    targets[labels_from:] = rng.standard_normal(len(targets) - labels_from) * GARBAGE
    return dataclasses.replace(rows, values=values, targets=targets, payoffs=targets)


def steps(rows: FeatureDataset) -> list[TrainTest]:
    """Lay out the windows."""
    return walk_forward_windows(rows.times, rows.label_ends, validator_of(rows).plan)


def our_predictions(rows: FeatureDataset, index: int) -> Floats:
    """Run the whole validation and return one window's predictions and probabilities, (n, 2)."""
    outcome = list(validator_of(rows).run(rows, model(ROUNDS), EVIDENCE, 2))[index]
    return np.column_stack([outcome.predictions, outcome.probabilities])


def predictions_with_bins_of_all_rows(rows: FeatureDataset, index: int) -> Floats:
    """Fit one window on a subset of a LightGBM dataset that was binned whole, (n, 1)."""
    step = steps(rows)[index]
    fit, judge = hold_out(rows, step.train, EVIDENCE, duration(EVIDENCE.embargo))
    parameters = {
        "objective": "regression",
        "learning_rate": shared.RATE,
        "num_leaves": shared.LEAVES,
        "min_data_in_leaf": shared.LEAST_IN_LEAF,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    everything = lgb.Dataset(rows.values, rows.targets, params=parameters, free_raw_data=False).construct()
    stop = lgb.early_stopping(shared.PATIENCE, verbose=False)
    parts = everything.subset(fit.tolist()), everything.subset(judge.tolist())
    booster = lgb.train(parameters, parts[0], ROUNDS, valid_sets=[parts[1]], callbacks=[stop])
    return np.asarray(booster.predict(rows.values[step.test], num_threads=1), dtype=np.float64)[:, None]


if __name__ == "__main__":
    main(int(sys.argv[1]))
