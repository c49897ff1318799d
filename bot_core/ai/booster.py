"""The one door to LightGBM: fit, store as text, load, predict. Deterministic, one inner thread, no pickle.

A random forest is LightGBM's own (Breiman, 2001): the same text, served the same way.

OpenMP must be told to wait passively before the library loads, else two fits at once on a busy machine take ten times as long; so
this module sets `OMP_WAIT_POLICY` unless the environment already says something.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import lightgbm as lgb
import numpy as np

from bot_core.ai.class_weights import balanced
from bot_core.ai.fitted import Fitted
from bot_core.documents.artifact import TreeState
from bot_core.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from bot_core.ai.fitted import Examples, FitParts, Rows
    from bot_core.config.models import LightGBM

    Floats = NDArray[np.float64]

_OBJECTIVES = {"l1": "regression_l1", "l2": "regression", "huber": "huber", "binary": "binary"}


def fit(config: LightGBM, train: Examples, validation: Examples) -> Fitted:
    """Grow trees on `train`; boosted ones stop early on `validation` only."""
    parameters = _parameters(config)
    ours, theirs = (_weights(config, part.targets, part.weights) for part in (train, validation))
    data = lgb.Dataset(train.values, train.targets, weight=ours, params=parameters, free_raw_data=True)
    judge = lgb.Dataset(validation.values, validation.targets, reference=data, weight=theirs, params=parameters)
    return _boost(config, data, judge)


def fitter(config: LightGBM, table: Examples, first: Rows) -> FitParts:
    """Bin a table once, by edges found on the rows `first` alone, and return how to fit on parts of it.

    Each row's bins depend on that row and on the rows `first`, so a part knows nothing of rows outside it and `first`.
    """
    parameters = _parameters(config)
    edges = lgb.Dataset(table.values[first], np.zeros(len(first)), params=parameters)
    binned = lgb.Dataset(table.values, np.zeros(len(table.targets)), reference=edges, params=parameters).construct()

    def part(rows: Rows) -> lgb.Dataset:
        chosen = binned.subset(rows.tolist()).construct().set_label(table.targets[rows])
        weights = _weights(config, table.targets[rows], None if table.weights is None else table.weights[rows])
        return chosen if weights is None else chosen.set_weight(weights)

    def fit_parts(train: Rows, validation: Rows) -> Fitted:
        return _boost(config, part(train), part(validation))

    return fit_parts


def _boost(config: LightGBM, data: lgb.Dataset, judge: lgb.Dataset) -> Fitted:
    stop: list[Callable[..., Any]] = []
    if config.boosting != "rf":
        stop.append(lgb.early_stopping(config.early_stopping_rounds, verbose=False))
    booster = lgb.train(_parameters(config), data, config.rounds, valid_sets=[judge], callbacks=stop)
    rounds = booster.best_iteration or booster.current_iteration()
    text = booster.model_to_string(num_iteration=rounds)
    gain = booster.feature_importance("gain", iteration=rounds)
    return Fitted(state=TreeState(text=text), predict=predictor(TreeState(text=text)), rounds=rounds, importance=_shares(gain))


def predictor(state: TreeState) -> Callable[[Floats], Floats]:
    """Load trees from text and return (n, k) values → (n,) predictions.

    Raises:
        DocumentError: the text is not a LightGBM model.
    """
    try:
        booster = lgb.Booster(model_str=state.text)
    except lgb.basic.LightGBMError as error:
        msg = f"model_state: expected LightGBM's text format, got something else ({error})"
        raise DocumentError(msg, hint="restore the file from git or run `dvc repro`") from error

    def predict(values: Floats) -> Floats:
        return np.asarray(booster.predict(values, num_threads=1), dtype=np.float64)

    return predict


def _parameters(config: LightGBM) -> dict[str, object]:
    return {
        "objective": _OBJECTIVES[config.objective],
        "learning_rate": config.learning_rate,
        "num_leaves": config.num_leaves,
        "min_data_in_leaf": config.min_data_in_leaf,
        "max_bin": config.max_bin,
        "feature_fraction": config.feature_fraction,
        "lambda_l2": config.lambda_l2,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
        **_chosen(config),
    }


def _chosen(config: LightGBM) -> dict[str, object]:
    """Spell what differs from boosting on every row, and nothing where nothing does: it is part of the stored text."""
    bagged = {"bagging_fraction": config.bagging_fraction, "bagging_freq": config.bagging_freq} if config.bagging_freq else {}
    forest = {"boosting": "rf"} if config.boosting == "rf" else {}
    return {**forest, **bagged}


def _weights(config: LightGBM, targets: Floats, given: Floats | None) -> Floats | None:
    return balanced(targets, given) if config.balanced else given


def _shares(gain: Floats) -> Floats:
    total = float(gain.sum())
    return gain / total if total > 0 else gain
