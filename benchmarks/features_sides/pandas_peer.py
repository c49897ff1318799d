"""The thirty features of `conf/features/bars_all.yaml` in pandas: one function of the bars each, as its indicator libraries do it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    Series = pd.Series[float]

FOUR_LOG_TWO = 4.0 * math.log(2.0)


def in_pandas(bars: pd.DataFrame) -> pd.DataFrame:
    """Compute the thirty features, one column each."""
    return pd.DataFrame({name: feature(bars) for name, feature in FEATURES.items()}, copy=False)


def _log(x: Series) -> Series:
    return cast("Series", np.log(x))


def _ema(x: Series, span: int) -> Series:
    return x.ewm(span=span, adjust=False).mean()


def _wilder(x: Series, period: int) -> Series:
    return x.ewm(alpha=1.0 / period, adjust=False).mean()


def _true_range(b: pd.DataFrame) -> Series:
    previous = b.close.shift(1)
    return b.high.where(b.high > previous, previous) - b.low.where(b.low < previous, previous)


def _square(b: pd.DataFrame) -> Series:
    return _log(b.close / b.close.shift(1)) ** 2


def _macd_histogram(b: pd.DataFrame) -> Series:
    line = _ema(b.close, 12) - _ema(b.close, 26)
    return (line - _ema(line, 9)) / b.close


def _ppo(b: pd.DataFrame) -> Series:
    slow = _ema(b.close, 26)
    return 100.0 * (_ema(b.close, 12) - slow) / slow


def _rsi(b: pd.DataFrame) -> Series:
    move = b.close.diff()
    gain, loss = _wilder(move.clip(lower=0.0), 14), _wilder(-move.clip(upper=0.0), 14)
    return 100.0 * gain / (gain + loss)


def _stochastic(b: pd.DataFrame) -> Series:
    floor = b.low.rolling(14).min()
    return 100.0 * (b.close - floor) / (b.high.rolling(14).max() - floor)


def _bollinger_position(b: pd.DataFrame) -> Series:
    window = b.close.rolling(20)
    return 0.5 + (b.close - window.mean()) / (4.0 * window.std(ddof=0))


def _bollinger_width(b: pd.DataFrame) -> Series:
    window = b.close.rolling(20)
    return 4.0 * window.std(ddof=0) / window.mean()


def _donchian(b: pd.DataFrame) -> Series:
    floor = b.low.shift(1).rolling(20).min()
    return (b.close - floor) / (b.high.shift(1).rolling(20).max() - floor)


def _garman_klass(b: pd.DataFrame) -> Series:
    span, body = _log(b.high / b.low), _log(b.close / b.open)
    return (0.5 * span**2 - (FOUR_LOG_TWO / 2.0 - 1.0) * body**2).rolling(20).mean() ** 0.5


def _rogers_satchell(b: pd.DataFrame) -> Series:
    up, down, body = _log(b.high / b.open), _log(b.low / b.open), _log(b.close / b.open)
    return (up * (up - body) + down * (down - body)).rolling(20).mean() ** 0.5


def _money_flow(b: pd.DataFrame) -> Series:
    price = (b.high + b.low + b.close) / 3.0
    money, turn = price * b.volume, price.diff()
    up, down = money.where(turn > 0.0, 0.0).rolling(14).sum(), money.where(turn < 0.0, 0.0).rolling(14).sum()
    return 100.0 * up / (up + down)


def _obv_slope(b: pd.DataFrame) -> Series:
    signed = cast("Series", np.sign(b.close.diff())) * b.volume
    return signed.rolling(20).sum() / b.volume.rolling(20).sum()


def _vwap_distance(b: pd.DataFrame) -> Series:
    money = (b.high + b.low + b.close) / 3.0 * b.volume
    return b.close * b.volume.rolling(20).sum() / money.rolling(20).sum() - 1.0


def _volatility_ratio(b: pd.DataFrame) -> Series:
    square = _square(b)
    return (square.rolling(5).mean() / square.rolling(20).mean()) ** 0.5


FEATURES: dict[str, Callable[[pd.DataFrame], Series]] = {
    "return_1": lambda b: _log(b.close / b.close.shift(1)),
    "momentum": lambda b: b.close / b.close.shift(20) - 1.0,
    "momentum_60": lambda b: b.close / b.close.shift(60) - 1.0,
    "gap": lambda b: _log(b.open / b.close.shift(1)),
    "drawdown_60": lambda b: b.close / b.close.rolling(60).max() - 1.0,
    "sma_distance_20": lambda b: b.close / b.close.rolling(20).mean() - 1.0,
    "ema_distance_20": lambda b: b.close / _ema(b.close, 20) - 1.0,
    "ppo": _ppo,
    "macd_histogram": _macd_histogram,
    "efficiency_ratio_10": lambda b: b.close.diff(10).abs() / b.close.diff().abs().rolling(10).sum(),
    "rsi_14": _rsi,
    "stochastic_k_14": _stochastic,
    "stochastic_d_14": lambda b: _stochastic(b).rolling(3).mean(),
    "bollinger_position_20": _bollinger_position,
    "bollinger_width_20": _bollinger_width,
    "donchian_position_20": _donchian,
    "keltner_position_20": lambda b: 0.5 + (b.close - _ema(b.close, 20)) / (4.0 * _wilder(_true_range(b), 20)),
    "log_range": lambda b: _log(b.high / b.low),
    "atr_share_14": lambda b: _wilder(_true_range(b), 14) / b.close,
    "parkinson_20": lambda b: ((_log(b.high / b.low) ** 2).rolling(20).mean() / FOUR_LOG_TWO) ** 0.5,
    "garman_klass_20": _garman_klass,
    "rogers_satchell_20": _rogers_satchell,
    "realised_volatility_20": lambda b: _square(b).rolling(20).mean() ** 0.5,
    "volatility_ratio_5_20": _volatility_ratio,
    "volume_ratio": lambda b: b.volume / b.volume.rolling(20).mean(),
    "money_flow_index_14": _money_flow,
    "obv_slope_20": _obv_slope,
    "vwap_distance_20": _vwap_distance,
    "close_position": lambda b: (b.close - b.low) / (b.high - b.low),
    "up_share_20": lambda b: (0.5 + 0.5 * cast("Series", np.sign(b.close.diff()))).rolling(20).mean(),
}
