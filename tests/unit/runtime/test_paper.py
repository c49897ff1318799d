"""The autotrader on paper, as those see it who decide."""

from __future__ import annotations

import itertools
import sys
import threading

import pytest
from msgspec.structs import replace

from bot_core._parse import decode_json, encode_json
from bot_core.decision.candidate import Position
from bot_core.errors import AutotraderPaused, DocumentError, InputError
from bot_core.runtime.paper import PaperAutotrader, PaperState
from tests.unit.runtime.trading import HOUR, NOW, ORDER, SELL, TERMS, bar, trader


def test_an_order_fills_once_at_the_open_of_the_next_bar() -> None:
    paper = trader()
    assert paper.on_bar("eurusd", bar(1, 99.0, 100.0)) == []
    paper.submit(ORDER)
    (fill,) = paper.on_bar("eurusd", bar(2, 101.0, 104.0))
    assert paper.on_bar("eurusd", bar(3, 102.0)) == []
    assert (fill.order, fill.price, fill.reference_price) == (ORDER, 101.0, 100.0)
    assert fill.quantity == 1_000.0 / 101.0
    assert fill.at.isoformat() == "1970-01-01T02:00:00+00:00"


def test_what_a_fill_cost_is_the_worse_price_half_the_spread_and_the_commission() -> None:
    paper = trader()
    paper.submit(ORDER)
    (bought,) = paper.on_bar("eurusd", bar(1, 101.0))
    paper.submit(replace(SELL, decided_price=101.0))
    (sold,) = paper.on_bar("eurusd", bar(2, 102.01))
    assert bought.realised_cost_bps == pytest.approx(100.0 + 1.0 + 0.5)
    assert bought.deviation_bps == pytest.approx(100.5)
    assert bought.costs == pytest.approx(1_000.0 * 1.5e-4)
    assert sold.realised_cost_bps == pytest.approx(-100.0 + 1.5)  # it sold better than it had decided
    assert sold.realised_pnl == pytest.approx(10.0)
    assert paper.cost_deviation_bps("trend", "eurusd") == pytest.approx((100.5 - 99.5) / 2)
    assert paper.cost_deviation_bps("trend", "gold") is None
    assert paper.cost_deviation_bps("other", "eurusd") is None


def test_a_position_ends_at_the_open_after_the_bars_it_is_held_for() -> None:
    paper = trader()
    paper.submit(replace(ORDER, hold_bars=2))
    fills = [paper.on_bar("eurusd", bar(hour, 100.0 + hour, 100.5 + hour)) for hour in range(1, 5)]
    assert [len(each) for each in fills] == [1, 0, 1, 0]
    assert (fills[2][0].price, fills[2][0].reference_price, fills[2][0].is_exit) == (103.0, 102.5, True)
    assert fills[2][0].quantity == -fills[0][0].quantity
    assert paper.snapshot("balanced", NOW).positions == {}


def test_the_account_of_a_round_trip() -> None:
    paper = trader()
    paper.submit(replace(ORDER, hold_bars=1))
    paper.on_bar("eurusd", bar(1, 100.0, 110.0))
    open_ = paper.snapshot("balanced", NOW)
    assert open_.last_equity == pytest.approx(10_000.0 + 100.0 - 0.15)
    assert open_.positions == {"eurusd": Position(notional=1_100.0, side="long")}
    assert open_.daily_realized_pnl == pytest.approx(-0.15)
    paper.on_bar("eurusd", bar(2, 90.0))
    done = paper.snapshot("balanced", NOW)
    assert done.daily_realized_pnl == pytest.approx(-100.0 - 0.15 - 900.0 * 1.5e-4)
    assert done.last_equity == pytest.approx(10_000.0 + done.daily_realized_pnl)
    assert done.peak_equity == open_.last_equity
    assert done.start_of_day_equity == 10_000.0
    assert (done.taken_at, done.force_liquidation) == (NOW, False)
    assert paper.snapshot("bold", NOW).last_equity == 5_000.0


def test_a_day_begins_with_the_equity_of_the_close_before_it() -> None:
    paper = trader()
    paper.submit(replace(ORDER, hold_bars=23))
    for hour in range(1, 24):
        paper.on_bar("eurusd", bar(hour, 100.0, 120.0))
    before = paper.snapshot("balanced", NOW)
    paper.on_bar("eurusd", bar(24, 130.0))  # the first of a day: it opens higher, and what is held is sold there
    after = paper.snapshot("balanced", NOW)
    assert after.start_of_day_equity == before.last_equity
    assert after.daily_realized_pnl == pytest.approx(300.0 - 1_300.0 * 1.5e-4)
    paper.on_bar("gold", bar(20, 10.0))  # a late bar of the day before does not turn the day back
    assert paper.snapshot("balanced", NOW) == after


def test_what_is_ordered_takes_room_before_it_fills() -> None:
    paper = trader()
    paper.submit(ORDER)
    paper.submit(replace(ORDER, id="a2", symbol="gold"))
    paper.submit(replace(SELL, symbol="gold"))
    assert paper.snapshot("balanced", NOW).positions == {
        name: Position(notional=1_000.0, side="long") for name in ("eurusd", "gold")
    }
    assert paper.snapshot("bold", NOW).positions == {}


def test_a_pause_cancels_and_refuses_and_nothing_fills() -> None:
    paper = trader()
    paper.submit(replace(ORDER, hold_bars=1))
    paper.on_bar("eurusd", bar(1, 100.0))
    paper.submit(replace(ORDER, id="a2"))
    assert [order.id for order in paper.pause("maintenance")] == ["a2"]
    assert paper.paused == "maintenance"
    with pytest.raises(AutotraderPaused) as error:
        paper.submit(replace(ORDER, id="a3"))
    assert error.value.message == "order a3: expected to trade, got a pause: maintenance"
    assert [paper.on_bar("eurusd", bar(hour, 100.0 + hour)) for hour in (2, 3)] == [[], []]
    assert paper.snapshot("balanced", NOW).last_equity == pytest.approx(10_030.0 - 0.15)  # still marked
    assert paper.pause("again") == []
    paper.resume()
    assert paper.state().paused is None
    (fill,) = paper.on_bar("eurusd", bar(4, 104.0))  # due since the second bar
    assert (fill.order.id, fill.is_exit, fill.reference_price) == ("a1", True, 103.0)


def test_selling_takes_what_was_bought_first_and_never_more() -> None:
    paper = trader()
    paper.submit(ORDER)
    paper.on_bar("eurusd", bar(1, 100.0))
    paper.submit(replace(ORDER, id="a2"))
    paper.on_bar("eurusd", bar(2, 200.0))
    paper.submit(replace(SELL, notional=2_200.0))
    (part,) = paper.on_bar("eurusd", bar(3, 200.0))
    assert part.quantity == pytest.approx(-11.0)
    assert part.realised_pnl == pytest.approx(1_000.0)
    paper.submit(replace(SELL, id="z2"))
    paper.submit(replace(SELL, id="z3"))
    rest, nothing = paper.on_bar("eurusd", bar(4, 200.0))
    assert rest.quantity == pytest.approx(-4.0)
    assert paper.snapshot("balanced", NOW).positions == {}
    assert (nothing.quantity, nothing.costs, nothing.realised_cost_bps, nothing.deviation_bps) == (0.0, 0.0, 0.0, 0.0)
    assert paper.state().deviations["trend"]["eurusd"].fills == 4


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (ORDER, "order a1: expected a decision once, got it twice"),
        (replace(ORDER, id="held"), "order held: expected a decision once, got it twice"),
        (replace(ORDER, id="b", symbol="oil"), "symbol: expected one of eurusd, gold; got oil"),
        (replace(ORDER, id="b", risk_profile="wild"), "risk profile: expected one of balanced, bold; got wild"),
        (
            replace(ORDER, id="b", notional=1.79e308),
            "order b: notional: expected an exposure that is a finite number, got 1.79e+308 more",
        ),
    ],
)
def test_an_order_that_cannot_be_taken_changes_nothing(order: object, sentence: str) -> None:
    paper = trader()
    paper.submit(replace(ORDER, id="held"))
    paper.on_bar("eurusd", bar(1, 100.0))
    paper.submit(replace(ORDER, notional=1e307))
    before = paper.state()
    with pytest.raises(InputError) as error:
        paper.submit(order)  # type: ignore[arg-type]  # an order
    assert (error.value.message, paper.state()) == (sentence, before)


def test_there_is_no_account_of_an_unknown_risk_profile() -> None:
    with pytest.raises(InputError, match="risk profile: expected one of balanced, bold; got wild"):
        trader().snapshot("wild", NOW)


def test_the_newest_bar_is_where_a_feed_goes_on() -> None:
    paper = trader()
    assert paper.newest_bar("eurusd") is None
    paper.on_bar("eurusd", bar(5, 100.0))
    assert (paper.newest_bar("eurusd"), paper.newest_bar("gold")) == (5 * HOUR, None)


def test_another_process_goes_on_where_this_one_stopped() -> None:
    paper = trader()
    paper.submit(replace(ORDER, hold_bars=2))
    paper.on_bar("eurusd", bar(1, 100.1, 100.3))
    paper.submit(replace(ORDER, id="a2"))
    written = encode_json(paper.state())
    other = PaperAutotrader.restore(decode_json(written, PaperState, "paper.json"), TERMS)
    assert other.state() == paper.state()
    for hour in (2, 3):
        assert other.on_bar("eurusd", bar(hour, 100.7, 99.9)) == paper.on_bar("eurusd", bar(hour, 100.7, 99.9))
    assert encode_json(other.state()) == encode_json(paper.state()) != written


def test_a_pause_outlives_the_process() -> None:
    paper = trader()
    paper.pause("guard")
    other = PaperAutotrader.restore(paper.state(), TERMS)
    with pytest.raises(AutotraderPaused, match="guard"):
        other.submit(ORDER)


def test_a_state_is_not_restored_into_terms_it_does_not_fit() -> None:
    paper = trader()
    with pytest.raises(DocumentError, match="accounts: expected only declared risk profiles"):
        PaperAutotrader.restore(paper.state(), replace(TERMS, equity={"balanced": 1.0}))


def test_neither_a_pause_nor_a_bar_is_lost_between_threads() -> None:
    paper, lost, forgotten = trader(), [], []

    def pause() -> None:
        for number in range(2000):
            paper.pause(f"{number}")
            if paper.paused != f"{number}":
                lost.append(number)

    other = threading.Thread(target=pause)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        other.start()
        hours = itertools.count(1)
        while other.is_alive():
            paper.on_bar("eurusd", bar(hour := next(hours), 100.0))
            if paper.newest_bar("eurusd") != hour * HOUR:
                forgotten.append(hour)
    finally:
        other.join()
        sys.setswitchinterval(interval)
    assert (lost, forgotten, paper.paused) == ([], [], "1999")
