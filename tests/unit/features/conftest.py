"""Real bars, and one indicator over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
import pytest

from bot_core.features.indicators import INDICATORS
from bot_core.features.indicators.indicator import Bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parents[3] / "data"


class Compute(Protocol):
    """What the fixture `compute` returns."""

    def __call__(self, frame: pd.DataFrame, indicator: str, *parameters: float) -> NDArray[np.float64]:
        """Run one indicator over a frame."""


def read_bars(name: str) -> pd.DataFrame:
    frame = pd.read_csv(DATA / f"{name}.csv")
    numbers = frame[["open", "high", "low", "close", "volume"]].astype(np.float64)
    numbers.insert(0, "time", pd.to_datetime(frame["time"], utc=True).astype("datetime64[us, UTC]"))
    return numbers


@pytest.fixture(scope="session")
def daily() -> pd.DataFrame:
    """AAPL, not adjusted: its splits are jumps."""
    return read_bars("aapl_1d")


@pytest.fixture(scope="session")
def hourly() -> pd.DataFrame:
    return read_bars("eurusd_1h")


def to_bars(frame: pd.DataFrame) -> list[Bar]:
    seconds = frame["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").view(np.int64) / 1e6
    columns = (frame[name].tolist() for name in ("open", "high", "low", "close", "volume"))
    return [Bar(*row) for row in zip(seconds.tolist(), *columns, strict=True)]


@pytest.fixture(scope="session")
def compute() -> Compute:
    def run(frame: pd.DataFrame, indicator: str, *parameters: float) -> NDArray[np.float64]:
        state = INDICATORS[indicator].init(*parameters)
        return np.array([INDICATORS[indicator].update(state, bar) for bar in to_bars(frame)])

    return run
