from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.config.models import Repairs
from bot_core.data.ohlcv import BAR_NUMBERS, TIME, load_bars
from bot_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.config.models import CsvBars

    Dirty = Callable[[str, Callable[[list[str]], list[str]]], CsvBars]


@pytest.mark.parametrize(
    ("name", "rows"), [("aapl_1d", 3270), ("goog_1d", 2148), ("ibm_1d", 3270), ("msft_1d", 3270), ("eurusd_1h", 6225)]
)
def test_every_vendored_file_loads(name: str, rows: int, declared: Callable[[str], CsvBars]) -> None:
    frame = load_bars(declared(name))
    assert len(frame) == rows
    assert tuple(frame.columns[:6]) == (TIME, *BAR_NUMBERS)


def test_splits_are_gone_from_loaded_bars(declared: Callable[[str], CsvBars]) -> None:
    frame = load_bars(declared("aapl_1d"))
    assert frame["close"].iloc[-1] == pytest.approx(56.137353095488)
    assert (frame["close"] / frame["close"].shift()).min() == pytest.approx(1 - 0.5187, abs=1e-4)


def test_what_no_declared_repair_takes_away_is_refused(dirty: Dirty) -> None:
    config = dirty("aapl_1d", lambda rows: [*rows, rows[-1]])
    with pytest.raises(InputError, match=r"row 3271: expected every bar later than the one before, got 2013-03-01T00:00:00Z twice"):
        load_bars(config)
    assert len(load_bars(msgspec.structs.replace(config, repairs=Repairs(drop_duplicates=True)))) == 3270
