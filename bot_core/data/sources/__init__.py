"""One module per kind of source. `read` returns the rows of a file in file order; nothing is repaired or dropped here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.config.models import CsvBars, EventTable, ParquetBars
from bot_core.data.sources import csv_bars, events, parquet_bars

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.config.models import DataConfig

__all__ = ["read"]


def read(config: DataConfig) -> pd.DataFrame:
    """Read the declared source as a table of `bot_core.data.contracts`: UTC times, float64 numbers, our column names.

    Raises:
        InputError: the file is missing, or not what the configuration says: file, line, column, expected, got.
        ConfigError: the declared time zone or bar length does not exist.
    """
    match config:
        case CsvBars():
            return csv_bars.read(config)
        case ParquetBars():
            return parquet_bars.read(config)
        case EventTable():
            return events.read(config)
