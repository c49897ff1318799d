"""The network family: where it stops, what its scaling is worth, and that its bytes are its seed's."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from bot_core.ai import network
from bot_core.ai.fitted import Examples
from bot_core.config.models import Network
from bot_core.documents.artifact import NetworkState

SMALL = Network(objective="binary", units=8, rounds=25, early_stopping_rounds=25, batch=32)


def ring(rows: int, seed: int) -> Examples:
    """Make what no line can divide: 1 inside a ring, 0 outside."""
    values = np.random.default_rng(seed).normal(size=(rows, 2))
    return Examples(values, ((values**2).sum(axis=1) < 1.4).astype(np.float64))


def test_it_learns_what_no_line_can() -> None:
    fitted = network.fit(Network(objective="binary", units=16, rounds=120, learning_rate=0.01), ring(1500, 1), ring(500, 2))
    judge = ring(1000, 3)
    assert ((fitted.predict(judge.values) > 0.5) == judge.targets).mean() > 0.9


def test_it_stops_where_the_validation_rows_say() -> None:
    train, noise = ring(300, 1), ring(300, 2)
    fitted = network.fit(SMALL, train, Examples(noise.values, 1.0 - noise.targets))
    assert fitted.rounds < 25
    last = msgspec.structs.replace(SMALL, early_stopping_rounds=0)
    assert network.fit(last, train, Examples(noise.values, 1.0 - noise.targets)).rounds == 25


def test_units_of_the_columns_change_nothing() -> None:
    train, judge = ring(600, 1), ring(300, 2)
    metres = network.fit(SMALL, train, judge)
    scale = np.array([1000.0, 0.001])
    others = network.fit(SMALL, Examples(train.values * scale, train.targets), Examples(judge.values * scale, judge.targets))
    np.testing.assert_allclose(others.predict(judge.values * scale), metres.predict(judge.values), rtol=1e-4)


def test_the_seed_decides_and_the_state_says_it_all() -> None:
    train, judge = ring(300, 1), ring(300, 2)
    first, again = network.fit(SMALL, train, judge), network.fit(SMALL, train, judge)
    other = network.fit(Network(objective="binary", units=8, rounds=25, seed=8), train, judge)
    assert first.state == again.state != other.state
    assert isinstance(first.state, NetworkState)
    np.testing.assert_array_equal(network.predictor(first.state)(judge.values), first.predict(judge.values))


def test_no_row_gives_no_answer() -> None:
    fitted = network.fit(SMALL, ring(300, 1), ring(300, 2))
    assert fitted.predict(np.empty((0, 2))).shape == (0,)
    assert np.isnan(fitted.predict(np.array([[np.nan, 0.0]]))[0])


def test_a_column_that_never_varies_is_no_harm() -> None:
    train = ring(300, 1)
    flat = Examples(np.column_stack([train.values, np.full(300, 7.0)]), train.targets)
    assert network.fit(SMALL, flat, flat).predict(flat.values) == pytest.approx(network.fit(SMALL, flat, flat).predict(flat.values))
