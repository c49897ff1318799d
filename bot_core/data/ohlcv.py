"""Bars ready for use: read, repaired as declared, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.data import sources
from bot_core.data.contracts import BAR_NUMBERS, BARS, PRICES, TIME
from bot_core.data.repairs import repair, require_usable

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.config.models import CsvBars, ParquetBars

__all__ = ["BARS", "BAR_NUMBERS", "PRICES", "TIME", "load_bars"]


def load_bars(config: CsvBars | ParquetBars) -> pd.DataFrame:
    """Return an instrument's bars: `time` strictly increasing, every number finite.

    Raises:
        InputError: the file is not what the configuration says, or something is left that no declared repair takes away.
        ConfigError: an unknown calendar or time zone.
    """
    frame, _ = repair(sources.read(config), config)
    require_usable(frame, config)
    return frame
