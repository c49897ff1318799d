"""The autotrader that trades on paper: at the open of the next bar, at a declared cost, long only, in an account per risk profile.

All that it knows is one `PaperState`, which each call replaces whole or leaves as it was. It may be called from several threads. An order
counts as taken once it is written down: what could not be kept was not ordered.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from bot_core.runtime import paper_bar
from bot_core.runtime.paper_account import snapshot
from bot_core.runtime.paper_state import PaperState, PaperTerms, account_of, first_state, restored, with_order

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from bot_core.decision.candidate import RiskSnapshot
    from bot_core.features.indicators.indicator import Bar
    from bot_core.runtime.autotrader import Fill, Order

__all__ = ["PaperAutotrader", "PaperState", "PaperTerms"]


class PaperAutotrader:
    """An `Autotrader` on paper.

    Args:
        terms: accounts, symbols and costs.
        keep: writes a state down.
    """

    def __init__(self, terms: PaperTerms, keep: Callable[[PaperState], None] | None = None) -> None:
        self._terms = terms
        self._keep = keep
        self._state = first_state(terms)
        self._lock = Lock()

    @classmethod
    def restore(cls, state: PaperState, terms: PaperTerms, keep: Callable[[PaperState], None] | None = None) -> Self:
        """Go on where another stopped, paused if it was; see `paper_state.restored` for what is raised."""
        trader = cls(terms, keep)
        trader._state = restored(state, terms)
        return trader

    def state(self) -> PaperState:
        """Return all that it knows; `restore` takes it."""
        return self._state

    @property
    def paused(self) -> str | None:
        """Why nothing is traded; `None` while it is."""
        return self._state.paused

    def submit(self, order: Order) -> None:
        """Take an order; see `Autotrader`. Pending orders, and those of which something is held, are known by their id.

        Raises:
            AuditError: it could not be written down, so it is not taken.
        """
        with self._lock:
            ordered = with_order(self._state, self._terms, order)
            self._kept(ordered)
            self._state = ordered

    def save(self) -> None:
        """Write down what it knows; an AuditError where that fails."""
        with self._lock:
            self._kept(self._state)

    def on_bar(self, symbol: str, bar: Bar) -> list[Fill]:
        """Take the next bar of a symbol; see `Autotrader`, and `paper_bar` for what happens in which order."""
        with self._lock:
            self._state, fills = paper_bar.after(self._state, self._terms, symbol, bar)
        return fills

    def pause(self, reason: str) -> list[Order]:
        """Trade nothing from now on; see `Autotrader`. What is held is still marked, and still ages."""
        with self._lock:
            cancelled = self._state.pending
            self._state = replace(self._state, paused=reason, pending=())
        return list(cancelled)

    def resume(self) -> None:
        """Trade again; cancelled orders do not come back."""
        with self._lock:
            self._state = replace(self._state, paused=None)

    def snapshot(self, risk_profile: str, now: dt.datetime) -> RiskSnapshot:
        """Return a risk profile's account; see `Autotrader`.

        Equity is that of the newest closes, and the day is theirs, not that of `now`. What was ordered counts as held.
        """
        state = self._state
        return snapshot(account_of(state, risk_profile), state.exposure(risk_profile), now)

    def cost_deviation_bps(self, strategy: str, symbol: str) -> float | None:
        """Return by how much a side has cost more than expected; see `Autotrader`."""
        found = self._state.deviations.get(strategy, {}).get(symbol)
        return None if found is None else found.total_bps / found.fills

    def newest_bar(self, symbol: str) -> float | None:
        """Return the opening of the newest bar taken; see `Autotrader`."""
        mark = self._state.marks.get(symbol)
        return None if mark is None else mark.time

    def _kept(self, state: PaperState) -> None:
        if self._keep is not None:
            self._keep(state)
