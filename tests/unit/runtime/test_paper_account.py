"""Lots: what is sold first, what is left, when their time is over."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot_core.runtime.paper_account import due, exposure, opened, taken
from tests.unit.runtime.trading import ORDER, SELL

ACCOUNT = opened(1_000.0).bought(ORDER, 2.0, 100.0, 0.1).bought(replace(ORDER, id="a2", hold_bars=1), 3.0, 110.0, 0.2)


@pytest.mark.parametrize(
    ("quantity", "sold", "left"),
    [
        (0.0, [], [2.0, 3.0]),
        (0.5, [0.5], [1.5, 3.0]),
        (2.0, [2.0], [3.0]),
        (4.0, [2.0, 2.0], [1.0]),
        (5.0, [2.0, 3.0], []),
        (float("inf"), [2.0, 3.0], []),
    ],
)
def test_what_was_bought_first_is_sold_first(quantity: float, sold: list[float], left: list[float]) -> None:
    gone, kept = taken(ACCOUNT.lots, "eurusd", quantity)
    assert ([lot.quantity for lot in gone], [lot.quantity for lot in kept]) == (sold, left)


def test_another_symbol_is_left_alone() -> None:
    assert taken(ACCOUNT.lots, "gold", 9.0) == ([], ACCOUNT.lots)
    assert ACCOUNT.aged("gold") == ACCOUNT


def test_a_lot_is_due_after_its_bars_and_stays_due() -> None:
    assert due(ACCOUNT, "eurusd") == ()
    older = ACCOUNT.aged("eurusd")
    assert [lot.order.id for lot in due(older, "eurusd")] == ["a2"]
    assert due(older, "gold") == ()
    assert older.aged("eurusd") == older


def test_equity_is_opening_realised_and_unrealised_less_costs() -> None:
    _, left = taken(ACCOUNT.lots, "eurusd", 2.0)
    account = ACCOUNT.sold(-7.0, 0.3, left).marked({"eurusd": 111.0})
    assert account.equity == pytest.approx(1_000.0 - 7.0 + 3.0 * 1.0 - 0.6)
    assert (account.peak, account.next_day().start_of_day, account.next_day().today) == (1_000.0, account.equity, 0.0)
    assert account.today == pytest.approx(-7.6)


def test_what_was_bought_for_nothing_is_no_lot() -> None:
    assert opened(1.0).bought(ORDER, 0.0, 1e308, 0.0) == opened(1.0)


def test_exposure_adds_what_is_held_and_what_is_ordered_to_buy() -> None:
    ordered = [replace(ORDER, notional=50.0), replace(ORDER, symbol="gold", notional=7.0), SELL]
    assert exposure(ACCOUNT, {"eurusd": 10.0}, ordered) == {"eurusd": 100.0, "gold": 7.0}


def test_a_sum_that_is_none_is_seen() -> None:
    assert ACCOUNT.is_finite
    assert not replace(ACCOUNT, realised=float("inf")).is_finite
    assert not ACCOUNT.marked({"eurusd": float("nan")}).is_finite
