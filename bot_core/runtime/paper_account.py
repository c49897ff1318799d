"""An account on paper: what is held, what came of what was sold, what it cost. Nothing here changes a value: each step returns another.

At every bar: equity = opening + realised + unrealised - costs, where the last close marks what is held. What is sold is what was bought
first. A day is one of UTC, by the opening of its bars; its realised result is after costs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from bot_core.decision.candidate import Position, RiskSnapshot
from bot_core.runtime.autotrader import Order

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0.0)]


class Lot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left of what an order bought, the price it paid, and the bars it is still to be held."""

    order: Order
    quantity: Positive
    price: Positive
    bars_left: Count | None


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account of a risk profile, money. `today`: realised since the day began, after costs."""

    opening: Positive
    equity: float
    peak: float
    start_of_day: float
    realised: float = 0.0
    costs: float = 0.0
    today: float = 0.0
    lots: tuple[Lot, ...] = ()

    def bought(self, order: Order, quantity: float, price: float, costs: float) -> Account:
        """Return the account with another lot."""
        lot = (Lot(order=order, quantity=quantity, price=price, bars_left=order.hold_bars),) if quantity > 0.0 else ()
        return replace(self, lots=(*self.lots, *lot), costs=self.costs + costs, today=self.today - costs)

    def sold(self, pnl: float, costs: float, left: tuple[Lot, ...]) -> Account:
        """Return the account with the lots that are left, and what came of the others."""
        return replace(self, lots=left, realised=self.realised + pnl, costs=self.costs + costs, today=self.today + pnl - costs)

    def next_day(self) -> Account:
        """Return the account at the start of a day."""
        return replace(self, start_of_day=self.equity, today=0.0)

    def aged(self, symbol: str) -> Account:
        """Return the account after its lots of a symbol were held for another bar."""
        return replace(self, lots=tuple(_aged(lot) if lot.order.symbol == symbol else lot for lot in self.lots))

    def marked(self, closes: Mapping[str, float]) -> Account:
        """Return the account at the newest closes, by symbol."""
        unrealised = sum(lot.quantity * (closes[lot.order.symbol] - lot.price) for lot in self.lots)
        equity = self.opening + self.realised - self.costs + unrealised
        return replace(self, equity=equity, peak=max(self.peak, equity))

    @property
    def is_finite(self) -> bool:
        """Whether every sum of the account is a finite number."""
        sums = (self.equity, self.peak, self.start_of_day, self.realised, self.costs, self.today)
        return all(map(math.isfinite, (*sums, *[lot.quantity for lot in self.lots])))


def opened(equity: float) -> Account:
    """Return an account with nothing in it but money."""
    return Account(opening=equity, equity=equity, peak=equity, start_of_day=equity)


def due(account: Account, symbol: str) -> tuple[Lot, ...]:
    """Return the lots whose time is over."""
    return tuple(lot for lot in account.lots if lot.order.symbol == symbol and lot.bars_left == 0)


def taken(lots: Iterable[Lot], symbol: str, quantity: float) -> tuple[list[Lot], tuple[Lot, ...]]:
    """Split lots into what is sold of a symbol, first in first out and at most `quantity`, and what is left."""
    sold: list[Lot] = []
    left: list[Lot] = []
    for lot in lots:
        share = min(lot.quantity, quantity) if lot.order.symbol == symbol else 0.0
        quantity -= share
        if share > 0.0:
            sold.append(replace(lot, quantity=share))
        if lot.quantity > share:
            left.append(replace(lot, quantity=lot.quantity - share))
    return sold, tuple(left)


def exposure(account: Account, closes: Mapping[str, float], pending: Iterable[Order]) -> dict[str, float]:
    """Return symbol → money: what is held at the newest close, and what was ordered, so that no two decisions use the same room."""
    held: dict[str, float] = {}
    for lot in account.lots:
        held[lot.order.symbol] = held.get(lot.order.symbol, 0.0) + lot.quantity * closes[lot.order.symbol]
    for order in pending:
        if order.side == "buy":
            held[order.symbol] = held.get(order.symbol, 0.0) + order.notional
    return held


def snapshot(account: Account, held: Mapping[str, float], now: dt.datetime) -> RiskSnapshot:
    """Return the account as the decision sees it, with its exposure."""
    return RiskSnapshot(
        start_of_day_equity=account.start_of_day,
        daily_realized_pnl=account.today,
        peak_equity=account.peak,
        last_equity=account.equity,
        positions={symbol: Position(notional=notional, side="long") for symbol, notional in held.items()},
        taken_at=now,
    )


def _aged(lot: Lot) -> Lot:
    return lot if not lot.bars_left else replace(lot, bars_left=lot.bars_left - 1)
