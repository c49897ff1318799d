from __future__ import annotations

import datetime as dt
import subprocess
import sys
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.ai.occurrences import Rhythm, declared
from bot_core.config.schedule import ScheduleConfig
from bot_core.errors import ConfigError

WARSAW, NEW_YORK = "Europe/Warsaw", "America/New_York"
DAY = dt.timedelta(days=1)
HEAVY = {"pandas", "numpy", "exchange_calendars"}


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def times(rhythm: Rhythm, after: str, count: int) -> list[str]:
    found, time = [], utc(after)
    for _ in range(count):
        time = rhythm.after(time)
        found.append(f"{time:%Y-%m-%dT%H:%M}")
    return found


# --- daylight changes ---


@pytest.mark.parametrize(
    ("zone", "line", "after", "expected"),
    [
        # Warsaw, 29 March: 02:00 becomes 03:00, so 02:30 is left out, and due when the clock has jumped
        (WARSAW, "30 2 * * *", "2026-03-28T02:00", ["2026-03-29T01:00", "2026-03-30T00:30", "2026-03-31T00:30"]),
        # Warsaw, 25 October: 03:00 becomes 02:00, so 02:30 comes twice, and only the first counts
        (WARSAW, "30 2 * * *", "2026-10-24T02:00", ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"]),
        # New York, 8 March: 02:00 becomes 03:00
        (NEW_YORK, "30 2 * * *", "2026-03-07T08:00", ["2026-03-08T07:00", "2026-03-09T06:30", "2026-03-10T06:30"]),
        # New York, 1 November: 02:00 becomes 01:00; 02:30 comes once, after the change, and 01:30 twice
        (NEW_YORK, "30 2 * * *", "2026-10-31T08:00", ["2026-11-01T07:30", "2026-11-02T07:30", "2026-11-03T07:30"]),
        (NEW_YORK, "30 1 * * *", "2026-10-31T08:00", ["2026-11-01T05:30", "2026-11-02T06:30", "2026-11-03T06:30"]),
    ],
)
def test_a_daylight_change_neither_doubles_a_time_nor_drops_one(zone: str, line: str, after: str, expected: list[str]) -> None:
    assert times(Rhythm(cron=line, timezone=zone), after, 3) == expected


@pytest.mark.parametrize("minutes", range(0, 150, 10))
def test_a_run_that_ends_within_the_repeated_hour_is_not_wanted_again_in_it(minutes: int) -> None:
    ended = utc("2026-10-25T00:30") + dt.timedelta(minutes=minutes)
    assert Rhythm(cron="30 2 * * *", timezone=WARSAW).after(ended) == utc("2026-10-26T01:30")


def test_every_hour_that_passes_has_its_own_time() -> None:
    hourly = Rhythm(cron="0 * * * *", timezone=WARSAW)
    assert times(hourly, "2026-10-24T23:30", 4) == [f"2026-10-25T0{hour}:00" for hour in range(4)]
    assert times(hourly, "2026-03-28T23:30", 4) == [f"2026-03-29T0{hour}:00" for hour in range(4)]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([WARSAW, NEW_YORK, "Australia/Lord_Howe", "Asia/Beirut", "UTC"]),
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(0, 366 * 24 * 60),
)
def test_a_daily_time_comes_once_a_day_whatever_the_clock_does(zone: str, minute: int, hour: int, start: int) -> None:
    rhythm = Rhythm(cron=f"{minute} {hour} * * *", timezone=zone)
    time = utc("2026-01-01T00:00") + dt.timedelta(minutes=start)
    days = []
    for _ in range(4):
        following = rhythm.after(time)
        assert following > time
        time = following
        days.append(time.astimezone(ZoneInfo(zone)).date())
    assert [later - earlier for earlier, later in pairwise(days)] == [DAY] * 3


# --- intervals, calendars ---


def test_an_interval_counts_from_the_last_time() -> None:
    weekly = declared(ScheduleConfig(every="7d"))
    assert weekly.after(utc("2026-10-24T02:00")) == utc("2026-10-31T02:00")
    assert weekly.spacing(utc("2026-10-24T02:00")) == 7 * DAY
    assert str(weekly) == "every 7 days"


def test_the_distance_of_the_next_two_times_is_what_a_line_of_cron_has_for_an_interval() -> None:
    weekdays = declared(ScheduleConfig(cron="30 22 * * 1-5", timezone="UTC"))
    assert weekdays.spacing(utc("2026-11-19T00:00")) == DAY
    assert weekdays.spacing(utc("2026-11-20T00:00")) == 3 * DAY
    assert Rhythm(cron="0 0 29 2 *", timezone="UTC").spacing(utc("2026-11-20T00:00")) == 1461 * DAY
    assert str(Rhythm(cron="30 22 * * 5", timezone=NEW_YORK, calendar="fx")) == "30 22 * * 5 America/New_York fx"


def test_days_without_a_session_are_passed_over_by_the_zone_s_own_days() -> None:
    evening = Rhythm(cron="30 22 * * *", timezone=NEW_YORK, calendar="XNYS")
    # Thanksgiving is Thursday the 26th; 22:30 in New York is the next day in UTC
    assert times(evening, "2026-11-24T12:00", 4) == ["2026-11-25T03:30", "2026-11-26T03:30", "2026-11-28T03:30", "2026-12-01T03:30"]


def test_across_the_end_of_a_year() -> None:
    assert times(Rhythm(cron="0 12 * * *", timezone=NEW_YORK, calendar="XNYS"), "2026-12-31T18:00", 1) == ["2027-01-04T17:00"]


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("fx", ["2026-12-24T12:00", "2026-12-25T12:00", "2026-12-28T12:00"]),
        ("24/7", ["2026-12-24T12:00", "2026-12-25T12:00", "2026-12-26T12:00"]),
        (None, ["2026-12-24T12:00", "2026-12-25T12:00", "2026-12-26T12:00"]),
    ],
)
def test_calendars_that_need_no_exchange(calendar: str | None, expected: list[str]) -> None:
    assert times(Rhythm(cron="0 12 * * *", timezone="UTC", calendar=calendar), "2026-12-23T13:00", 3) == expected


def test_only_an_exchange_loads_what_knows_them() -> None:
    program = """
import datetime as dt, sys
from bot_core.ai.occurrences import Rhythm
for calendar in (None, "24/7", "fx"):
    Rhythm(cron="0 12 * * *", timezone="UTC", calendar=calendar).after(dt.datetime.now(dt.UTC))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert HEAVY & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("rhythm", "sentence"),
    [
        (Rhythm(cron="61 * * * *"), "cron: expected minute, hour, day, month and weekday, got '61 * * * *': Bad minute"),
        (Rhythm(cron="0 0 31 2 *"), "cron: expected minute, hour, day, month and weekday, got '0 0 31 2 *': Bad day-of-month"),
        (Rhythm(cron="* * */20 * 1L"), "cron: expected a time within nine years of 2026-11-21, got none of"),
        (Rhythm(cron="0 0 * *"), "schedule: expected five fields of cron"),
        (Rhythm(cron="0 0 * * *", timezone="Mars/Olympus"), "schedule: expected an IANA time zone"),
        (Rhythm(cron="0 0 * * *", calendar="XNYC"), "schedule.calendar: expected one of 24/7, fx, "),
        (
            Rhythm(cron="0 12 * * 6", calendar="fx"),
            "cron: expected a time within nine years of 2026-11-21, got none of 0 12 * * 6 fx",
        ),
    ],
)
def test_what_never_comes_is_an_error_and_no_wait(rhythm: Rhythm, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rhythm.after(utc("2026-11-21T00:00"))
    assert caught.value.message.startswith(sentence)


def test_without_the_library_a_line_of_cron_says_what_is_missing_and_an_interval_counts() -> None:
    program = """
import datetime as dt, sys
sys.modules["cronsim"] = None
from bot_core.ai.occurrences import Rhythm
from bot_core.errors import ConfigError
now = dt.datetime.now(dt.UTC)
assert Rhythm(every=dt.timedelta(days=1)).after(now) > now
try:
    Rhythm(cron="0 0 * * *").after(now)
except ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("schedule: expected cronsim for the line 0 0 * * *, got ")
    assert done.stdout.endswith("(pip install bot-core[train])\n")
