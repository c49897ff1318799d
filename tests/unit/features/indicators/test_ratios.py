"""The logarithm of a quotient of prices, against fifty digits."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from bot_core.features.indicators.ratios import NEAR, log_ratio


def exact(x: float, y: float) -> float:
    with localcontext() as context:
        context.prec = 50
        return float((Decimal(x) / Decimal(y)).ln())


@pytest.mark.parametrize("spread", [1e-7, 1e-4, 0.005, 0.03, 0.5])
def test_it_is_exact_to_the_last_bits_however_small_the_move(spread: float) -> None:
    moves = np.random.default_rng(2).normal(0.0, spread, 300)
    for x, y in zip((1.05 * np.exp(moves)).tolist(), [1.05] * 300, strict=True):
        assert log_ratio(x, y) == pytest.approx(exact(x, y), rel=1e-15 if spread < 0.01 else 1e-14)


def test_the_two_ways_meet_at_the_seam() -> None:
    edge = (1.0 + NEAR) / (1.0 - NEAR)
    below, above = log_ratio(edge * (1.0 - 1e-12), 1.0), log_ratio(edge * (1.0 + 1e-12), 1.0)
    assert 0.0 < above - below < 3e-12


def test_equal_prices_give_zero_and_nan_stays_nan() -> None:
    assert log_ratio(7.3, 7.3) == 0.0
    assert math.isnan(log_ratio(7.3, math.nan))
    assert log_ratio(1e9, 1e-6) == math.log(1e15)
