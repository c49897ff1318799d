"""One bar: what is refused, and the order in which things happen."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.errors import InputError
from bot_core.runtime import paper_bar
from bot_core.runtime.paper_state import first_state, with_order
from tests.unit.runtime.trading import NOW, ORDER, SELL, TERMS, bar, trader

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar

GOOD = bar(3, 100.0)
NUMBERS = "finite prices above zero and a volume not below zero"


@pytest.mark.parametrize(
    ("symbol", "wrong", "expected"),
    [
        ("oil", GOOD, "symbol: expected one of eurusd, gold; got oil"),
        ("eurusd", bar(2, 100.0), "bar of eurusd: expected a bar that opens after 1970-01-01T02:00:00Z, got 1970-01-01T02:00:00Z"),
        ("eurusd", bar(1, 100.0), "bar of eurusd: expected a bar that opens after 1970-01-01T02:00:00Z, got 1970-01-01T01:00:00Z"),
        ("eurusd", GOOD._replace(open=math.nan), NUMBERS),
        ("eurusd", GOOD._replace(high=math.inf), NUMBERS),
        ("eurusd", GOOD._replace(low=0.0), NUMBERS),
        ("eurusd", GOOD._replace(close=-1.0), NUMBERS),
        ("eurusd", GOOD._replace(volume=math.nan), NUMBERS),
        ("eurusd", GOOD._replace(volume=-1.0), NUMBERS),
        ("eurusd", GOOD._replace(time=math.nan), "a time in seconds since 1970, got nan"),
        ("eurusd", GOOD._replace(time=1e15), "a time in seconds since 1970, got 1000000000000000.0"),
        ("eurusd", GOOD._replace(close=1.7e308), "prices that leave every sum a finite number"),
        ("eurusd", GOOD._replace(open=5e-324), "prices that leave every sum a finite number"),
    ],
)
def test_a_bar_that_is_not_sound_changes_nothing(symbol: str, wrong: Bar, expected: str) -> None:
    paper = trader()
    paper.submit(ORDER)
    paper.on_bar("eurusd", bar(2, 100.0))
    paper.submit(replace(ORDER, id="a2"))
    before = paper.state()
    with pytest.raises(InputError, match=re.escape(expected)):
        paper.on_bar(symbol, wrong)
    assert paper.state() is before
    assert [fill.order.id for fill in paper.on_bar("eurusd", GOOD)] == ["a2"]


def test_orders_come_first_in_their_order_then_what_is_due() -> None:
    state = with_order(first_state(TERMS), TERMS, replace(ORDER, hold_bars=1))
    state, _ = paper_bar.after(state, TERMS, "eurusd", bar(1, 100.0))
    state = with_order(state, TERMS, replace(SELL, notional=400.0))
    state = with_order(state, TERMS, replace(ORDER, id="a2", symbol="gold"))
    state = with_order(state, TERMS, replace(ORDER, id="a3", risk_profile="bold"))
    state, fills = paper_bar.after(state, TERMS, "eurusd", bar(2, 100.0))
    assert [(fill.order.id, round(fill.quantity, 9)) for fill in fills] == [("z1", -4.0), ("a3", 10.0), ("a1", -6.0)]
    assert [order.id for order in state.pending] == ["a2"]
    assert (state.exposure("balanced"), state.exposure("bold")) == ({"gold": 1_000.0}, {"eurusd": 1_000.0})


def test_the_state_that_was_given_is_not_touched() -> None:
    state = with_order(first_state(TERMS), TERMS, ORDER)
    pending, accounts = state.pending, dict(state.accounts)
    after, _ = paper_bar.after(state, TERMS, "eurusd", bar(1, 100.0))
    assert (state.pending, state.accounts, state.marks, state.deviations) == (pending, accounts, {}, {})
    assert after.marks["eurusd"].close == 100.0


def test_bars_before_1970_have_days_too() -> None:
    paper = trader()
    paper.submit(ORDER)
    (fill,) = paper.on_bar("eurusd", bar(-25, 100.0, 110.0))
    assert (fill.at.isoformat(), paper.state().day) == ("1969-12-30T23:00:00+00:00", -2)
    paper.on_bar("eurusd", bar(-24, 110.0))
    assert paper.snapshot("balanced", NOW).start_of_day_equity == pytest.approx(10_100.0 - 0.15)
