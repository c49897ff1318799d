"""Laws of the drift statistics: what scipy says, for any lengths, ties and constants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance

from bot_core.ai.drift_bins import Bins
from bot_core.ai.drift_statistics import STRIDE, Reference, distances, ordered

WHOLE = st.integers(-20, 20).map(float)
FINE = st.floats(-1e3, 1e3)
SAMPLE = st.one_of(*(st.lists(kind, min_size=2, max_size=3 * STRIDE) for kind in (WHOLE, FINE)))


@settings(max_examples=150, deadline=None)
@given(SAMPLE, SAMPLE)
def test_ks_and_wasserstein_are_those_of_scipy(past: list[float], newest: list[float]) -> None:
    reference = Reference.prepare(np.array(past)[:, None])
    _, ks, area = distances(reference, reference.slabs(len(newest)), np.array(newest)[:, None])[:, 0]
    assert ks == ks_2samp(past, newest, method="asymp").statistic
    assert area * reference.scale[0] == pytest.approx(wasserstein_distance(past, newest), rel=1e-12, abs=1e-12 * 1e3)


@settings(max_examples=100, deadline=None)
@given(SAMPLE, st.integers(2, 30))
def test_bins_hold_every_row_of_the_reference_inside_and_no_other_value(past: list[float], wanted: int) -> None:
    bins = Bins.of(ordered(np.array(past)[:, None]), wanted)
    edges, shares = bins.edges_of(0), bins.shares_of(0, bins.counts)
    assert len(shares) == len(edges) + 1
    assert edges == sorted(set(edges))
    assert edges[0] == min(past)
    assert edges[-1] > max(past)
    assert shares[0] == shares[-1] == 0.0
    assert sum(shares) == pytest.approx(1.0)


@settings(max_examples=100, deadline=None)
@given(SAMPLE, SAMPLE, st.sampled_from([0.25, 2.0, 1024.0]))
def test_no_statistic_knows_the_unit(past: list[float], newest: list[float], unit: float) -> None:
    assume(all(value == 0.0 or abs(value) > 1e-200 for value in (*past, *newest)))  # smaller ones lose digits when a bin is divided
    one, other = Reference.prepare(np.array(past)[:, None]), Reference.prepare(unit * np.array(past)[:, None])
    scaled = distances(other, other.slabs(len(newest)), unit * np.array(newest)[:, None])
    plain = distances(one, one.slabs(len(newest)), np.array(newest)[:, None])
    if len(set(past)) > 1:
        np.testing.assert_allclose(scaled[1:], plain[1:], rtol=1e-9, atol=1e-9)
