"""Scores beside bars: what counts, by an implementation that reads every score for every bar, and a future that changes nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.errors import ConfigError, InputError
from bot_core.sentiment.joining import FEATURES, Joined, Scores, as_of, join_scores

START = np.datetime64("2017-01-02T00:00", "us")
minutes = st.integers(0, 600)
scores = st.lists(st.tuples(minutes, st.floats(-1, 1)), max_size=25)
quickly = settings(deadline=None, max_examples=60)
spans = st.tuples(st.integers(0, 30), st.integers(31, 200))


def at(minute: int) -> np.datetime64:
    return START + np.timedelta64(minute, "m")


def made(rows: list[tuple[int, float]]) -> Scores:
    ordered = sorted(rows, key=lambda row: row[0])
    return Scores(
        np.array([at(minute) for minute, _ in ordered], dtype="datetime64[us]"),
        np.array([score for _, score in ordered], dtype=float),
    )


def joined(closes: list[int], rows: list[tuple[int, float]], delay: int, age: int) -> Joined:
    moments = np.array([at(minute) for minute in closes], dtype="datetime64[us]")
    return join_scores(moments, made(rows), max_age=np.timedelta64(age, "m"), delay=np.timedelta64(delay, "m"))


@quickly
@given(closes=st.lists(minutes, min_size=1, max_size=12), rows=scores, span=spans)
def test_it_is_what_reading_every_score_for_every_bar_gives(
    closes: list[int], rows: list[tuple[int, float]], span: tuple[int, int]
) -> None:
    delay, age = span
    found = joined(closes, rows, delay, age)
    for place, close in enumerate(closes):
        known = sorted((row for row in rows if row[0] + delay <= close and row[0] >= close - age), key=lambda row: row[0])
        assert found.count[place] == len(known)
        if known:
            assert found.last[place] == known[-1][1]
            assert found.mean[place] == pytest.approx(sum(score for _, score in known) / len(known))
        else:
            assert np.isnan([found.last[place], found.mean[place]]).all()


@quickly
@given(closes=st.lists(minutes, min_size=1, max_size=12), rows=scores, future=scores, span=spans)
def test_nothing_known_later_changes_a_row(
    closes: list[int], rows: list[tuple[int, float]], future: list[tuple[int, float]], span: tuple[int, int]
) -> None:
    delay, age = span
    now = max(closes)
    past = [row for row in rows if row[0] + delay <= now]
    later = [(now - delay + 1 + minute, score) for minute, score in future]
    before = joined(closes, past, delay, age).features()
    for other in (later, later[::-1], [(minute, -score) for minute, score in later], [row for row in rows if row not in past]):
        after = joined(closes, past + other, delay, age).features()
        for left, right in zip(before.values(), after.values(), strict=True):
            np.testing.assert_array_equal(left, right)


@quickly
@given(close=minutes, rows=scores, span=spans)
def test_one_moment_alone_gives_the_same_bits(close: int, rows: list[tuple[int, float]], span: tuple[int, int]) -> None:
    delay, age = (np.timedelta64(minute, "m") for minute in span)
    table = joined([close, 0, 600], rows, *span).features()
    assert as_of(at(close), made(rows), max_age=age, delay=delay) == {name: float(column[0]) for name, column in table.items()}


def test_at_the_edges() -> None:
    found = joined([60, 61, 160, 161], [(60, 0.5)], 1, 100)
    assert found.count.tolist() == [0, 1, 1, 0]  # on its way at 60, known at 61, at 161 older than 100
    assert tuple(found.features()) == FEATURES
    assert [column.tolist() for column in found.features().values()] == [[0, 0.5, 0.5, 0], [0, 0.5, 0.5, 0], [0, 1, 1, 0]]


def test_of_two_at_one_time_the_later_row_is_the_last() -> None:
    frame = pd.DataFrame({"published": [at(50), at(50), at(40)], "score": [0.5, -0.5, 1.0]})
    assert as_of(at(60), Scores.of(frame), max_age=np.timedelta64(100, "m"), delay=np.timedelta64(0, "m")) == dict(
        zip(FEATURES, (-0.5, 1.0 / 3.0, 3.0), strict=True)
    )


@pytest.mark.parametrize(("delay", "age"), [(-1, 60), (60, 60), (61, 60)])
def test_a_delay_that_looks_ahead_or_hides_all_is_refused(delay: int, age: int) -> None:
    with pytest.raises(ConfigError, match="expected 0 <= delay < max_age"):
        joined([60], [(50, 0.5)], delay, age)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"score": [0.1]}), "expected a column published, got score"),
        (pd.DataFrame({"published": ["2017"], "score": [0.1]}), "expected times and numbers"),
        (pd.DataFrame({"published": [at(0)], "score": [1.5]}), "row 1: expected a time and a score from -1 to 1"),
        (pd.DataFrame({"published": [at(0), None], "score": [0.1, 0.2]}), "row 2: expected a time"),
        (pd.DataFrame({"published": [at(0)], "score": [float("nan")]}), "row 1: .* nan"),
    ],
)
def test_a_table_that_is_none_of_scores_is_refused(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Scores.of(frame)
