"""Volatility against TA-Lib and the textbook formulas in pandas."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import talib

if TYPE_CHECKING:
    from tests.unit.features.conftest import Compute

assert_close = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-14)


def logs(x: pd.Series[float], y: pd.Series[float]) -> pd.Series[float]:
    return pd.Series(np.log(x / y))


def test_log_range(daily: pd.DataFrame, compute: Compute) -> None:
    assert_close(compute(daily, "log_range"), np.log(daily["high"] / daily["low"]))


def test_atr_share_is_talibs_natr(daily: pd.DataFrame, compute: Compute) -> None:
    high, low, close = (daily[name].to_numpy() for name in ("high", "low", "close"))
    assert_close(compute(daily, "atr_share", 14), talib.NATR(high, low, close, 14) / 100.0)


def test_parkinson(daily: pd.DataFrame, compute: Compute) -> None:
    squares = logs(daily["high"], daily["low"]) ** 2
    expected = np.sqrt(squares.rolling(20).mean() / (4.0 * np.log(2.0)))
    assert_close(compute(daily, "parkinson", 20), expected)


def test_garman_klass(daily: pd.DataFrame, compute: Compute) -> None:
    variance = (
        0.5 * np.log(daily["high"] / daily["low"]) ** 2 - (2.0 * np.log(2.0) - 1.0) * np.log(daily["close"] / daily["open"]) ** 2
    )
    assert_close(compute(daily, "garman_klass", 20), np.sqrt(variance.rolling(20).mean()))


def test_rogers_satchell(daily: pd.DataFrame, compute: Compute) -> None:
    up, down = (logs(daily[a], daily["close"]) * logs(daily[a], daily["open"]) for a in ("high", "low"))
    assert_close(compute(daily, "rogers_satchell", 20), np.sqrt((up + down).rolling(20).mean()))


def test_realised_volatility(daily: pd.DataFrame, compute: Compute) -> None:
    squares = logs(daily["close"], daily["close"].shift(1)) ** 2
    assert_close(compute(daily, "realised_volatility", 20), np.sqrt(squares.rolling(20).mean()))


def test_volatility_ratio(daily: pd.DataFrame, compute: Compute) -> None:
    squares = logs(daily["close"], daily["close"].shift(1)) ** 2
    expected = np.sqrt(squares.rolling(5).mean() / squares.rolling(20).mean())
    assert_close(compute(daily, "volatility_ratio", 5, 20), expected)
