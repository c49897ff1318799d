"""All that an autotrader on paper knows, as one immutable document, and the terms on which it trades.

A state is only ever replaced by one that is sound: no order twice, no number that is not finite, now or in what a decision is shown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from bot_core.config.decision import finite
from bot_core.errors import AutotraderPaused, ConfigError, DocumentError, InputError
from bot_core.runtime.autotrader import Order
from bot_core.runtime.paper_account import Account, Count, exposure, opened

if TYPE_CHECKING:
    from collections.abc import Iterable


class PaperTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account opens with, by risk profile, money; the symbols; what a side costs: half the spread, and the commission.

    Raises:
        ConfigError: no account or symbol, an equity that is not above zero, a cost that is negative or not finite.
    """

    equity: dict[str, float]
    symbols: tuple[str, ...]
    spread_bps: float
    commission_bps: float = 0.0

    def __post_init__(self) -> None:
        costs = (self.spread_bps, self.commission_bps)
        checks = {
            "symbols": (bool(self.symbols), "one at least"),
            "equity": (bool(self.equity) and all(finite(e) and e > 0.0 for e in self.equity.values()), "finite numbers above zero"),
            "spread_bps and commission_bps": (
                all(finite(cost) and cost >= 0.0 for cost in costs),
                "finite numbers of zero or more",
            ),
        }
        for name, (sound, expected) in checks.items():
            if not sound:
                msg = f"paper account: {name}: expected {expected}, got {self}"
                raise ConfigError(msg, hint="see `paper` in conf/runtime")

    @property
    def side_bps(self) -> float:
        """What a side costs, of the money traded."""
        return self.spread_bps / 2.0 + self.commission_bps


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A symbol's newest bar: its opening, in seconds since 1970 UTC, and its close."""

    time: float
    close: float


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By how much fills cost more than expected: their number and their sum."""

    fills: Count
    total_bps: float


class PaperState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that there is to know; read with `decode_json`, written with `encode_json`.

    `accounts` by risk profile, `marks` by symbol, `deviations` by strategy and symbol. `day` counts from 1970, UTC.
    """

    accounts: dict[str, Account]
    marks: dict[str, Mark] = {}
    pending: tuple[Order, ...] = ()
    deviations: dict[str, dict[str, Deviation]] = {}
    day: int | None = None
    paused: str | None = None

    def exposure(self, risk_profile: str) -> dict[str, float]:
        """Return symbol → money that a risk profile holds or has ordered."""
        if not (self.pending or self.accounts[risk_profile].lots):
            return {}
        closes = {symbol: mark.close for symbol, mark in self.marks.items()}
        pending = [order for order in self.pending if order.risk_profile == risk_profile]
        return exposure(self.accounts[risk_profile], closes, pending)

    @property
    def is_finite(self) -> bool:
        """Whether every sum is a finite number."""
        shown = [sum(self.exposure(profile).values()) for profile in self.accounts]
        totals = [each.total_bps for by_symbol in self.deviations.values() for each in by_symbol.values()]
        return all(account.is_finite for account in self.accounts.values()) and all(map(math.isfinite, (*shown, *totals)))


def first_state(terms: PaperTerms) -> PaperState:
    """Return the state before anything has happened."""
    return PaperState(accounts={profile: opened(equity) for profile, equity in terms.equity.items()})


def restored(state: PaperState, terms: PaperTerms) -> PaperState:
    """Return the state to go on with: a risk profile that it does not have yet opens with the terms' equity.

    Raises:
        DocumentError: it has an account or a symbol that the terms do not have, or does not fit together.
    """
    orders = [*state.pending, *(lot.order for account in state.accounts.values() for lot in account.lots)]
    _require(state.accounts, terms.equity, "accounts", "declared risk profiles")
    _require([*state.marks, *(order.symbol for order in orders)], terms.symbols, "symbols", "declared symbols")
    _require((order.risk_profile for order in orders), state.accounts, "orders", "risk profiles with an account")
    held = (lot.order.symbol for account in state.accounts.values() for lot in account.lots)
    _require(held, state.marks, "accounts", "symbols with a newest bar")
    if state.paused is not None and state.pending:
        raise _damaged(where="pending", expected="no order while paused", got=f"{len(state.pending)}")
    if not state.is_finite:
        raise _damaged(where="accounts", expected="finite numbers", got="others")
    return replace(state, accounts={**first_state(terms).accounts, **state.accounts})


def with_order(state: PaperState, terms: PaperTerms, order: Order) -> PaperState:
    """Return the state with another pending order; see `Autotrader.submit` for what is raised."""
    if state.paused is not None:
        msg = f"order {order.id}: expected to trade, got a pause: {state.paused}"
        raise AutotraderPaused(msg, hint="nothing was submitted; what pauses it must end first")
    require_symbol(order.symbol, terms)
    account_of(state, order.risk_profile)
    known = [*state.pending, *(lot.order for account in state.accounts.values() for lot in account.lots)]
    if any(order.id == other.id for other in known):
        msg = f"order {order.id}: expected a decision once, got it twice"
        raise InputError(msg, hint="the first is in force; every decision has its own id")
    ordered = replace(state, pending=(*state.pending, order))
    if not ordered.is_finite:
        msg = f"order {order.id}: notional: expected an exposure that is a finite number, got {order.notional!r} more"
        raise InputError(msg, hint="nothing was submitted")
    return ordered


def account_of(state: PaperState, risk_profile: str) -> Account:
    """Return the account of a risk profile.

    Raises:
        InputError: there is none.
    """
    if risk_profile not in state.accounts:
        msg = f"risk profile: expected one of {', '.join(state.accounts)}; got {risk_profile}"
        raise InputError(msg, hint="declare its equity in the terms of the paper account")
    return state.accounts[risk_profile]


def require_symbol(symbol: str, terms: PaperTerms) -> None:
    """Check that a symbol is one of those declared.

    Raises:
        InputError: it is not.
    """
    if symbol not in terms.symbols:
        msg = f"symbol: expected one of {', '.join(terms.symbols)}; got {symbol}"
        raise InputError(msg, hint="declare it in the terms of the paper account")


def _require(found: Iterable[str], known: Iterable[str], where: str, expected: str) -> None:
    if unknown := sorted(set(found) - set(known)):
        raise _damaged(where=where, expected=f"only {expected} ({', '.join(known)})", got=", ".join(unknown))


def _damaged(*, where: str, expected: str, got: str) -> DocumentError:
    msg = f"paper account: {where}: expected {expected}, got {got}"
    return DocumentError(msg, hint="restore the file, declare what it has, or move it away to begin anew")
