"""Persistence against pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from tests.unit.features.conftest import Compute


def test_up_share_counts_no_move_as_half(hourly: pd.DataFrame, compute: Compute) -> None:
    move = hourly["close"].diff()
    expected = (0.5 + 0.5 * pd.Series(np.sign(move))).rolling(20).mean()
    assert (move == 0).any()
    np.testing.assert_allclose(compute(hourly, "up_share", 20), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("period", "lag"), [(60, 1), (30, 4)])
def test_autocorrelation(daily: pd.DataFrame, compute: Compute, period: int, lag: int) -> None:
    returns = pd.Series(np.log(daily["close"] / daily["close"].shift(1)))
    np.testing.assert_allclose(
        compute(daily, "autocorrelation", period, lag), returns.rolling(period).corr(returns.shift(lag)), rtol=1e-6, atol=1e-9
    )


def test_steady_growth_has_no_autocorrelation(compute: Compute) -> None:
    close = 100.0 * np.exp(0.001 * np.arange(200.0))
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close)).assign(volume=1.0)
    frame["time"] = pd.date_range("2020-01-01", periods=200, freq="h", tz="UTC", unit="us")
    assert set(compute(frame, "autocorrelation", 20, 1)[21:]) == {0.0}
