"""When bars close, against times from the exchange's and the market's own rules."""

from __future__ import annotations

import numpy as np
import pytest

from bot_core.config.models import CsvBars
from bot_core.errors import ConfigError
from bot_core.sentiment.joining_closes import closes


def known(calendar: str, bar: str, *times: str) -> list[str]:
    config = CsvBars(instrument="x", path="data/x.csv", bar=bar, calendar=calendar, as_of="2020-01-01")
    found = closes(np.array(times, dtype="datetime64[us]"), config)
    return [str(time) for time in np.datetime_as_string(found, unit="m")]


def test_around_the_clock_a_bar_closes_a_length_later() -> None:
    assert known("24/7", "1h", "2017-01-02T22:00") == ["2017-01-02T23:00"]
    assert known("24/7", "1d", "2017-01-02") == ["2017-01-03T00:00"]
    assert known("fx", "1h", "2017-01-02T22:00") == ["2017-01-02T23:00"]
    assert known("XNYS", "1w", "2017-01-02") == ["2017-01-09T00:00"]
    assert known("XNYS", "1d") == []


def test_a_day_closes_with_its_session_summer_and_winter() -> None:
    assert known("XNYS", "1d", "2012-07-02", "2012-07-03", "2012-12-03") == [
        "2012-07-02T20:00",
        "2012-07-03T17:00",
        "2012-12-03T21:00",
    ]
    assert known("fx", "1d", "2017-01-02", "2017-07-03") == ["2017-01-02T22:00", "2017-07-03T21:00"]


def test_the_last_bar_of_a_session_closes_with_it() -> None:
    assert known("XNYS", "1h", "2012-12-03T14:30", "2012-12-03T20:30") == ["2012-12-03T15:30", "2012-12-03T21:00"]


def test_a_day_without_a_session_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"expected sessions of XNYS alone, got a bar on 2012-12-25"):
        known("XNYS", "1d", "2012-12-24", "2012-12-25")
    with pytest.raises(ConfigError, match=r"data\.calendar: expected one of .*; got XNYZ"):
        known("XNYZ", "1d", "2012-12-24")
