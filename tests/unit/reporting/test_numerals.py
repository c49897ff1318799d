from __future__ import annotations

import datetime as dt

import pytest

from bot_core.reporting.numerals import count, figure, interval, moment, p_value, parse_time, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345.678, "12,346"),
        (11.0441, "11.04"),
        (-0.0123456, "\u22120.01235"),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-9, "1.000e\u221209"),
        (float("nan"), "\u2013"),
        (None, "\u2013"),
    ],
)
def test_figures_carry_four_significant_digits(value: float | None, text: str) -> None:
    assert figure(value) == text


def test_a_sign_is_shown_where_asked() -> None:
    assert [figure(value, digits=3, sign=True) for value in (1.5, -1.5, 0.0)] == ["+1.50", "\u22121.50", "0"]
    assert [percent(share, sign=True) for share in (0.27, -0.004, 0.0)] == ["+27.0\u00a0%", "\u22120.4\u00a0%", "0.0\u00a0%"]


def test_counts_are_whole_and_grouped() -> None:
    assert (count(12345), count(914.6), count(None)) == ("12,345", "915", "\u2013")


def test_shares_that_round_to_zero_have_no_sign() -> None:
    assert percent(-0.00001, sign=True) == "0.0\u00a0%"
    assert percent(None) == "\u2013"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0314159, "0.031"), (3e-9, "< 0.0001"), (0.9955, "> 0.99"), (1.0, "> 0.99"), (0.987, "0.99")]
)
def test_p_values_claim_no_more_than_four_decimals(value: float, text: str) -> None:
    assert p_value(value) == text


def test_times_are_utc_and_short() -> None:
    assert moment("2017-01-01T22:00:00Z") == "2017-01-01 22:00"
    assert moment("2017-01-01T00:00:00+02:00") == "2016-12-31 22:00"
    assert moment("2000-03-01") == "2000-03-01"
    assert moment("row 17") == "row 17"
    assert parse_time("2000-03-01") == dt.datetime(2000, 3, 1, tzinfo=dt.UTC)


def test_an_interval_has_one_unit() -> None:
    assert interval(0.4901, 0.53) == "49.0\u201353.0\u00a0%"
    assert interval(None, 0.53) == "\u2013"
