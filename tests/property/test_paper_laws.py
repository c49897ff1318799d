"""Laws of the autotrader on paper: sums can be made again from the fills, no order is lost, a pause holds, nothing is infinite."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core._parse import decode_json, encode_json
from bot_core.errors import AutotraderPaused, InputError
from bot_core.features.indicators.indicator import Bar
from bot_core.runtime.autotrader import Order
from bot_core.runtime.paper import PaperAutotrader, PaperState, PaperTerms

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.decision.candidate import RiskSnapshot
    from bot_core.runtime.autotrader import Fill

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
TERMS = PaperTerms(equity={"p": 1e5, "q": 3e4}, symbols=("A", "B"), spread_bps=2.0, commission_bps=0.3)
STEP_S = 7_000.0

prices = st.floats(0.5, 200.0)
symbols = st.sampled_from("AB")
profiles = st.sampled_from("pq")
bars = st.tuples(st.just("bar"), symbols, prices, prices)
buys = st.tuples(st.just("buy"), symbols, profiles, st.floats(1.0, 5e3), st.none() | st.integers(1, 4), prices)
sells = st.tuples(st.just("sell"), symbols, profiles, st.floats(1.0, 5e3), st.none(), prices)
others = st.tuples(st.sampled_from(["pause", "resume", "resume", "restart"]))
acts = st.lists(st.one_of(bars, bars, bars, buys, buys, sells, others), min_size=5, max_size=40)


def finite(seen: RiskSnapshot) -> bool:
    """Whether every number that a decision is shown is one, and the account is as of now."""
    sums = (seen.last_equity, seen.peak_equity, seen.start_of_day_equity, seen.daily_realized_pnl)
    held = [position.notional for position in seen.positions.values()]
    return all(map(math.isfinite, (*sums, *held, sum(held)))) and seen.taken_at == NOW


class World:
    """An autotrader, and a second account of everything, kept from its fills alone."""

    def __init__(self) -> None:
        self.paper = PaperAutotrader(TERMS)
        self.cash = dict(TERMS.equity)
        self.held: defaultdict[tuple[str, str], float] = defaultdict(float)
        self.closes: dict[str, float] = {}
        self.peak = dict(TERMS.equity)
        self.submitted: dict[str, float] = {}
        self.cancelled: set[str] = set()
        self.fills: list[Fill] = []
        self.turnover = 1.0
        self.time = 0.0

    def act(self, name: str, *arguments: object) -> None:
        """Do one thing, and count everything again."""
        getattr(self, name)(*arguments)
        self.check()

    def bar(self, symbol: str, opening: float, close: float) -> None:
        """Give the next bar, and book what filled."""
        self.time += STEP_S
        paused = self.paper.paused
        fills = self.paper.on_bar(symbol, Bar(self.time, opening, max(opening, close), min(opening, close), close, 1.0))
        assert not (fills and paused is not None)
        self.closes[symbol] = close
        for fill in fills:
            self._book(fill, opening)
        for profile in TERMS.equity:
            self.peak[profile] = max(self.peak[profile], self.equity(profile))

    def buy(self, symbol: str, profile: str, notional: float, hold: int | None, price: float) -> None:
        """Order to buy."""
        self._order("buy", symbol, profile, notional, hold, price)

    def sell(self, symbol: str, profile: str, notional: float, hold: int | None, price: float) -> None:
        """Order to sell."""
        self._order("sell", symbol, profile, notional, hold, price)

    def pause(self) -> None:
        """Pause, and keep what was cancelled."""
        self.cancelled |= {order.id for order in self.paper.pause("law")}

    def resume(self) -> None:
        """Trade again."""
        self.paper.resume()

    def restart(self) -> None:
        """Go on in another process."""
        state = decode_json(encode_json(self.paper.state()), PaperState, "paper.json")
        assert state == self.paper.state()
        self.paper = PaperAutotrader.restore(state, TERMS)

    def close_all(self) -> None:
        """Sell more than there is of everything."""
        self.resume()
        for symbol in TERMS.symbols:
            for profile in TERMS.equity:
                self._order("sell", symbol, profile, 1e9, None, 1.0)
            self.bar(symbol, 50.0, 60.0)
            self.check()

    def equity(self, profile: str) -> float:
        """Return money and what is held at the newest closes."""
        worth = [quantity * self.closes[symbol] for (symbol, owner), quantity in self.held.items() if owner == profile]
        return self.cash[profile] + math.fsum(worth)

    def check(self) -> None:
        """Compare what the autotrader says with what its fills say."""
        for profile in TERMS.equity:
            account, seen = self.paper.state().accounts[profile], self.paper.snapshot(profile, NOW)
            assert seen.last_equity == self.near(self.equity(profile))
            assert seen.peak_equity == self.near(self.peak[profile])
            unrealised = sum(lot.quantity * (self.closes[lot.order.symbol] - lot.price) for lot in account.lots)
            own = [fill for fill in self.fills if fill.order.risk_profile == profile]
            realised, costs = sum(fill.realised_pnl for fill in own), sum(fill.costs for fill in own)
            assert seen.last_equity == self.near(TERMS.equity[profile] + realised + unrealised - costs)
            assert finite(seen)
            day = self.time // 86_400
            today = [fill for fill in own if fill.at.timestamp() // 86_400 == day]
            assert seen.daily_realized_pnl == self.near(sum(fill.realised_pnl - fill.costs for fill in today))
        self._check_orders()

    def near(self, value: float) -> object:
        """Allow for rounding, in proportion to all that was traded."""
        return pytest.approx(value, rel=1e-9, abs=1e-9 * self.turnover)

    def _check_orders(self) -> None:
        filled = Counter(fill.order.id for fill in self.fills if not fill.is_exit)
        exits = Counter(fill.order.id for fill in self.fills if fill.is_exit)
        pending = {order.id for order in self.paper.state().pending}
        assert max([*filled.values(), *exits.values()], default=1) == 1
        assert len(filled) + len(self.cancelled) + len(pending) == len(self.submitted)
        assert filled.keys() | self.cancelled | pending == self.submitted.keys()
        assert exits.keys() <= filled.keys()

    def _book(self, fill: Fill, opening: float) -> None:
        order = fill.order
        assert fill.price == opening
        assert fill.at.timestamp() > self.submitted[order.id]
        key = (order.symbol, order.risk_profile)
        self.held[key] += fill.quantity
        assert self.held[key] >= -1e-9 * self.turnover
        self.cash[order.risk_profile] -= fill.quantity * fill.price + fill.costs
        self.turnover += abs(fill.quantity) * (fill.price + 200.0)
        self.fills.append(fill)

    def _order(self, side: str, symbol: str, profile: str, notional: float, hold: int | None, price: float) -> None:
        name = f"{len(self.submitted)}"
        order = Order(
            id=name,
            strategy=profile * 2,
            symbol=symbol,
            side=side,  # type: ignore[arg-type]  # buy or sell
            notional=notional,
            decided_price=price,
            expected_cost_bps=1.0,
            decided_at=NOW,
            risk_profile=profile,
            hold_bars=hold,
        )
        if self.paper.paused is not None:
            with pytest.raises(AutotraderPaused):
                self.paper.submit(order)
            return
        self.paper.submit(order)
        self.submitted[name] = self.time


@settings(max_examples=100, deadline=None)
@given(acts)
def test_every_sum_can_be_made_again_from_the_fills(steps: list[tuple[str, object]]) -> None:
    world = World()
    for step in steps:
        world.act(*step)


@settings(max_examples=60, deadline=None)
@given(acts)
def test_closing_everything_leaves_nothing(steps: list[tuple[str, object]]) -> None:
    world = World()
    for step in steps:
        world.act(*step)
    world.close_all()
    for profile, equity in TERMS.equity.items():
        seen, own = world.paper.snapshot(profile, NOW), [fill for fill in world.fills if fill.order.risk_profile == profile]
        assert seen.positions == {}
        assert seen.last_equity == world.near(equity + sum(fill.realised_pnl - fill.costs for fill in own))


@settings(max_examples=60, deadline=None)
@given(acts)
def test_the_deviation_is_the_mean_over_all_fills(steps: list[tuple[str, object]]) -> None:
    world = World()
    for step in steps:
        world.act(*step)
    told: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for fill in world.fills:
        if fill.quantity:
            worse = (fill.price / fill.reference_price - 1.0) * 1e4 * math.copysign(1.0, fill.quantity)
            assert fill.realised_cost_bps == pytest.approx(worse + 1.3, abs=1e-6)
            told[fill.order.strategy, fill.order.symbol].append(worse + 1.3 - fill.order.expected_cost_bps)
    for strategy in ("pp", "qq"):
        for symbol in TERMS.symbols:
            found, wanted = world.paper.cost_deviation_bps(strategy, symbol), told[strategy, symbol]
            assert found == (pytest.approx(math.fsum(wanted) / len(wanted), rel=1e-9, abs=1e-6) if wanted else None)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.lists(st.tuples(prices, prices), min_size=9, max_size=9))
def test_what_is_held_for_some_bars_leaves_with_the_open_after_them(hold: int, quotes: list[tuple[float, float]]) -> None:
    world = World()
    world.act("buy", "A", "p", 100.0, hold, 10.0)
    for opening, close in quotes:
        world.act("bar", "A", opening, close)
    entry, leave = world.fills
    assert (entry.at.timestamp(), leave.at.timestamp()) == (STEP_S, STEP_S * (1 + hold))
    assert (leave.price, leave.reference_price) == (quotes[hold][0], quotes[hold - 1][1])


def tried(paper: PaperAutotrader, attempt: Callable[[], object]) -> None:
    """Try something; refused, it has changed nothing."""
    before = paper.state()
    try:
        attempt()
    except InputError:
        assert paper.state() is before


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats(), st.floats(1e-300, 1.79e308)), min_size=1, max_size=8))
def test_whatever_comes_a_snapshot_is_finite_or_nothing_has_happened(steps: list[tuple[float, float, float]]) -> None:
    paper = PaperAutotrader(TERMS)
    for number, (opening, close, notional) in enumerate(steps, 1):
        order = Order(
            id=f"{number}",
            strategy="s",
            symbol="A",
            side="buy" if number % 3 else "sell",
            notional=notional,
            decided_price=notional,
            expected_cost_bps=0.0,
            decided_at=NOW,
            risk_profile="p",
        )
        tried(paper, partial(paper.submit, order))
        tried(paper, partial(paper.on_bar, "A", Bar(STEP_S * number, opening, opening, close, close, 0.0)))
        seen = paper.snapshot("p", NOW)
        assert finite(seen)
        assert math.isfinite(paper.cost_deviation_bps("s", "A") or 0.0)
        assert decode_json(encode_json(paper.state()), PaperState, "paper.json") == paper.state()


@settings(max_examples=40, deadline=None)
@given(acts, acts)
def test_a_restart_cannot_be_seen(first: list[tuple[str, object]], then: list[tuple[str, object]]) -> None:
    one, other = World(), World()
    for step in first:
        one.act(*step)
        other.act(*step)
    other.restart()
    for step in then:
        one.act(*step)
        other.act(*step)
    assert one.fills == other.fills
    assert one.paper.state() == other.paper.state()
