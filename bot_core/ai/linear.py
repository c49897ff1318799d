"""The linear family: ridge for numbers, logistic for probabilities, stored as plain coefficients over the raw features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from bot_core.ai.fitted import Fitted
from bot_core.documents.artifact import LinearState

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot_core.ai.fitted import Examples, FitParts, Rows
    from bot_core.config.models import Linear

    Floats = NDArray[np.float64]


def fit(config: Linear, train: Examples, validation: Examples) -> Fitted:  # noqa: ARG001  # a linear model has nothing to stop early
    """Fit on features scaled by the training rows; the scaling is folded into the coefficients."""
    mean, stdev = train.values.mean(axis=0), train.values.std(axis=0)
    stdev[stdev == 0] = 1.0
    scaled = (train.values - mean) / stdev
    if config.objective == "binary":
        logistic = LogisticRegression(C=1.0 / config.penalty, max_iter=1000).fit(scaled, train.targets, train.weights)
        weights, intercept = logistic.coef_[0], float(logistic.intercept_[0])
    else:
        ridge = Ridge(alpha=config.penalty, solver="cholesky").fit(scaled, train.targets, train.weights)
        weights, intercept = ridge.coef_, float(ridge.intercept_)
    raw = weights / stdev
    state = LinearState(
        intercept=intercept - float(raw @ mean),
        coefficients=[float(w) for w in raw],
        link="logistic" if config.objective == "binary" else "identity",
    )
    total = float(np.abs(weights).sum())
    return Fitted(
        state=state, predict=predictor(state), rounds=1, importance=np.abs(weights) / total if total > 0 else np.abs(weights)
    )


def fitter(config: Linear, table: Examples, first: Rows) -> FitParts:  # noqa: ARG001  # nothing is learned ahead
    """Return how to fit on parts of a table."""

    def fit_parts(train: Rows, validation: Rows) -> Fitted:
        return fit(config, table.rows(train), table.rows(validation))

    return fit_parts


def predictor(state: LinearState) -> Callable[[Floats], Floats]:
    """Return (n, k) values → (n,) predictions."""
    coefficients = np.asarray(state.coefficients)

    def predict(values: Floats) -> Floats:
        total: Floats = (values * coefficients).sum(axis=1) + state.intercept
        return 1.0 / (1.0 + np.exp(-total)) if state.link == "logistic" else total

    return predict
