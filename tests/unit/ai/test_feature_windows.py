"""Counting from bytes gives what counting one by one gives."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.ai.drift_bins import Bins
from bot_core.ai.drift_statistics import Reference, ordered, psi
from bot_core.ai.feature_windows import FeatureWindow, Tally, Watched, cuts, stability_index
from tests.monitored import NOON, WATCHED

HUGE = sys.float_info.max
ODD = [math.nan, math.inf, -math.inf, HUGE, -HUGE, 0.0, -0.0, 5e-324, -3.0, 3.0, math.nextafter(3.0, 4), math.nextafter(-3.0, -4)]
VALUES = st.one_of(st.floats(), st.floats(-4, 4), st.sampled_from(ODD), st.integers(-5, 5))
NOT_NUMBERS = st.one_of(st.none(), st.text(max_size=3), st.just([1.0]))
COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=12).filter(any)


def window(*features: Watched, may_be_missing: tuple[str, ...] = ()) -> FeatureWindow:
    return FeatureWindow(features or WATCHED, may_be_missing)


def one_by_one(feature: Watched, values: list[object]) -> Tally:
    """Count as anybody would."""
    faults, bins, places = Counter[str](), [0] * len(feature.reference), []
    for place, value in enumerate(values):
        is_number = isinstance(value, (int, float)) and math.isfinite(value)
        number = float(value) if isinstance(value, (int, float)) and is_number else math.nan
        fault = "missing" if not is_number else "below" if number < feature.low else "above" if number > feature.high else ""
        faults[fault] += 1
        places += [place] * bool(fault)
        if is_number:
            bins[sum(edge <= number for edge in feature.edges)] += 1
    first, last = (NOON + dt.timedelta(hours=p) for p in (places[0], places[-1])) if places else (None, None)
    return Tally(faults["missing"], faults["below"], faults["above"], first, last, bins)


@given(
    st.lists(st.tuples(VALUES, st.one_of(VALUES, NOT_NUMBERS), st.booleans()), min_size=1, max_size=30), st.permutations(range(4))
)
def test_counts_are_those_of_counting_one_by_one(rows: list[tuple[float, object, bool]], order: list[int]) -> None:
    taken = window()
    for place, (first, second, there) in enumerate(rows):
        pairs = [("range_1", first), ("other", "ignored"), ("more", math.nan), *([("range_24", second)] if there else [])]
        features = dict(sorted(pairs, key=lambda pair: order[[name for name, _ in pairs].index(pair[0])]))
        assert taken.add(features, NOON + dt.timedelta(hours=place)) == place + 1  # type: ignore[arg-type]  # on purpose: no numbers
    seconds: list[object] = [second if there else None for _, second, there in rows]
    expected = [one_by_one(WATCHED[0], [first for first, _, _ in rows]), one_by_one(WATCHED[1], seconds)]
    assert taken.tallies() == expected
    whole = [
        math.isfinite(a) and isinstance(b, (int, float)) and math.isfinite(b) for (a, *_), b in zip(rows, seconds, strict=True)
    ]
    assert taken.incomplete == len(rows) - sum(whole)
    assert bool(taken.lacking) is not whole[-1]


@given(st.lists(st.floats(-10, 10, allow_nan=False), min_size=3, max_size=60, unique=True), st.integers(2, 8), st.floats(-12, 12))
def test_bins_are_those_of_the_drift_report(reference: list[float], bins: int, value: float) -> None:
    columns = np.sort(np.array([reference]))
    cut = Bins.of(columns, bins)
    edges = tuple(cut.edges_of(0))
    feature = Watched("a", columns[0, 0], columns[0, -1], edges, tuple(int(n) for n in cut.counts[0]), 1.0)
    taken = window(feature)
    for one in [*reference, value]:
        taken.add({"a": one}, NOON)
    (tally,) = taken.tallies()
    assert tally.below + tally.above == (not min(reference) <= value <= max(reference))
    taken.clear()
    for one in reference:
        taken.add({"a": one}, NOON)
    assert tuple(taken.tallies()[0].bins) == feature.reference


@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_the_index_is_the_one_of_the_drift_report(seed: int, rows: int) -> None:
    draw = np.random.default_rng(seed)
    reference, current = draw.normal(size=(400, 1)).round(1), draw.normal(0.5, 2.0, size=(rows, 1)).round(1)
    prepared = Reference.prepare(reference)
    edges, then = tuple(prepared.bins.edges_of(0)), tuple(int(n) for n in prepared.bins.counts[0, : prepared.bins.used[0] + 1])
    taken = window(Watched("a", -9.0, 9.0, edges, then, 1.0))
    for value in current[:, 0].tolist():
        taken.add({"a": value}, NOON)
    (tally,) = taken.tallies()
    assert stability_index(then, tally.bins) == pytest.approx(psi(prepared, ordered(current))[0], rel=1e-9, abs=1e-12)


@given(COUNTS, st.integers(1, 4))
def test_a_reference_against_itself_is_still(reference: list[int], times: int) -> None:
    assert stability_index(reference, reference) == 0.0
    repeated = stability_index(reference, [times * n for n in reference])
    assert 0.0 <= repeated < 1.0 * len(reference) / sum(reference)


@given(COUNTS, COUNTS)
def test_the_index_is_never_below_zero_and_the_same_both_ways(one: list[int], other: list[int]) -> None:
    length = min(len(one), len(other))
    assert stability_index(one[:length], other[:length]) >= 0.0
    assert stability_index(one[:length], other[:length]) == pytest.approx(stability_index(other[:length], one[:length]))


@given(COUNTS, st.integers(0, 10))
def test_the_more_lies_out_of_range_the_higher_the_index(inside: list[int], place: int) -> None:
    reference = [0, *inside, 0]
    fullest = 1 + inside.index(max(inside))
    outer = 0 if place % 2 else len(reference) - 1
    found = []
    for moved in range(min(max(inside), 20) + 1):
        current = list(reference)
        current[fullest] -= moved
        current[outer] += moved
        found.append(stability_index(reference, current))
    assert found == sorted(set(found))


def test_a_feature_may_be_let_through_without_a_number() -> None:
    taken = window(may_be_missing=("range_24",))
    taken.add({"range_1": 0.0}, NOON)
    assert (taken.incomplete, taken.lacking, taken.tallies()[1].missing) == (0, [], 1)
    taken.add({"range_24": 0.0}, NOON)
    assert (taken.incomplete, taken.lacking) == (1, ["range_1"])


def test_numbers_of_other_libraries_count_like_floats() -> None:
    taken = window()
    taken.add({"range_1": np.float64(4.0), "range_24": float(np.float32(0.5))}, NOON)
    taken.add({"range_1": np.float32(4.0), "range_24": "text"}, NOON)  # type: ignore[dict-item]  # on purpose: the slower way
    first, second = taken.tallies()
    assert (first.above, first.missing, second.missing, second.bins) == (2, 0, 1, [0, 0, 1, 0, 0])


def test_a_cleared_window_remembers_nothing() -> None:
    taken = window()
    taken.add({"range_1": math.nan, "range_24": 9.0}, NOON)
    taken.clear()
    assert (len(taken), taken.incomplete) == (0, 0)
    assert taken.add({"range_1": 0.0, "range_24": 0.0}, NOON) == 1
    assert [(tally.missing, tally.above) for tally in taken.tallies()] == [(0, 0), (0, 0)]


def test_all_features_have_as_many_cells() -> None:
    few, many = WATCHED[0], WATCHED[1]._replace(edges=(-3.0, -2.0, -1.0, 0.0, 1.0, HUGE), high=HUGE)
    lines = cuts([few, many])
    assert {len(line) for line in lines} == {8}
    assert all(list(line) == sorted(line) and line[-1] == math.inf for line in lines)
