"""Bars in a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.data.contracts import check_bars
from bot_core.data.durations import DAY, microseconds
from bot_core.data.sources.files import existing
from bot_core.data.sources.layout import bar_layout
from bot_core.data.sources.parquet_columns import column_names, read_columns
from bot_core.data.sources.times import zone

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.config.models import ParquetBars


def read(config: ParquetBars) -> pd.DataFrame:
    """Return the bars of a Parquet file; see `bot_core.data.sources.read`."""
    whole_days = microseconds(config.bar, "data.bar") % DAY == 0
    zone(config.timezone)
    path = existing(config.path, "Parquet")
    layout = bar_layout(config.columns, column_names(path), config.path)
    return check_bars(read_columns(path, layout, config.timezone, whole_days=whole_days), config.path)
