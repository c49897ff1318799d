"""The one door to XGBoost, an optional extra: fit, store as JSON. Deterministic, one thread, imported when a model asks for it.

Predicting needs no XGBoost, here or where it decides: `bot_core.ai.xgb_trees` walks the stored trees.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from bot_core.ai.class_weights import balanced
from bot_core.ai.fitted import Fitted
from bot_core.ai.xgb_trees import scorer
from bot_core.documents.artifact import XgboostState
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot_core.ai.fitted import Examples, FitParts, Rows
    from bot_core.config.models import XGBoost

    Floats = NDArray[np.float64]

_OBJECTIVES = {"l1": "reg:absoluteerror", "l2": "reg:squarederror", "binary": "binary:logistic"}


def fit(config: XGBoost, train: Examples, validation: Examples) -> Fitted:
    """Boost trees on `train`, stopping early on `validation` only.

    Raises:
        ConfigError: XGBoost is not installed.
    """
    library = _library()
    data, judge = (
        library.DMatrix(part.values, part.targets, weight=_weights(config, part), nthread=1) for part in (train, validation)
    )
    booster = library.train(
        _parameters(config),
        data,
        config.rounds,
        evals=[(judge, "validation")],
        early_stopping_rounds=config.early_stopping_rounds,
        verbose_eval=False,
    )
    rounds = booster.best_iteration + 1
    kept = booster[:rounds]
    state = XgboostState(text=kept.save_raw("json").decode())
    return Fitted(state=state, predict=predictor(state), rounds=rounds, importance=_shares(kept, train.values.shape[1]))


def fitter(config: XGBoost, table: Examples, first: Rows) -> FitParts:  # noqa: ARG001  # nothing is learned ahead
    """Return how to fit on parts of a table."""

    def fit_parts(train: Rows, validation: Rows) -> Fitted:
        return fit(config, table.rows(train), table.rows(validation))

    return fit_parts


def predictor(state: XgboostState) -> Callable[[Floats], Floats]:
    """Return (n, k) values → (n,) predictions; see `bot_core.ai.xgb_trees.scorer` for what is raised, at the first call."""

    def predict(values: Floats) -> Floats:
        score = scorer(state.text, values.shape[1])
        return np.array([score(row) for row in values.tolist()], dtype=np.float64)

    return predict


def _library() -> Any:  # noqa: ANN401  # an optional library
    try:
        return import_module("xgboost")
    except ModuleNotFoundError as error:
        msg = "model: family: xgboost: expected the package xgboost to train it, got none: it is not installed"
        raise ConfigError(msg, hint="pip install 'bot-core[xgb]'") from error


def _parameters(config: XGBoost) -> dict[str, object]:
    return {
        "objective": _OBJECTIVES[config.objective],
        "learning_rate": config.learning_rate,
        "max_depth": config.max_depth,
        "min_child_weight": config.min_child_weight,
        "max_bin": config.max_bin,
        "subsample": config.subsample,
        "colsample_bytree": config.feature_fraction,
        "reg_lambda": config.lambda_l2,
        "seed": config.seed,
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
    }


def _weights(config: XGBoost, part: Examples) -> Floats | None:
    return balanced(part.targets, part.weights) if config.balanced else part.weights


def _shares(booster: Any, width: int) -> Floats:  # noqa: ANN401  # the same
    """Return each feature's share of the gain."""
    said = booster.get_score(importance_type="total_gain")
    gain = np.array([said.get(f"f{i}", 0.0) for i in range(width)])
    total = float(gain.sum())
    return gain / total if total > 0 else gain
