from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bot_core.data.contracts import BAR_NUMBERS, UTC_TIME, check_bars, check_events
from bot_core.errors import InputError

TIMES = pd.to_datetime(pd.Series(["2020-01-01", "2020-01-02"]), utc=True).astype(UTC_TIME)
GOOD = pd.DataFrame({"time": TIMES, **{name: [1.0, 2.0] for name in BAR_NUMBERS}})
BARS = (
    "x.csv: expected the columns time datetime64[us, UTC], open float64, high float64, low float64, close float64, volume float64, "
    "adjusted_close float64 or none, offset int16 or none; got "
)


def test_good_bars_come_back() -> None:
    assert check_bars(GOOD, "x.csv").equals(GOOD)


@pytest.mark.parametrize(
    ("bad", "got"),
    [
        (
            GOOD.assign(close=[1, 2]),
            "time datetime64[us, UTC], open float64, high float64, low float64, close int64, volume float64",
        ),
        (GOOD.drop(columns="low"), "time datetime64[us, UTC], open float64, high float64, close float64, volume float64"),
        (GOOD[["time", "open"]].assign(extra=1.0), "time datetime64[us, UTC], open float64, extra float64"),
    ],
    ids=["type", "missing", "extra"],
)
def test_other_columns_are_named_beside_the_expected_ones(bad: pd.DataFrame, got: str) -> None:
    with pytest.raises(InputError) as error:
        check_bars(bad, "x.csv")
    assert str(error.value) == BARS + got


def test_a_row_without_a_time_is_named() -> None:
    with pytest.raises(InputError) as error:
        check_bars(GOOD.assign(time=TIMES.where(np.array([True, False]))), "x.csv")
    assert str(error.value) == "x.csv: column time: expected a time in every row, got none in row 2"


def test_events_have_times_a_label_and_numbers() -> None:
    events = pd.DataFrame(
        {"time": TIMES, "label_end": TIMES.where(np.array([True, False])), "label": [1.0, 0.0], "size": [3.0, 4.0]}
    )
    assert check_events(events, "e.csv").equals(events)
    with pytest.raises(InputError, match=r"^e\.csv: expected the columns .*, size float64, .*; got .*, size str$"):
        check_events(events.assign(size=["a", "b"]), "e.csv")
