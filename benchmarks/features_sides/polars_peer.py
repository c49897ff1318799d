"""The thirty features of `conf/features/bars_all.yaml` in polars: one lazy query, which polars plans itself and runs on all cores."""

from __future__ import annotations

import math

import polars as pl  # type: ignore[import-not-found]  # lives in the benchmarks' own environment

FOUR_LOG_TWO = 4.0 * math.log(2.0)


def in_polars(table: pl.DataFrame) -> pl.DataFrame:
    """Compute the thirty features of a table of bars, one column each."""
    o, h, l, c, v = (pl.col(name) for name in ("open", "high", "low", "close", "volume"))  # noqa: E741  # the field's letters
    previous = c.shift(1)
    move, change = c - previous, (c / previous).log()
    square, sign = change * change, move.sign()
    span, body, up, down = (h / l).log(), (c / o).log(), (h / o).log(), (l / o).log()
    true_range = pl.max_horizontal(h, previous) - pl.min_horizontal(l, previous)
    typical = (h + l + c) / 3.0
    money, turn = typical * v, typical.diff()
    top, floor = h.rolling_max(14), l.rolling_min(14)
    channel_top, channel_floor = h.shift(1).rolling_max(20), l.shift(1).rolling_min(20)
    mean, deviation = c.rolling_mean(20), c.rolling_std(20, ddof=0)
    fast, slow, middle = (c.ewm_mean(span=n, adjust=False) for n in (12, 26, 20))
    gain = move.clip(lower_bound=0.0).ewm_mean(alpha=1.0 / 14.0, adjust=False)
    loss = -move.clip(upper_bound=0.0).ewm_mean(alpha=1.0 / 14.0, adjust=False)
    inflow = pl.when(turn > 0.0).then(money).otherwise(0.0).rolling_sum(14)
    outflow = pl.when(turn < 0.0).then(money).otherwise(0.0).rolling_sum(14)
    stochastic = 100.0 * (c - floor) / (top - floor)
    volume = v.rolling_sum(20)
    query = table.lazy().select(
        return_1=change,
        momentum=c / c.shift(20) - 1.0,
        momentum_60=c / c.shift(60) - 1.0,
        gap=(o / previous).log(),
        drawdown_60=c / c.rolling_max(60) - 1.0,
        sma_distance_20=c / mean - 1.0,
        ema_distance_20=c / middle - 1.0,
        ppo=100.0 * (fast - slow) / slow,
        macd_histogram=(fast - slow - (fast - slow).ewm_mean(span=9, adjust=False)) / c,
        efficiency_ratio_10=(c - c.shift(10)).abs() / move.abs().rolling_sum(10),
        rsi_14=100.0 * gain / (gain + loss),
        stochastic_k_14=stochastic,
        stochastic_d_14=stochastic.rolling_mean(3),
        bollinger_position_20=0.5 + (c - mean) / (4.0 * deviation),
        bollinger_width_20=4.0 * deviation / mean,
        donchian_position_20=(c - channel_floor) / (channel_top - channel_floor),
        keltner_position_20=0.5 + (c - middle) / (4.0 * true_range.ewm_mean(alpha=0.05, adjust=False)),
        log_range=span,
        atr_share_14=true_range.ewm_mean(alpha=1.0 / 14.0, adjust=False) / c,
        parkinson_20=((span * span).rolling_mean(20) / FOUR_LOG_TWO).sqrt(),
        garman_klass_20=(0.5 * span * span - (FOUR_LOG_TWO / 2.0 - 1.0) * body * body).rolling_mean(20).sqrt(),
        rogers_satchell_20=(up * (up - body) + down * (down - body)).rolling_mean(20).sqrt(),
        realised_volatility_20=square.rolling_mean(20).sqrt(),
        volatility_ratio_5_20=(square.rolling_mean(5) / square.rolling_mean(20)).sqrt(),
        volume_ratio=20.0 * v / volume,
        money_flow_index_14=100.0 * inflow / (inflow + outflow),
        obv_slope_20=(sign * v).rolling_sum(20) / volume,
        vwap_distance_20=c * volume / money.rolling_sum(20) - 1.0,
        close_position=(c - l) / (h - l),
        up_share_20=(0.5 + 0.5 * sign).rolling_mean(20),
    )
    return query.collect()
