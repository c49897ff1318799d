"""An order, bars and an autotrader on paper, for the tests of both."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from bot_core.features.indicators.indicator import Bar
from bot_core.runtime.autotrader import Order
from bot_core.runtime.paper import PaperAutotrader, PaperTerms

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
HOUR = 3600.0
TERMS = PaperTerms(equity={"balanced": 10_000.0, "bold": 5_000.0}, symbols=("eurusd", "gold"), spread_bps=2.0, commission_bps=0.5)
ORDER = Order(
    id="a1",
    strategy="trend",
    symbol="eurusd",
    side="buy",
    notional=1_000.0,
    decided_price=100.0,
    expected_cost_bps=1.0,
    decided_at=NOW,
    risk_profile="balanced",
)
SELL = replace(ORDER, id="z1", side="sell", notional=1e9)


def bar(hour: int, opening: float, close: float | None = None) -> Bar:
    """Make the bar of an hour since 1970."""
    close = opening if close is None else close
    return Bar(HOUR * hour, opening, max(opening, close), min(opening, close), close, 1.0)


def trader(**changes: object) -> PaperAutotrader:
    """Make an autotrader, with other terms where they are given."""
    return PaperAutotrader(replace(TERMS, **changes))
