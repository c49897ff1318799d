"""Channels against TA-Lib and pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import talib

if TYPE_CHECKING:
    import pandas as pd

    from tests.unit.features.conftest import Compute


def test_bollinger_position_and_width(daily: pd.DataFrame, compute: Compute) -> None:
    close = daily["close"].to_numpy()
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    np.testing.assert_allclose(
        compute(daily, "bollinger_position", 20, 2.0), (close - lower) / (upper - lower), rtol=1e-7, atol=1e-7
    )
    np.testing.assert_allclose(compute(daily, "bollinger_width", 20, 2.0), (upper - lower) / middle, rtol=1e-7)


def test_donchian_position_leaves_this_bar_out(daily: pd.DataFrame, compute: Compute) -> None:
    top = daily["high"].shift(1).rolling(20).max()
    floor = daily["low"].shift(1).rolling(20).min()
    ours = compute(daily, "donchian_position", 20)
    np.testing.assert_allclose(ours, (daily["close"] - floor) / (top - floor), rtol=1e-9, atol=1e-12)
    assert np.nanmax(ours) > 1.0


def test_keltner_position(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close = (daily[name].to_numpy() for name in ("high", "low", "close"))
    width = talib.ATR(high, low, close, 20) * 4.0
    expected = (close - (talib.EMA(close, 20) - width / 2.0)) / width
    np.testing.assert_allclose(compute(daily, "keltner_position", 20, 2.0), expected, rtol=1e-9, atol=1e-9)
