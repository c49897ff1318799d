"""What the decision hands over to: a port that takes orders, fills them, and can be paused; its orders and its fills.

1. An order is the journal's: its id is that of the decision, which is recorded before the order is submitted.
2. A bar is handed to the autotrader before anything is decided on it. So an order decided on a bar fills at the next one, at its open.
3. Paused means that nothing fills: pending orders are cancelled, new ones refused. Every order is filled, cancelled or refused.

Units: `_bps` basis points, money in the account's currency, quantities in units of the symbol.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import msgspec

from bot_core.config.decision import finite
from bot_core.errors import InputError

if TYPE_CHECKING:
    from bot_core.decision.candidate import RiskSnapshot
    from bot_core.features.indicators.indicator import Bar

Side = Literal["buy", "sell"]
"""`buy` enters a long position or adds to it; `sell` reduces it, at most to nothing."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One accepted decision, to be filled at the open of the bar after it.

    `id`: the decision's, as the journal has it. `notional`: money, above zero. `decided_price`: the close of the decision's bar.
    `expected_cost_bps`: what one side is expected to cost, half of a round trip. `decided_at`: a time with its zone.
    `hold_bars`: of a buy: after so many bars, the filling one included, what it bought is sold at the open; `None`: held until sold.

    Raises:
        InputError: a number that is not finite or out of range, a time without a zone, a `sell` that is to be held.
    """

    id: str
    strategy: str
    symbol: str
    side: Side
    notional: float
    decided_price: float
    expected_cost_bps: float
    decided_at: dt.datetime
    risk_profile: str
    hold_bars: int | None = None

    def __post_init__(self) -> None:
        for name, (sound, expected) in self._checks().items():
            if not sound:
                msg = f"order {self.id}: {name}: expected {expected}, got {getattr(self, name)!r}"
                raise InputError(msg, hint="nothing was submitted")

    def _checks(self) -> dict[str, tuple[bool, str]]:
        held = self.hold_bars
        return {
            "id": (bool(self.id), "the id of a decision in the journal"),
            "side": (self.side in {"buy", "sell"}, "buy or sell"),
            "notional": (finite(self.notional) and self.notional > 0.0, "a finite number above zero"),
            "decided_price": (finite(self.decided_price) and self.decided_price > 0.0, "a finite number above zero"),
            "expected_cost_bps": (
                finite(self.expected_cost_bps) and self.expected_cost_bps >= 0.0,
                "a finite number of zero or more",
            ),
            "decided_at": (self.decided_at.utcoffset() is not None, "a time with its zone"),
            "hold_bars": (
                held is None or (self.side == "buy" and type(held) is int and held > 0),
                "one or more for a buy, else none",
            ),
        }


class Fill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One side of a trade. An order that is to be held has two: where it enters, and where its time is over.

    `quantity` is negative where it was sold, and zero where there was nothing left to sell; such a fill costs nothing.
    `reference_price` is what the price was when this side was decided: the order's `decided_price`, or the last close before an exit.
    `realised_cost_bps`: how far `price` is worse than that, plus the declared half spread and commission; negative: it was better.
    `deviation_bps` = realised less expected cost. `realised_pnl`: money, before costs. `costs`: money. `at`: the opening of the bar.
    """

    order: Order
    price: float
    quantity: float
    reference_price: float
    realised_cost_bps: float
    deviation_bps: float
    realised_pnl: float
    costs: float
    at: dt.datetime

    @property
    def is_exit(self) -> bool:
        """Whether an order's own time was over, and not the order filled."""
        return self.order.side == "buy" and self.quantity < 0.0


@runtime_checkable
class Autotrader(Protocol):
    """What trades."""

    @property
    def paused(self) -> str | None:
        """Why nothing is traded; `None` while it is."""

    def submit(self, order: Order) -> None:
        """Take an order; it fills with the next bar of its symbol.

        Raises:
            AutotraderPaused: nothing may be traded now.
            InputError: an unknown symbol or risk profile, or an id that was submitted already.
        """

    def on_bar(self, symbol: str, bar: Bar) -> list[Fill]:
        """Take the next bar of a symbol: fill what was ordered before it at its open, close what is due, mark at its close.

        Raises:
            InputError: an unknown symbol, a bar that is not later than the one before, or numbers that are none; nothing has changed.
        """

    def pause(self, reason: str) -> list[Order]:
        """Trade nothing from now on; return the orders that this cancelled. A pause takes the place of the one before."""

    def resume(self) -> None:
        """Trade again."""

    def snapshot(self, risk_profile: str, now: dt.datetime) -> RiskSnapshot:
        """Return a risk profile's account, as of `now`.

        Raises:
            InputError: there is no such account.
        """

    def cost_deviation_bps(self, strategy: str, symbol: str) -> float | None:
        """Return by how much a side has cost more than expected, the mean of all fills; `None` where there is none."""

    def newest_bar(self, symbol: str) -> float | None:
        """Return the opening of the newest bar taken, in seconds since 1970 UTC: where a restarted feed goes on."""
