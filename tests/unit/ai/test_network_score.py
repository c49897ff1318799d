"""Networks in plain floats: what a damaged state says, and numbers at the edge."""

from __future__ import annotations

import base64
import math
import struct

import msgspec
import pytest

from bot_core.ai.network_score import logistic, scorer, unpacked
from bot_core.documents.artifact import NetworkState
from bot_core.errors import PredictorError

STATE = NetworkState(
    weights=base64.b64encode(struct.pack("<4f", 1.0, 2.0, -1.0, 0.5)).decode(),
    biases=[0.0, 1.0],
    output=[1.0, -2.0],
    intercept=0.25,
)


def test_a_row_by_hand() -> None:
    score = scorer(STATE, 2, math.fsum)
    assert score([1.0, 0.5]) == logistic(2.0 - 2.0 * 0.25 + 0.25)
    assert score([-4.0, 1.0]) == logistic(-2.0 * 5.5 + 0.25)


@pytest.mark.parametrize(
    ("state", "width", "said"),
    [
        (msgspec.structs.replace(STATE, weights="no base64!"), 2, "weights: expected base64, got"),
        (STATE, 3, "expected 3 weights of 4 bytes, a bias and an output per unit, got 16 bytes, 2 biases, 2 outputs"),
        (msgspec.structs.replace(STATE, output=[1.0]), 2, "got 16 bytes, 2 biases, 1 outputs"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(state: NetworkState, width: int, said: str) -> None:
    with pytest.raises(PredictorError, match=said):
        unpacked(state, width)


def test_far_out_it_is_nought_or_one() -> None:
    assert (logistic(-1e4), logistic(1e4), logistic(0.0)) == (0.0, 1.0, 0.5)
