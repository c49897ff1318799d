"""Oscillators against TA-Lib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import talib

if TYPE_CHECKING:
    import pandas as pd

    from tests.unit.features.conftest import Compute


def test_rsi(daily: pd.DataFrame, compute: Compute) -> None:
    np.testing.assert_allclose(compute(daily, "rsi", 14), talib.RSI(daily["close"].to_numpy(), 14), rtol=1e-9)


def test_stochastic_k_and_d(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close = (daily[name].to_numpy() for name in ("high", "low", "close"))
    k, d = talib.STOCHF(high, low, close, 14, 3)
    np.testing.assert_allclose(compute(daily, "stochastic_k", 14)[15:], k[15:], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(compute(daily, "stochastic_d", 14, 3), d, rtol=1e-9, atol=1e-9)


def test_williams_r(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close = (daily[name].to_numpy() for name in ("high", "low", "close"))
    np.testing.assert_allclose(compute(daily, "williams_r", 14), talib.WILLR(high, low, close, 14), rtol=1e-9, atol=1e-9)
