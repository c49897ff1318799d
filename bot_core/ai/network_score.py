"""A small network, one row at a time, in plain floats: what `bot_core.ai.network.predictor` computes, bit for bit.

Weights are stored as 32-bit floats in base64, row by row, one row per hidden unit; all arithmetic is in 64 bits. Importing this
loads nothing but the standard library.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from typing import TYPE_CHECKING

from bot_core.errors import PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot_core.documents.artifact import NetworkState

_BYTES = 4


def unpacked(state: NetworkState, width: int) -> list[tuple[float, ...]]:
    """Return the weights of each hidden unit, `width` numbers each.

    Raises:
        PredictorError: not base64, or not one row of `width` weights per unit.
    """
    try:
        data = base64.b64decode(state.weights, validate=True)
    except binascii.Error as error:
        msg = f"model_state: weights: expected base64, got {error}"
        raise PredictorError(msg, hint="restore the file from git") from error
    if len(data) != _BYTES * width * len(state.biases) or len(state.biases) != len(state.output):
        got = f"{len(data)} bytes, {len(state.biases)} biases, {len(state.output)} outputs"
        msg = f"model_state: expected {width} weights of {_BYTES} bytes, a bias and an output per unit, got {got}"
        raise PredictorError(msg, hint="restore the file from git")
    row = struct.Struct(f"<{width}f")
    return [row.unpack_from(data, _BYTES * width * unit) for unit in range(len(state.biases))]


def scorer(state: NetworkState, width: int, add: Callable[[Sequence[float]], float]) -> Callable[[Sequence[float]], float]:
    """Return how a row of floats is scored; `add` adds numbers in numpy's order.

    Raises:
        PredictorError: the weights do not fit together.
    """
    units = list(zip(unpacked(state, width), state.biases, state.output, strict=True))
    intercept = state.intercept

    def score(values: Sequence[float]) -> float:
        terms = [max(add([x * w for x, w in zip(values, weights, strict=True)]) + bias, 0.0) * out for weights, bias, out in units]
        return logistic(add(terms) + intercept)

    return score


def logistic(x: float) -> float:
    """Return 1 / (1 + exp(-x)), 0 where exp(-x) is infinite."""
    try:
        return 1.0 / (1.0 + math.exp(-x))
    except OverflowError:
        return 0.0
