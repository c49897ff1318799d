"""Targets against slow, obvious loops."""

from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pandas as pd
import pytest

from bot_core.config.models import Direction, ForwardReturn, NextRange, TripleBarrier
from bot_core.features.targets import Target, compute_target, warm_up

Label = tuple[float, int, float]
UNKNOWN: Label = (math.nan, -1, math.nan)


def assert_labels(actual: Target, expected: list[Label]) -> None:
    labels, ends, payoffs = zip(*expected, strict=True)
    np.testing.assert_allclose(actual.labels, labels, rtol=1e-9, atol=1e-9)
    assert actual.ends.tolist() == list(ends)
    if actual.payoffs is not None:
        np.testing.assert_allclose(actual.payoffs, payoffs, rtol=1e-7, atol=1e-7)


def returns(frame: pd.DataFrame, horizon: int) -> list[Label]:
    close = frame["close"].tolist()
    result = [UNKNOWN] * len(close)
    for t in range(len(close) - horizon):
        change = (close[t + horizon] - close[t]) / close[t] * 1e4
        result[t] = (change, t + horizon, change)
    return result


@pytest.mark.parametrize("horizon", [1, 7])
def test_forward_return(daily: pd.DataFrame, horizon: int) -> None:
    frame = daily.head(200)
    assert_labels(compute_target(frame, ForwardReturn(horizon=horizon)), returns(frame, horizon))


@pytest.mark.parametrize("horizon", [1, 7])
def test_direction_pays_the_forward_return(hourly: pd.DataFrame, horizon: int) -> None:
    frame = hourly.head(200)
    expected = [(change if end < 0 else float(change > 0.0), end, paid) for change, end, paid in returns(frame, horizon)]
    assert any(label == 0.0 and paid == 0.0 for label, _, paid in expected) or horizon > 1
    assert_labels(compute_target(frame, Direction(horizon=horizon)), expected)


@pytest.mark.parametrize("horizon", [1, 4])
def test_next_range_has_no_payoff(daily: pd.DataFrame, horizon: int) -> None:
    frame = daily.head(120)
    expected = [UNKNOWN] * len(frame)
    for t in range(len(frame) - horizon):
        later = frame.iloc[t + 1 : t + horizon + 1]
        expected[t] = (math.log(later["high"].max() / later["low"].min()) * 1e4, t + horizon, math.nan)
    target = compute_target(frame, NextRange(horizon=horizon))
    assert target.payoffs is None
    assert_labels(target, expected)


def barrier(frame: pd.DataFrame, t: int, target: TripleBarrier) -> Label:
    high, low, close = (frame[name].tolist() for name in ("high", "low", "close"))
    if t < target.volatility_window:
        return UNKNOWN
    window = close[t - target.volatility_window : t + 1]
    scale = statistics.stdev(math.log(b / a) for a, b in itertools.pairwise(window)) * math.sqrt(target.horizon)
    upper, lower = close[t] * (1.0 + target.upper * scale), close[t] * (1.0 - target.lower * scale)
    for end in range(t + 1, min(t + target.horizon, len(close) - 1) + 1):
        if low[end] <= lower:
            return 0.0, end, (lower / close[t] - 1.0) * 1e4
        if high[end] >= upper:
            return 1.0, end, (upper / close[t] - 1.0) * 1e4
    end = t + target.horizon
    return (0.0, end, (close[end] / close[t] - 1.0) * 1e4) if end < len(close) else UNKNOWN


@pytest.mark.parametrize(
    "target",
    [
        TripleBarrier(horizon=10),
        TripleBarrier(horizon=3, volatility_window=5, upper=0.5, lower=0.5),
        TripleBarrier(horizon=20, upper=2.0, lower=0.7),
        TripleBarrier(horizon=1, volatility_window=2, upper=0.2, lower=3.0),
    ],
)
def test_triple_barrier(daily: pd.DataFrame, target: TripleBarrier) -> None:
    frame = daily.head(300)
    result = compute_target(frame, target)
    assert_labels(result, [barrier(frame, t, target) for t in range(len(frame))])
    assert warm_up(target) == target.volatility_window
    assert {0.0, 1.0} <= set(result.labels)


def bars(rows: list[tuple[float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["high", "low", "close"])


def test_a_bar_that_touches_both_barriers_counts_as_the_lower_one() -> None:
    quiet = [(101.0, 99.0, 100.0), (101.0, 99.0, 101.0), (101.0, 99.0, 100.0)]
    result = compute_target(bars([*quiet, (200.0, 50.0, 100.0)]), TripleBarrier(horizon=1, volatility_window=2))
    assert result.labels[2] == 0.0
    assert result.payoffs is not None
    assert result.payoffs[2] < 0.0


def test_without_volatility_the_next_bar_ends_it_at_nothing() -> None:
    result = compute_target(bars([(100.0, 100.0, 100.0)] * 6), TripleBarrier(horizon=3, volatility_window=2))
    assert result.labels.tolist()[2:5] == [0.0, 0.0, 0.0]
    assert result.ends.tolist() == [-1, -1, 3, 4, 5, -1]
    assert result.payoffs is not None
    assert result.payoffs.tolist()[2:5] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("target", [ForwardReturn(horizon=9), Direction(horizon=9), NextRange(horizon=9), TripleBarrier(horizon=9)])
def test_fewer_bars_than_the_horizon_have_no_label(target: ForwardReturn | Direction | NextRange | TripleBarrier) -> None:
    result = compute_target(bars([(101.0, 99.0, 100.0)] * 5), target)
    assert result.ends.tolist() == [-1] * 5
    assert np.isnan(result.labels).all()
