"""The peer: a loop over windows on a DataFrame with `LGBMRegressor`, as most would write it; nothing of bot_core is imported.

Prints wall and CPU seconds and the pooled MAE as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from benchmarks.walk_forward_sides import rows as shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COLUMNS = list(shared.FEATURES)
EMBARGO = pd.Timedelta(hours=shared.HOURS)


def main(count: int) -> None:
    """Time one walk-forward."""
    frame = table(shared.synthetic(count))
    wall, cpu = time.perf_counter(), time.process_time()
    mae = walk_forward(frame)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "mae": mae}))


def table(drawn: shared.Rows) -> pd.DataFrame:
    """Turn the drawn rows into a DataFrame."""
    frame = pd.DataFrame(drawn.values, columns=COLUMNS)
    return frame.assign(target=drawn.targets, time=drawn.times, label_end=drawn.label_ends)


def walk_forward(frame: pd.DataFrame) -> float:
    """Refit and predict window by window; return the MAE over all test rows."""
    edges = np.linspace(round(len(frame) * shared.FIRST_TRAIN_SHARE), len(frame), shared.WINDOWS + 1).round().astype(int)
    tests = [frame.iloc[first:last] for first, last in pairwise(edges)]
    guesses = [fit_predict(frame.iloc[:first], test) for first, test in zip(edges[:-1], tests, strict=True)]
    pd.DataFrame([scores(test["target"].to_numpy(), guess) for test, guess in zip(tests, guesses, strict=True)])
    return float(mean_absolute_error(pd.concat(tests)["target"].to_numpy(), np.concatenate(guesses)))


def fit_predict(past: pd.DataFrame, test: pd.DataFrame) -> Floats:
    """Purge, hold out the newest rows for early stopping, fit with default threads, predict."""
    train = past[past["label_end"] < test["time"].iloc[0] - EMBARGO]
    cut = len(train) - round(len(train) * shared.HELD_OUT)
    fit, judge = train.iloc[:cut], train.iloc[cut:]
    fit = fit[fit["label_end"] < judge["time"].iloc[0] - EMBARGO]
    model = lgb.LGBMRegressor(
        n_estimators=shared.ROUNDS,
        learning_rate=shared.RATE,
        num_leaves=shared.LEAVES,
        min_child_samples=shared.LEAST_IN_LEAF,
        random_state=shared.SEED,
        verbosity=-1,
    )
    stop = lgb.early_stopping(shared.PATIENCE, verbose=False)
    model.fit(fit[COLUMNS], fit["target"], eval_X=judge[COLUMNS], eval_y=judge["target"], callbacks=[stop])
    return np.asarray(model.predict(test[COLUMNS]), dtype=np.float64)


def scores(targets: Floats, guess: Floats) -> dict[str, float]:
    """Return the figures of one window."""
    sides = np.sign(guess)
    return {
        "mae": float(mean_absolute_error(targets, guess)),
        "rmse": float(root_mean_squared_error(targets, guess)),
        "directional_accuracy": float(np.mean((guess > 0) == (targets > 0))),
        "pnl_bps": float(np.mean(sides * targets - np.abs(sides) * shared.COST_BPS)),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
