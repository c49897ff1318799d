"""Trades against a slow, obvious loop, and long ones against the target of the same name."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.config.events import Barriers
from bot_core.config.models import TripleBarrier
from bot_core.features.targets import compute_target
from bot_core.metalabel.event_labels import settle
from tests.unit.metalabel.primaries import drawn_bars

if TYPE_CHECKING:
    from numpy.typing import NDArray


def slow(frame: pd.DataFrame, at: int, side: float, barriers: Barriers) -> tuple[int, float]:
    """Follow one trade bar by bar; (-1, nan) where its end is not known or there is no volatility yet."""
    close = frame["close"].tolist()
    if at < barriers.volatility_window:
        return -1, math.nan
    changes = [math.log(close[i] / close[i - 1]) for i in range(at - barriers.volatility_window + 1, at + 1)]
    scale = statistics.stdev(changes) * math.sqrt(barriers.horizon)
    gain, loss = barriers.profit * scale, barriers.loss * scale
    for step in range(1, barriers.horizon + 1):
        if at + step >= len(close):
            return -1, math.nan
        high, low = frame["high"].iloc[at + step] / close[at] - 1.0, frame["low"].iloc[at + step] / close[at] - 1.0
        best, worst = (high, low) if side > 0 else (-low, -high)
        if worst <= -loss:
            return at + step, -loss * 1e4
        if best >= gain:
            return at + step, gain * 1e4
    return at + barriers.horizon, side * (close[at + barriers.horizon] / close[at] - 1.0) * 1e4


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    horizon=st.integers(1, 8),
    window=st.integers(2, 10),
    profit=st.sampled_from([0.3, 1.0, 2.5]),
    loss=st.sampled_from([0.4, 1.0, 2.0]),
)
def test_every_trade_ends_as_a_slow_walk_says(seed: int, horizon: int, window: int, profit: float, loss: float) -> None:
    frame, barriers = drawn_bars(40, seed), Barriers(horizon=horizon, volatility_window=window, profit=profit, loss=loss)
    sides = np.random.default_rng(seed).choice([-1.0, 1.0], len(frame))
    found = settle(frame, np.arange(len(frame)), sides, barriers)
    expected = [slow(frame, at, side, barriers) for at, side in enumerate(sides.tolist())]
    assert found.ends.tolist() == [end for end, _ in expected]
    np.testing.assert_allclose(found.returns, [paid for _, paid in expected], rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("horizon", [1, 10])
def test_long_trades_are_those_of_the_triple_barrier_target(horizon: int) -> None:
    frame = drawn_bars(500, 3)
    target = compute_target(frame, TripleBarrier(horizon=horizon, volatility_window=20, upper=1.5, lower=0.7))
    places = np.arange(len(frame))
    found = settle(frame, places, np.ones(len(frame)), Barriers(horizon=horizon, volatility_window=20, profit=1.5, loss=0.7))
    assert found.ends.tolist() == target.ends.tolist()
    assert target.payoffs is not None
    np.testing.assert_allclose(found.returns, target.payoffs, rtol=1e-12, atol=1e-9)


def bars(*rows: tuple[float, float, float]) -> pd.DataFrame:
    """Spell bars as high, low, close."""
    return pd.DataFrame(rows, columns=["high", "low", "close"])


FLAT = [(100.0, 99.0, 100.0), (101.0, 100.0, 101.0), (101.0, 100.0, 100.0)]
"""Their log returns spread by about 140 bps, so at horizon 1 barriers of 1 lie at about 101.4 and 98.6."""


@pytest.mark.parametrize(
    ("side", "bar", "won"),
    [
        (1.0, (103.0, 100.0, 100.0), True),
        (1.0, (100.0, 97.0, 100.0), False),
        (-1.0, (100.0, 97.0, 100.0), True),
        (-1.0, (103.0, 100.0, 100.0), False),
        (1.0, (103.0, 97.0, 103.0), False),
        (-1.0, (103.0, 97.0, 97.0), False),
    ],
)
def test_a_bar_that_touches_both_counts_as_the_loss(side: float, bar: tuple[float, float, float], won: bool) -> None:  # noqa: FBT001
    frame = bars(*FLAT, bar)
    found = settle(frame, np.array([2]), np.array([side]), Barriers(horizon=1, volatility_window=2))
    assert found.ends.tolist() == [3]
    assert bool(found.returns[0] > 0.0) is won
    assert abs(found.returns[0]) == pytest.approx(140.7, abs=0.5)


def test_without_volatility_the_next_bar_is_a_loss_of_nothing() -> None:
    frame = bars(*[(100.0, 100.0, 100.0)] * 5)
    found = settle(frame, np.array([2, 3]), np.array([1.0, -1.0]), Barriers(horizon=2, volatility_window=2))
    assert found.ends.tolist() == [3, 4]
    assert np.abs(found.returns).tolist() == [0.0, 0.0]


def test_what_is_not_over_has_no_end_and_no_return() -> None:
    frame = bars(*FLAT, (100.1, 99.9, 100.0))
    found = settle(frame, np.array([0, 2, 3]), np.array([1.0, 1.0, -1.0]), Barriers(horizon=3, volatility_window=2))
    ends: NDArray[np.int64] = found.ends
    assert ends.tolist() == [-1, -1, -1]
    assert np.isnan(found.returns).all()
