"""Price changes against TA-Lib and pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import talib

if TYPE_CHECKING:
    import pandas as pd

    from tests.unit.features.conftest import Compute


@pytest.mark.parametrize("period", [1, 5, 20])
def test_momentum_is_talibs_rocp(daily: pd.DataFrame, compute: Compute, period: int) -> None:
    expected = talib.ROCP(daily["close"].to_numpy(), period)
    np.testing.assert_allclose(compute(daily, "momentum", period), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("period", [1, 7])
def test_log_return_is_the_log_of_the_quotient(daily: pd.DataFrame, compute: Compute, period: int) -> None:
    expected = np.log(daily["close"] / daily["close"].shift(period))
    np.testing.assert_allclose(compute(daily, "log_return", period), expected, rtol=1e-12, atol=1e-15)


def test_drawdown_is_measured_from_the_highest_close(daily: pd.DataFrame, compute: Compute) -> None:
    expected = daily["close"] / daily["close"].rolling(60).max() - 1.0
    np.testing.assert_allclose(compute(daily, "drawdown", 60), expected, rtol=1e-12, atol=1e-15)


def test_gap_is_from_the_previous_close_to_the_open(daily: pd.DataFrame, compute: Compute) -> None:
    expected = np.log(daily["open"] / daily["close"].shift(1))
    np.testing.assert_allclose(compute(daily, "gap"), expected, rtol=1e-12, atol=1e-15)
