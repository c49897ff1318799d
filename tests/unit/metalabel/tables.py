"""Tables of events made for tests: one feature leans on the payoff, the others are noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.metalabel.table import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.metalabel.table import EventsTable

START = pd.Timestamp("2026-01-01T00:00:00Z")


def events(n: int = 480, *, signal: float = 0.7, seed: int = 0) -> pd.DataFrame:
    """Make hourly events whose labels live one to five hours; `signal` says how much `a` knows of the payoff."""
    draw = np.random.default_rng(seed)
    known, side = draw.normal(size=n), draw.choice([-1.0, 1.0], size=n)
    payoff = 10 * (signal * known + draw.normal(size=n))
    time = START + pd.to_timedelta(np.arange(n), unit="h")
    return pd.DataFrame(
        {
            "time": time,
            "event_end": time + pd.to_timedelta(draw.integers(1, 6, size=n), unit="h"),
            "meta_label": (payoff > 0).astype(float),
            "payoff": payoff,
            "side": side,
            "a": known,
            "b": draw.normal(size=n),
            "c": draw.normal(size=n),
        }
    )


def written(folder: Path, frame: pd.DataFrame, name: str = "events.parquet") -> Path:
    """Write a table as its suffix says."""
    path = folder / name
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    return path


def table(folder: Path, frame: pd.DataFrame, **columns: str) -> EventsTable:
    """Write a table and read it as training does."""
    return read_table(written(folder, frame), **({"label": "meta_label", "end": "event_end"} | columns))
