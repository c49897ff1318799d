"""How a table of events is made of a model's signals: `events` in `params.yaml`, one entry per table `data/<name>.parquet`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bot_core.config.values import Count, DataPath, Name, Positive


class Barriers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a trade on a signal ends: `profit` or `loss` volatilities away from its price, or after `horizon` bars.

    A volatility is the standard deviation of the last `volatility_window` log returns, times the square root of the horizon.
    """

    horizon: Count
    volatility_window: Annotated[int, Meta(ge=2)] = 20
    profit: Positive = 1.0
    loss: Positive = 1.0


class EventsEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table: whose signals, the raw file behind them (DVC watches it), and when each trade ends."""

    model: Name
    file: DataPath
    barriers: Barriers
