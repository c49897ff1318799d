"""What happens at one bar of a symbol, in this order; the result is another state, or nothing has happened.

1. A new day begins if the bar opens on a later one, UTC.
2. What was ordered fills at the open, in the order of submission.
3. What was held long enough is sold at the open. What this bar paid for is held from this bar on.
4. What is held ages by a bar, and every account is marked at the newest closes.

While paused neither 2 nor 3: what is due by then is sold at the first open after the pause.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot_core.config.decision import finite
from bot_core.errors import InputError
from bot_core.runtime.autotrader import Fill
from bot_core.runtime.paper_account import due, taken
from bot_core.runtime.paper_state import Deviation, Mark, require_symbol

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar
    from bot_core.runtime.autotrader import Order
    from bot_core.runtime.paper_account import Account, Lot
    from bot_core.runtime.paper_state import PaperState, PaperTerms

    Deviations = dict[str, dict[str, Deviation]]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FIRST, _LAST = ((dt.datetime(year, 1, 2, tzinfo=dt.UTC) - _EPOCH).total_seconds() for year in (1, 9999))
_DAY_S = 86_400.0
_BPS = 1e4


def after(state: PaperState, terms: PaperTerms, symbol: str, bar: Bar) -> tuple[PaperState, list[Fill]]:
    """Return the state after a bar, and what filled.

    Raises:
        InputError: an unknown symbol, a bar that is not later than the one before, or numbers that are none.
    """
    _require_next(state, terms, symbol, bar)
    opening = _Opening(_at_day(state, bar), terms, symbol, bar)
    if state.paused is None:
        opening.fill_orders()
        opening.sell_what_is_due()
    closed = _closed(opening.state, symbol, bar)
    if not (closed.is_finite and all(map(_is_finite, opening.fills))):
        raise _refused(symbol, "prices that leave every sum a finite number", f"{bar}")
    return closed, opening.fills


class _Opening:
    """The open of a bar, fill by fill."""

    def __init__(self, state: PaperState, terms: PaperTerms, symbol: str, bar: Bar) -> None:
        self.state = state
        self.terms = terms
        self.symbol = symbol
        self.bar = bar
        self.fills: list[Fill] = []

    def fill_orders(self) -> None:
        """Fill what was ordered before this bar."""
        pending, self.state = self.state.pending, replace(self.state, pending=self._others())
        for order in pending:
            if order.symbol != self.symbol:
                continue
            if order.side == "buy":
                self._buy(order)
            else:
                sold, left = taken(self.state.accounts[order.risk_profile].lots, self.symbol, order.notional / self.bar.open)
                self._sell(order, sold, left, order.decided_price)

    def sell_what_is_due(self) -> None:
        """Sell the lots whose time is over; this was decided at the last close."""
        for account in self.state.accounts.values():
            for lot in due(account, self.symbol):
                left = tuple(other for other in self.state.accounts[lot.order.risk_profile].lots if other != lot)
                self._sell(lot.order, [lot], left, self.state.marks[self.symbol].close)

    def _others(self) -> tuple[Order, ...]:
        return tuple(order for order in self.state.pending if order.symbol != self.symbol)

    def _buy(self, order: Order) -> None:
        quantity = order.notional / self.bar.open
        fill = self._fill(order, quantity, order.decided_price, 0.0)
        account = self.state.accounts[order.risk_profile].bought(order, quantity, self.bar.open, fill.costs)
        self._done(fill, account)

    def _sell(self, order: Order, sold: list[Lot], left: tuple[Lot, ...], reference: float) -> None:
        pnl = sum(lot.quantity * (self.bar.open - lot.price) for lot in sold)
        fill = self._fill(order, 0.0 - sum(lot.quantity for lot in sold), reference, pnl)
        self._done(fill, self.state.accounts[order.risk_profile].sold(pnl, fill.costs, left))

    def _fill(self, order: Order, quantity: float, reference: float, pnl: float) -> Fill:
        price, traded = self.bar.open, quantity != 0.0
        worse = (price - reference) / reference * _BPS
        realised = (worse if quantity > 0.0 else -worse) + self.terms.side_bps if traded else 0.0
        return Fill(
            order=order,
            price=price,
            quantity=quantity,
            reference_price=reference,
            realised_cost_bps=realised,
            deviation_bps=realised - order.expected_cost_bps if traded else 0.0,
            realised_pnl=pnl,
            costs=abs(quantity) * price * self.terms.side_bps / _BPS,
            at=_EPOCH + dt.timedelta(seconds=self.bar.time),
        )

    def _done(self, fill: Fill, account: Account) -> None:
        accounts = {**self.state.accounts, fill.order.risk_profile: account}
        self.state = replace(self.state, accounts=accounts, deviations=_counted(self.state.deviations, fill))
        self.fills.append(fill)


def _counted(deviations: Deviations, fill: Fill) -> Deviations:
    """Return the deviations with that of a fill; one that traded nothing tells nothing."""
    if fill.quantity == 0.0:
        return deviations
    strategy, symbol = fill.order.strategy, fill.order.symbol
    so_far = deviations.get(strategy, {}).get(symbol, Deviation(0, 0.0))
    now = Deviation(so_far.fills + 1, so_far.total_bps + fill.deviation_bps)
    return {**deviations, strategy: {**deviations.get(strategy, {}), symbol: now}}


def _at_day(state: PaperState, bar: Bar) -> PaperState:
    day = int(bar.time // _DAY_S)
    if state.day is not None and day <= state.day:
        return state
    return replace(state, day=day, accounts={profile: account.next_day() for profile, account in state.accounts.items()})


def _closed(state: PaperState, symbol: str, bar: Bar) -> PaperState:
    marks = {**state.marks, symbol: Mark(bar.time, bar.close)}
    closes = {name: mark.close for name, mark in marks.items()}
    accounts = {profile: account.aged(symbol).marked(closes) for profile, account in state.accounts.items()}
    return replace(state, marks=marks, accounts=accounts)


def _require_next(state: PaperState, terms: PaperTerms, symbol: str, bar: Bar) -> None:
    require_symbol(symbol, terms)
    *prices, volume = bar[1:]
    if not (all(finite(price) and price > 0.0 for price in prices) and finite(volume) and volume >= 0.0):
        raise _refused(symbol, "finite prices above zero and a volume not below zero", f"{bar}")
    if not (finite(bar.time) and _FIRST <= bar.time < _LAST):
        raise _refused(symbol, "a time in seconds since 1970", f"{bar.time!r}")
    mark = state.marks.get(symbol)
    if mark is not None and bar.time <= mark.time:
        raise _refused(symbol, f"a bar that opens after {_written(mark.time)}", _written(bar.time))


def _is_finite(fill: Fill) -> bool:
    return all(map(math.isfinite, (fill.quantity, fill.realised_cost_bps, fill.deviation_bps, fill.realised_pnl, fill.costs)))


def _written(time: float) -> str:
    return f"{_EPOCH + dt.timedelta(seconds=time):%Y-%m-%dT%H:%M:%SZ}"


def _refused(symbol: str, expected: str, got: str) -> InputError:
    return InputError(f"bar of {symbol}: expected {expected}, got {got}", hint="check the source; nothing was traded on this bar")
