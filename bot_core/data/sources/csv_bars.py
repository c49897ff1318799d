"""Bars in a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.data.contracts import TIME, check_bars
from bot_core.data.durations import DAY, microseconds
from bot_core.data.sources.csv_text import open_csv, read_columns
from bot_core.data.sources.files import existing
from bot_core.data.sources.layout import bar_layout
from bot_core.data.sources.times import Clock, has_offset, zone

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.config.models import CsvBars


def read(config: CsvBars) -> pd.DataFrame:
    """Return the bars of a CSV file; see `bot_core.data.sources.read`."""
    whole_days = microseconds(config.bar, "data.bar") % DAY == 0
    zone(config.timezone)
    file = open_csv(existing(config.path, "CSV"), config.delimiter)
    layout = bar_layout(config.columns, file.header, config.path)
    clock = Clock(has_offset(file.field(layout.times[TIME])), config.timezone, whole_days)
    return check_bars(read_columns(file, layout, clock), config.path)
