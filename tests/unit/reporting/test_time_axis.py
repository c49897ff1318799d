from __future__ import annotations

import pytest

from bot_core.errors import DocumentError
from bot_core.reporting.time_axis import days, time_ticks


@pytest.mark.parametrize(
    ("first", "last", "at_most", "labels"),
    [
        ("2000-03-01", "2013-03-01", 8, ["2002", "2004", "2006", "2008", "2010", "2012"]),
        ("2017-01-01T22:00:00Z", "2017-12-29T21:00:00Z", 6, ["Mar 2017", "May 2017", "Jul 2017", "Sep 2017", "Nov 2017"]),
        ("2017-01-01", "2017-01-06", 8, ["1 Jan", "2 Jan", "3 Jan", "4 Jan", "5 Jan", "6 Jan"]),
        ("2017-01-01", "2017-01-01", 8, ["1 Jan"]),
    ],
)
def test_ticks_are_round_dates_that_fit(first: str, last: str, at_most: int, labels: list[str]) -> None:
    assert [label for _, label in time_ticks(days(first), days(last), at_most)] == labels


def test_ticks_stay_inside_and_are_few_for_any_span() -> None:
    for length in (0.2, 3, 20, 45, 200, 900, 5000, 30000):
        for at_most in (1, 3, 8):
            ticks = time_ticks(17_000.3, 17_000.3 + length, at_most)
            assert len(ticks) <= at_most
            assert all(17_000.3 <= at <= 17_000.3 + length for at, _ in ticks)


def test_a_time_that_is_none_is_named() -> None:
    with pytest.raises(DocumentError, match=r"^report: expected an ISO time, got 'row 17'$"):
        days("row 17")
