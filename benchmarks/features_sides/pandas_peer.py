"""The thirty features of `conf/features/bars_all.yaml` in pandas, written as its users would.

Columns that several features need (previous close, returns, true range, typical price) are computed once and shared.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import pandas as pd

Series = pd.Series
FOUR_LOG_TWO = 4.0 * math.log(2.0)


def in_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """Compute the thirty features of a frame of bars, one column each."""
    o, h, l, c, v = (frame[name] for name in ("open", "high", "low", "close", "volume"))  # noqa: E741  # the field's letters
    previous = c.shift(1)
    move, change = c - previous, _log(c / previous)
    square, sign = change**2, _sign(move)
    span, body, up, down = _log(h / l), _log(c / o), _log(h / o), _log(l / o)
    true_range = h.where(h > previous, previous) - l.where(l < previous, previous)
    typical = (h + l + c) / 3.0
    money, turn = typical * v, typical.diff()
    top, floor = h.rolling(14).max(), l.rolling(14).min()
    channel_top, channel_floor = h.shift(1).rolling(20).max(), l.shift(1).rolling(20).min()
    mean, deviation = c.rolling(20).mean(), c.rolling(20).std(ddof=0)
    fast, slow, middle = _ema(c, 12), _ema(c, 26), _ema(c, 20)
    gain, loss = _wilder(move.clip(lower=0.0), 14), _wilder(-move.clip(upper=0.0), 14)
    inflow, outflow = money.where(turn > 0.0, 0.0).rolling(14).sum(), money.where(turn < 0.0, 0.0).rolling(14).sum()
    stochastic = 100.0 * (c - floor) / (top - floor)
    volume = v.rolling(20).sum()
    return pd.DataFrame(
        {
            "return_1": change,
            "momentum": c / c.shift(20) - 1.0,
            "momentum_60": c / c.shift(60) - 1.0,
            "gap": _log(o / previous),
            "drawdown_60": c / c.rolling(60).max() - 1.0,
            "sma_distance_20": c / mean - 1.0,
            "ema_distance_20": c / middle - 1.0,
            "ppo": 100.0 * (fast - slow) / slow,
            "macd_histogram": (fast - slow - _ema(fast - slow, 9)) / c,
            "efficiency_ratio_10": (c - c.shift(10)).abs() / move.abs().rolling(10).sum(),
            "rsi_14": 100.0 * gain / (gain + loss),
            "stochastic_k_14": stochastic,
            "stochastic_d_14": stochastic.rolling(3).mean(),
            "bollinger_position_20": 0.5 + (c - mean) / (4.0 * deviation),
            "bollinger_width_20": 4.0 * deviation / mean,
            "donchian_position_20": (c - channel_floor) / (channel_top - channel_floor),
            "keltner_position_20": 0.5 + (c - middle) / (4.0 * _wilder(true_range, 20)),
            "log_range": span,
            "atr_share_14": _wilder(true_range, 14) / c,
            "parkinson_20": ((span**2).rolling(20).mean() / FOUR_LOG_TWO) ** 0.5,
            "garman_klass_20": (0.5 * span**2 - (FOUR_LOG_TWO / 2.0 - 1.0) * body**2).rolling(20).mean() ** 0.5,
            "rogers_satchell_20": (up * (up - body) + down * (down - body)).rolling(20).mean() ** 0.5,
            "realised_volatility_20": square.rolling(20).mean() ** 0.5,
            "volatility_ratio_5_20": (square.rolling(5).mean() / square.rolling(20).mean()) ** 0.5,
            "volume_ratio": 20.0 * v / volume,
            "money_flow_index_14": 100.0 * inflow / (inflow + outflow),
            "obv_slope_20": (sign * v).rolling(20).sum() / volume,
            "vwap_distance_20": c * volume / money.rolling(20).sum() - 1.0,
            "close_position": (c - l) / (h - l),
            "up_share_20": (0.5 + 0.5 * sign).rolling(20).mean(),
        },
        copy=False,
    )


def _log(x: Series[float]) -> Series[float]:
    return cast("Series[float]", np.log(x))


def _sign(x: Series[float]) -> Series[float]:
    return cast("Series[float]", np.sign(x))


def _ema(x: Series[float], span: int) -> Series[float]:
    return x.ewm(span=span, adjust=False).mean()


def _wilder(x: Series[float], period: int) -> Series[float]:
    return x.ewm(alpha=1.0 / period, adjust=False).mean()
