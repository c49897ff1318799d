"""The network family: one hidden layer of rectified units for a probability, over columns that mean little one by one.

Fitted on features scaled by the training rows, the scaling folded into the weights. It stops where the validation rows' log loss is lowest,
or, without early stopping, after its last pass: the calibration that follows mends probabilities that grew too sure.
One thread and a declared seed: the same rows give the same bytes. (Adam: Kingma & Ba, 2015, as scikit-learn has it.)
"""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.fitted import Fitted
from bot_core.ai.network_score import unpacked
from bot_core.documents.artifact import NetworkState

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

    from bot_core.ai.fitted import Examples, FitParts, Rows
    from bot_core.config.models import Network

    Floats = NDArray[np.float64]

_EDGE = 1e-12


def fit(config: Network, train: Examples, validation: Examples) -> Fitted:
    """Fit up to `rounds` passes over the training rows; see above for which one is kept."""
    mean, stdev = train.values.mean(axis=0), train.values.std(axis=0)
    stdev[stdev == 0] = 1.0
    scaled = ((train.values - mean) / stdev, (validation.values - mean) / stdev)
    network, rounds = _stopped(config, scaled[0], train, scaled[1], validation)
    state = _state(network, mean, stdev)
    weight = np.abs(network.coefs_[0]) @ np.abs(network.coefs_[1][:, 0])
    total = float(weight.sum())
    return Fitted(state=state, predict=predictor(state), rounds=rounds, importance=weight / total if total > 0 else weight)


def fitter(config: Network, table: Examples, first: Rows) -> FitParts:  # noqa: ARG001  # nothing is learned ahead
    """Return how to fit on parts of a table."""

    def fit_parts(train: Rows, validation: Rows) -> Fitted:
        return fit(config, table.rows(train), table.rows(validation))

    return fit_parts


def predictor(state: NetworkState) -> Callable[[Floats], Floats]:
    """Return (n, k) values → (n,) probabilities.

    Raises:
        PredictorError: the weights do not fit together, at the first row.
    """
    biases, output = np.asarray(state.biases), np.asarray(state.output)

    def predict(values: Floats) -> Floats:
        weights = np.array(unpacked(state, values.shape[1]))
        hidden = np.array([(weights * row).sum(axis=1) + biases for row in values]).reshape(len(values), len(biases))
        total: Floats = (np.maximum(hidden, 0.0) * output).sum(axis=1) + state.intercept
        return 1.0 / (1.0 + np.exp(-total))

    return predict


def _stopped(config: Network, rows: Floats, train: Examples, judge_rows: Floats, judge: Examples) -> tuple[MLPClassifier, int]:
    """Return the network that is kept and after which pass it was."""
    network = _fresh(config)
    best, kept, at = np.inf, network, 0
    for done in range(1, config.rounds + 1):
        network.partial_fit(rows, train.targets, classes=np.array([0.0, 1.0]), sample_weight=train.weights)
        loss = _log_loss(network.predict_proba(judge_rows)[:, 1], judge.targets)
        if loss < best:
            best, kept, at = loss, deepcopy(network), done
        if done - at >= config.early_stopping_rounds > 0:
            break
    return (kept, at) if config.early_stopping_rounds else (network, config.rounds)


def _fresh(config: Network) -> MLPClassifier:
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415  # half a second that asking a network need not pay

    return MLPClassifier(
        (config.units,),
        alpha=config.penalty,
        batch_size=config.batch,
        learning_rate_init=config.learning_rate,
        random_state=config.seed,
    )


def _log_loss(probabilities: Floats, targets: Floats) -> float:
    right = np.where(targets > 0.0, probabilities, 1.0 - probabilities)
    return float(-np.log(np.maximum(right, _EDGE)).mean())


def _state(network: MLPClassifier, mean: Floats, stdev: Floats) -> NetworkState:
    weights = np.ascontiguousarray((network.coefs_[0] / stdev[:, None]).T.astype("<f4"))
    biases = network.intercepts_[0] - weights.astype(np.float64) @ mean
    return NetworkState(
        weights=base64.b64encode(weights.tobytes()).decode(),
        biases=[float(value) for value in biases],
        output=[float(value) for value in network.coefs_[1][:, 0]],
        intercept=float(network.intercepts_[1][0]),
    )
