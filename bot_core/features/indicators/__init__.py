"""The catalogue of indicators: name, definition, warm-up and parameters with their ranges.

All are free of the price's scale. Adding one means a function in its family's module and an entry here.
"""

from __future__ import annotations

from bot_core.features.indicators import (
    candles,
    channels,
    oscillators,
    persistence,
    returns,
    seasons,
    smoothing,
    trend,
    volatility,
    volume,
)
from bot_core.features.indicators.indicator import Indicator, number, whole

INDICATORS: dict[str, Indicator] = {
    # price changes
    "log_return": Indicator(returns.init_closes, returns.log_return, lambda period: period, (whole("period", 1),)),
    "momentum": Indicator(returns.init_closes, returns.momentum, lambda period: period, (whole("period", 20),)),
    "drawdown": Indicator(returns.init_drawdown, returns.drawdown, lambda period: period - 1, (whole("period", 60, 2),)),
    "gap": Indicator(returns.init_gap, returns.gap, lambda: 1),
    # trend
    "sma_distance": Indicator(trend.init_sma_distance, trend.sma_distance, lambda period: period - 1, (whole("period", 20, 2),)),
    "ema_distance": Indicator(smoothing.exponential, trend.ema_distance, lambda period: period - 1, (whole("period", 20, 2),)),
    "ppo": Indicator(
        trend.init_ppo, trend.ppo, lambda _, slow: slow - 1, (whole("fast", 12), whole("slow", 26, 2)), ("fast", "slow")
    ),
    "macd_histogram": Indicator(
        trend.init_macd_histogram,
        trend.macd_histogram,
        lambda _, slow, signal: slow + signal - 2,
        (whole("fast", 12), whole("slow", 26, 2), whole("signal", 9, 2)),
        ("fast", "slow"),
    ),
    "aroon": Indicator(trend.init_aroon, trend.aroon, lambda period: period, (whole("period", 25),)),
    "directional_index": Indicator(trend.init_adx, trend.directional_index, lambda period: period, (whole("period", 14),)),
    "adx": Indicator(trend.init_adx, trend.adx, lambda period: 2 * period - 1, (whole("period", 14),)),
    "efficiency_ratio": Indicator(
        trend.init_efficiency_ratio, trend.efficiency_ratio, lambda period: period, (whole("period", 10, 2),)
    ),
    # oscillators
    "rsi": Indicator(oscillators.init_rsi, oscillators.rsi, lambda period: period, (whole("period", 14, 2),)),
    "stochastic_k": Indicator(
        oscillators.init_stochastic, oscillators.stochastic_k, lambda period: period - 1, (whole("period", 14),)
    ),
    "stochastic_d": Indicator(
        oscillators.init_stochastic_d,
        oscillators.stochastic_d,
        lambda period, smoothing: period + smoothing - 2,
        (whole("period", 14), whole("smoothing", 3)),
    ),
    "williams_r": Indicator(oscillators.init_stochastic, oscillators.williams_r, lambda period: period - 1, (whole("period", 14),)),
    # channels
    "bollinger_position": Indicator(
        channels.init_bollinger,
        channels.bollinger_position,
        lambda period, _: period - 1,
        (whole("period", 20, 2), number("deviations", 2.0, 0.1, 10.0)),
    ),
    "bollinger_width": Indicator(
        channels.init_bollinger,
        channels.bollinger_width,
        lambda period, _: period - 1,
        (whole("period", 20, 2), number("deviations", 2.0, 0.1, 10.0)),
    ),
    "donchian_position": Indicator(
        channels.init_donchian, channels.donchian_position, lambda period: period, (whole("period", 20),)
    ),
    "keltner_position": Indicator(
        channels.init_keltner,
        channels.keltner_position,
        lambda period, _: period,
        (whole("period", 20), number("multiple", 2.0, 0.1, 10.0)),
    ),
    # volatility
    "log_range": Indicator(volatility.init_range, volatility.log_range, lambda: 0),
    "atr_share": Indicator(volatility.init_atr_share, volatility.atr_share, lambda period: period, (whole("period", 14),)),
    "parkinson": Indicator(volatility.init_parkinson, volatility.parkinson, lambda period: period - 1, (whole("period", 20),)),
    "garman_klass": Indicator(
        volatility.init_range_variance, volatility.garman_klass, lambda period: period - 1, (whole("period", 20),)
    ),
    "rogers_satchell": Indicator(
        volatility.init_range_variance, volatility.rogers_satchell, lambda period: period - 1, (whole("period", 20),)
    ),
    "realised_volatility": Indicator(
        volatility.init_realised_volatility, volatility.realised_volatility, lambda period: period, (whole("period", 20),)
    ),
    "volatility_ratio": Indicator(
        volatility.init_volatility_ratio,
        volatility.volatility_ratio,
        lambda _, slow: slow,
        (whole("fast", 5), whole("slow", 20, 2)),
        ("fast", "slow"),
    ),
    # volume
    "volume_ratio": Indicator(volume.init_volume_ratio, volume.volume_ratio, lambda period: period - 1, (whole("period", 20, 2),)),
    "money_flow_index": Indicator(volume.init_flow, volume.money_flow_index, lambda period: period, (whole("period", 14),)),
    "obv_slope": Indicator(volume.init_flow, volume.obv_slope, lambda period: period, (whole("period", 20),)),
    "vwap_distance": Indicator(volume.init_sums, volume.vwap_distance, lambda period: period - 1, (whole("period", 20),)),
    "chaikin_money_flow": Indicator(volume.init_sums, volume.chaikin_money_flow, lambda period: period - 1, (whole("period", 20),)),
    # the shape of one bar
    "body_share": Indicator(candles.init_candle, candles.body_share, lambda: 0),
    "upper_shadow": Indicator(candles.init_candle, candles.upper_shadow, lambda: 0),
    "lower_shadow": Indicator(candles.init_candle, candles.lower_shadow, lambda: 0),
    "close_position": Indicator(candles.init_candle, candles.close_position, lambda: 0),
    # persistence
    "up_share": Indicator(persistence.init_up_share, persistence.up_share, lambda period: period, (whole("period", 20),)),
    "autocorrelation": Indicator(
        persistence.init_autocorrelation,
        persistence.autocorrelation,
        lambda period, lag: period + lag,
        (whole("period", 60, 3), whole("lag", 1)),
    ),
    # time
    "hour_sin": Indicator(seasons.init_hour_sin, seasons.hour, lambda: 0),
    "hour_cos": Indicator(seasons.init_hour_cos, seasons.hour, lambda: 0),
    "weekday_sin": Indicator(seasons.init_weekday_sin, seasons.weekday, lambda: 0),
    "weekday_cos": Indicator(seasons.init_weekday_cos, seasons.weekday, lambda: 0),
}
"""Every indicator there is, by the name that `conf/features/*.yaml` uses."""
