"""Volume against TA-Lib and pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import talib

if TYPE_CHECKING:
    import pandas as pd

    from tests.unit.features.conftest import Compute


def test_volume_ratio(daily: pd.DataFrame, compute: Compute) -> None:
    expected = daily["volume"] / daily["volume"].rolling(20).mean()
    np.testing.assert_allclose(compute(daily, "volume_ratio", 20), expected, rtol=1e-9)


def test_money_flow_index(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close, volume = (daily[name].to_numpy() for name in ("high", "low", "close", "volume"))
    np.testing.assert_allclose(
        compute(daily, "money_flow_index", 14), talib.MFI(high, low, close, volume, 14), rtol=1e-7, atol=1e-7
    )


def test_obv_slope(daily: pd.DataFrame, compute: Compute) -> None:
    change = np.full(len(daily), np.nan)
    balance = talib.OBV(daily["close"].to_numpy(), daily["volume"].to_numpy())
    change[20:] = balance[20:] - balance[:-20]
    expected = change / daily["volume"].rolling(20).sum()
    np.testing.assert_allclose(compute(daily, "obv_slope", 20), expected, rtol=1e-9, atol=1e-12)


def test_vwap_distance(daily: pd.DataFrame, compute: Compute) -> None:
    money = (daily["high"] + daily["low"] + daily["close"]) / 3.0 * daily["volume"]
    vwap = money.rolling(20).sum() / daily["volume"].rolling(20).sum()
    np.testing.assert_allclose(compute(daily, "vwap_distance", 20), daily["close"] / vwap - 1.0, rtol=1e-9, atol=1e-12)


def test_chaikin_money_flow(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close, volume = (daily[name].to_numpy() for name in ("high", "low", "close", "volume"))
    line = np.concatenate([[0.0], talib.AD(high, low, close, volume)])
    expected = (line[20:] - line[:-20]) / daily["volume"].rolling(20).sum().to_numpy()[19:]
    np.testing.assert_allclose(compute(daily, "chaikin_money_flow", 20)[19:], expected, rtol=1e-7, atol=1e-9)
