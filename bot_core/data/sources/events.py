"""A table of events, CSV (comma) or Parquet by its suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.data.contracts import TIME, check_events
from bot_core.data.sources import csv_text, parquet_columns
from bot_core.data.sources.files import existing
from bot_core.data.sources.layout import event_layout
from bot_core.data.sources.times import Clock, has_offset, zone
from bot_core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.config.models import EventTable


def read(config: EventTable) -> pd.DataFrame:
    """Return the events of a CSV or Parquet file; see `bot_core.data.sources.read`."""
    zone(config.timezone)
    match Path(config.path).suffix:
        case ".csv":
            frame = _from_csv(config)
        case ".parquet":
            frame = _from_parquet(config)
        case other:
            msg = f"{config.path}: expected a table of events ending in .csv or .parquet, got {other or 'no suffix'}"
            raise InputError(msg, hint="name the file by what it is")
    return check_events(frame, config.path)


def _from_csv(config: EventTable) -> pd.DataFrame:
    file = csv_text.open_csv(existing(config.path, "CSV"), ",")
    layout = event_layout(config.columns, file.header, config.path)
    return csv_text.read_columns(file, layout, Clock(has_offset(file.field(layout.times[TIME])), config.timezone))


def _from_parquet(config: EventTable) -> pd.DataFrame:
    path = existing(config.path, "Parquet")
    layout = event_layout(config.columns, parquet_columns.column_names(path), config.path)
    return parquet_columns.read_columns(path, layout, config.timezone, whole_days=False)
