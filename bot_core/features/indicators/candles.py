"""The shape of one bar, as shares of its range. A bar without range has no body and no shadows and closes in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.features.indicators.indicator import Bar, State


def init_candle() -> State:
    """Hold nothing."""
    return []


def body_share(state: State, bar: Bar) -> float:  # noqa: ARG001  # one signature for all indicators
    """Return (close - open) / (high - low), -1 to 1."""
    span = bar.high - bar.low
    return (bar.close - bar.open) / span if span != 0.0 else 0.0


def upper_shadow(state: State, bar: Bar) -> float:  # noqa: ARG001  # one signature for all indicators
    """Return (high - the higher of open and close) / (high - low), 0 to 1."""
    span = bar.high - bar.low
    return (bar.high - max(bar.open, bar.close)) / span if span != 0.0 else 0.0


def lower_shadow(state: State, bar: Bar) -> float:  # noqa: ARG001  # one signature for all indicators
    """Return (the lower of open and close - low) / (high - low), 0 to 1."""
    span = bar.high - bar.low
    return (min(bar.open, bar.close) - bar.low) / span if span != 0.0 else 0.0


def close_position(state: State, bar: Bar) -> float:  # noqa: ARG001  # one signature for all indicators
    """Return (close - low) / (high - low), 0 to 1."""
    span = bar.high - bar.low
    return (bar.close - bar.low) / span if span != 0.0 else 0.5
