"""A clock that never goes back."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from bot_core.runtime.clock import SteadyClock

T0 = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


@given(st.lists(st.integers(min_value=-1_000_000, max_value=1_000_000), min_size=1))
def test_whatever_its_source_says_it_never_goes_back(seconds: list[int]) -> None:
    times = [T0 + dt.timedelta(seconds=each) for each in seconds]
    source = iter([T0, *times])
    clock = SteadyClock(lambda: next(source))
    shown = [clock() for _ in times]
    assert shown == sorted(shown)
    assert shown[-1] == max(T0, *times)
    assert all(time >= told for time, told in zip(shown, times, strict=True))


def test_the_present_has_its_zone() -> None:
    assert SteadyClock()().tzinfo is dt.UTC
