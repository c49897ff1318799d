"""Model families. A new one is a module with `fit` and `predictor`, a Struct in `conf/`, a state, and a line in each `match`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bot_core.ai import booster, ensemble, linear, network, xgb
from bot_core.config.models import Ensemble, LightGBM, Linear, Network, XGBoost
from bot_core.documents.artifact import EnsembleState, LinearState, NetworkState, TreeState, XgboostState

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from bot_core.ai.fitted import Examples, FitParts, Fitted, Rows
    from bot_core.config.models import ModelConfig
    from bot_core.documents.artifact import ModelState

    Floats = NDArray[np.float64]


def fit(config: ModelConfig, train: Examples, validation: Examples) -> Fitted:
    """Fit the configured family."""
    match config:
        case LightGBM():
            return booster.fit(config, train, validation)
        case XGBoost():
            return xgb.fit(config, train, validation)
        case Linear():
            return linear.fit(config, train, validation)
        case Network():
            return network.fit(config, train, validation)
        case Ensemble():
            return ensemble.fit(config, lambda member: fit(member, train, validation))


def fitter(config: ModelConfig, table: Examples, first: Rows) -> FitParts:
    """Prepare a table for many fits on parts of it; what preparing learns, it learns from the rows `first` alone."""
    match config:
        case LightGBM():
            return booster.fitter(config, table, first)
        case XGBoost():
            return xgb.fitter(config, table, first)
        case Linear():
            return linear.fitter(config, table, first)
        case Network():
            return network.fitter(config, table, first)
        case Ensemble():
            return ensemble.fitter(config, lambda member: fitter(member, table, first))


def backend(config: ModelConfig) -> Literal["lightgbm", "xgboost", "linear", "network", "ensemble"]:
    """Name the family as the artifact does."""
    match config:
        case LightGBM():
            return "lightgbm"
        case XGBoost():
            return "xgboost"
        case Linear():
            return "linear"
        case Network():
            return "network"
        case Ensemble():
            return "ensemble"


def predictor(state: ModelState) -> Callable[[Floats], Floats]:
    """Return (n, k) values → (n,) predictions for a stored model."""
    match state:
        case TreeState():
            return booster.predictor(state)
        case XgboostState():
            return xgb.predictor(state)
        case LinearState():
            return linear.predictor(state)
        case NetworkState():
            return network.predictor(state)
        case EnsembleState():
            return ensemble.predictor(state, predictor)
