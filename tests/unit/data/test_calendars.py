from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bot_core.data.calendars import calendar_names, expected_times
from bot_core.data.durations import DAY, SECOND
from bot_core.errors import ConfigError, InputError

HOUR = 3600 * SECOND


def due(calendar: str, first: str, last: str, bar: int) -> list[str]:
    return [str(time)[:16] for time in expected_times(calendar, np.datetime64(first, "us"), np.datetime64(last, "us"), bar)]


@pytest.mark.parametrize("name", ["aapl_1d", "goog_1d", "ibm_1d", "msft_1d"])
def test_new_york_had_exactly_the_sessions_of_the_daily_files(name: str) -> None:
    times = pd.read_csv(f"data/{name}.csv")["time"].to_numpy("datetime64[us]")
    assert expected_times("XNYS", times[0], times[-1], DAY).tolist() == times.tolist()


def test_new_york_was_closed_after_the_eleventh_of_september() -> None:
    assert due("XNYS", "2001-09-10", "2001-09-17", DAY) == ["2001-09-10T00:00", "2001-09-17T00:00"]


def test_fx_has_every_hour_of_the_real_file_and_fifteen_more() -> None:
    times = pd.to_datetime(pd.read_csv("data/eurusd_1h.csv")["time"]).dt.tz_localize(None).to_numpy("datetime64[us]")
    expected = expected_times("fx", times[0], times[-1], HOUR)
    assert (len(times), len(expected)) == (6225, 6240)
    assert np.setdiff1d(times, expected).tolist() == []


def test_fx_opens_an_hour_earlier_in_summer() -> None:
    assert due("fx", "2017-03-03T21:00", "2017-03-06", HOUR)[:2] == ["2017-03-03T21:00", "2017-03-05T22:00"]
    assert due("fx", "2017-03-10T21:00", "2017-03-13", HOUR)[:2] == ["2017-03-10T21:00", "2017-03-12T21:00"]
    assert due("fx", "2017-11-03T20:00", "2017-11-06", HOUR)[:2] == ["2017-11-03T20:00", "2017-11-05T22:00"]


def test_fx_days_are_monday_to_friday() -> None:
    assert due("fx", "2017-12-01", "2017-12-04", DAY) == ["2017-12-01T00:00", "2017-12-04T00:00"]


def test_always_is_every_multiple_of_the_bar() -> None:
    assert due("24/7", "2017-01-01T22:30", "2017-01-02T00:30", HOUR) == ["2017-01-01T23:00", "2017-01-02T00:00"]
    assert due("24/7", "2017-01-07", "2017-01-08", DAY) == ["2017-01-07T00:00", "2017-01-08T00:00"]


def test_bars_of_an_exchange_start_at_its_opening_and_after_lunch() -> None:
    thanksgiving = due("XNYS", "2017-11-22", "2017-11-25", HOUR)
    assert thanksgiving[0] == "2017-11-22T14:30"
    assert [time for time in thanksgiving if time > "2017-11-23"] == [f"2017-11-24T{hour}:30" for hour in (14, 15, 16, 17)]
    assert due("XHKG", "2017-11-22", "2017-11-23", HOUR) == [
        f"2017-11-22T{at}" for at in ("01:30", "02:30", "03:30", "05:00", "06:00", "07:00")
    ]


def test_a_session_that_starts_the_day_before_in_utc_is_whole() -> None:
    assert due("XASX", "2017-11-21T22:00", "2017-11-22T00:30", HOUR) == ["2017-11-21T23:00", "2017-11-22T00:00"]


def test_weeks_follow_each_other_in_every_calendar() -> None:
    assert due("XNYS", "2017-12-01", "2017-12-20", 7 * DAY) == ["2017-12-01T00:00", "2017-12-08T00:00", "2017-12-15T00:00"]


@pytest.mark.parametrize("bar", [DAY, HOUR])
@pytest.mark.parametrize("calendar", ["XNYS", "fx"])
def test_nothing_is_due_on_a_weekend(calendar: str, bar: int) -> None:
    assert due(calendar, "2017-11-25", "2017-11-26T12:00", bar) == []


def test_an_unknown_calendar_is_refused_with_all_names() -> None:
    with pytest.raises(ConfigError) as error:
        due("nyse", "2017-11-25", "2017-11-26", DAY)
    assert str(error.value) == f"data.calendar: expected one of {', '.join(calendar_names())}; got nyse (did you mean XNYS?)"
    assert calendar_names()[:2] == ["24/7", "fx"]


def test_a_calendar_that_does_not_reach_so_far_back_says_so() -> None:
    with pytest.raises(
        ConfigError, match=r"^data\.calendar: expected a calendar from 1984-12-31 to 1985-02-01, got XTKS: The earliest date"
    ):
        due("XTKS", "1985-01-01", "1985-02-01", DAY)


def test_a_wrong_time_does_not_take_all_memory() -> None:
    with pytest.raises(InputError) as error:
        due("24/7", "0217-01-01", "2017-01-01", 60 * SECOND)
    assert str(error.value) == (
        "expected at most 100,000,000 bars by the calendar 24/7, got times from 0217-01-01T00:00:00 to 2017-01-01T00:00:00 "
        "(one of these times, or data.bar, is wrong)"
    )
