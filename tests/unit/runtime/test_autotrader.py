"""What an order may say, and what a fill tells."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from msgspec.structs import replace

from bot_core._parse import decode_json, encode_json
from bot_core.errors import AutotraderPaused, BotCoreError, InputError
from bot_core.runtime.autotrader import Autotrader, Fill, Order
from tests.unit.runtime.trading import NOW, ORDER, SELL, trader


def test_the_one_on_paper_is_an_autotrader() -> None:
    assert isinstance(trader(), Autotrader)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("id", "", "the id of a decision in the journal, got ''"),
        ("side", "hold", "buy or sell, got 'hold'"),
        ("notional", -1.0, "a finite number above zero, got -1.0"),
        ("notional", 0.0, "a finite number above zero, got 0.0"),
        ("notional", math.nan, "a finite number above zero, got nan"),
        ("notional", math.inf, "a finite number above zero, got inf"),
        ("notional", True, "a finite number above zero, got True"),
        ("decided_price", 0.0, "a finite number above zero, got 0.0"),
        ("decided_price", math.nan, "a finite number above zero, got nan"),
        ("expected_cost_bps", -0.1, "a finite number of zero or more, got -0.1"),
        ("expected_cost_bps", math.nan, "a finite number of zero or more, got nan"),
        ("decided_at", dt.datetime(2026, 11, 21), "a time with its zone, got datetime.datetime(2026, 11, 21, 0, 0)"),  # noqa: DTZ001
        ("hold_bars", 0, "one or more for a buy, else none, got 0"),
        ("hold_bars", True, "one or more for a buy, else none, got True"),
        ("hold_bars", 1.5, "one or more for a buy, else none, got 1.5"),
    ],
)
def test_a_number_that_is_none_makes_no_order(name: str, value: object, expected: str) -> None:
    order_id = "" if name == "id" else "a1"
    with pytest.raises(InputError) as error:
        replace(ORDER, **{name: value})
    assert str(error.value) == f"order {order_id}: {name}: expected {expected} (nothing was submitted)"


def test_only_what_was_bought_can_be_held() -> None:
    assert replace(ORDER, hold_bars=3).hold_bars == 3
    with pytest.raises(InputError, match="hold_bars: expected one or more for a buy, else none, got 3"):
        replace(SELL, hold_bars=3)


def test_an_order_can_be_written_and_read_again() -> None:
    order = replace(ORDER, hold_bars=5, notional=0.1 + 0.2)
    assert decode_json(encode_json(order), Order, "order.json") == order


def test_a_fill_knows_whether_its_orders_time_was_over() -> None:
    fill = Fill(
        order=ORDER,
        price=101.0,
        quantity=1.0,
        reference_price=100.0,
        realised_cost_bps=1.0,
        deviation_bps=0.0,
        realised_pnl=0.0,
        costs=0.0,
        at=NOW,
    )
    assert not fill.is_exit
    assert replace(fill, quantity=-1.0).is_exit
    assert not replace(fill, order=SELL, quantity=-1.0).is_exit


def test_a_pause_is_an_expected_failure() -> None:
    assert issubclass(AutotraderPaused, BotCoreError)
    assert (AutotraderPaused.code, AutotraderPaused.exit_code) == ("PAUSED", 20)
