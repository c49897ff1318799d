"""Trend against TA-Lib and pandas; where TA-Lib starts a mean elsewhere, on bars for which the start no longer counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import talib
from talib._ta_lib import MA_Type

if TYPE_CHECKING:
    import pandas as pd

    from tests.unit.features.conftest import Compute

SETTLED = slice(800, None)


def test_sma_distance(daily: pd.DataFrame, compute: Compute) -> None:
    close = daily["close"].to_numpy()
    np.testing.assert_allclose(compute(daily, "sma_distance", 20), close / talib.SMA(close, 20) - 1.0, rtol=1e-9, atol=1e-12)


def test_ema_distance(daily: pd.DataFrame, compute: Compute) -> None:
    close = daily["close"].to_numpy()
    np.testing.assert_allclose(compute(daily, "ema_distance", 20), close / talib.EMA(close, 20) - 1.0, rtol=1e-9, atol=1e-12)


def test_ppo(daily: pd.DataFrame, compute: Compute) -> None:
    expected = talib.PPO(daily["close"].to_numpy(), 12, 26, MA_Type.EMA)
    np.testing.assert_allclose(compute(daily, "ppo", 12, 26)[SETTLED], expected[SETTLED], rtol=1e-9, atol=1e-9)


def test_macd_histogram(daily: pd.DataFrame, compute: Compute) -> None:
    close = daily["close"].to_numpy()
    expected = talib.MACD(close, 12, 26, 9)[2] / close
    np.testing.assert_allclose(compute(daily, "macd_histogram", 12, 26, 9)[SETTLED], expected[SETTLED], rtol=1e-8, atol=1e-12)


def test_aroon(daily: pd.DataFrame, compute: Compute) -> None:
    expected = talib.AROONOSC(daily["high"].to_numpy(), daily["low"].to_numpy(), 25)
    np.testing.assert_allclose(compute(daily, "aroon", 25), expected, rtol=1e-12, atol=1e-12)


def test_adx(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close = (daily[name].to_numpy() for name in ("high", "low", "close"))
    ours = compute(daily, "adx", 14)
    np.testing.assert_allclose(ours[SETTLED], talib.ADX(high, low, close, 14)[SETTLED], rtol=1e-8)
    assert np.isnan(ours[:27]).all()
    assert np.isfinite(ours[27])


def test_directional_index(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close = (daily[name].to_numpy() for name in ("high", "low", "close"))
    expected = talib.PLUS_DI(high, low, close, 14) - talib.MINUS_DI(high, low, close, 14)
    np.testing.assert_allclose(compute(daily, "directional_index", 14)[SETTLED], expected[SETTLED], rtol=1e-8, atol=1e-8)


def test_efficiency_ratio(daily: pd.DataFrame, compute: Compute) -> None:
    close = daily["close"]
    expected = close.diff(10).abs() / close.diff().abs().rolling(10).sum()
    np.testing.assert_allclose(compute(daily, "efficiency_ratio", 10), expected, rtol=1e-9, atol=1e-12)
