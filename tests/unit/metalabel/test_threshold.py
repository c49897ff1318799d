from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.documents.meta_label import Earned
from bot_core.metalabel.threshold import LEAST_SHARE, choose_threshold, earned

P = np.linspace(0.05, 0.95, 100)


def test_it_is_where_acting_pays_most() -> None:
    payoffs = np.where(P >= 0.6, 10.0, -10.0)
    chosen = choose_threshold(P, np.zeros(100), payoffs)
    assert 0.55 <= chosen <= 0.65
    assert choose_threshold(P, np.zeros(100), np.full(100, 3.0)) == P[0]


def test_without_payoffs_it_has_the_best_f1() -> None:
    labels = (P >= 0.6).astype(float)
    assert 0.55 <= choose_threshold(P, labels, None) <= 0.65


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-50, 50)), min_size=10, max_size=60))
def test_at_least_a_tenth_is_acted_on_and_no_other_candidate_pays_more(rows: list[tuple[float, float]]) -> None:
    said, payoffs = np.array([p for p, _ in rows]), np.array([pay for _, pay in rows])
    chosen = choose_threshold(said, np.zeros(len(rows)), payoffs)
    assert (said >= chosen).sum() >= LEAST_SHARE * len(rows) - 1
    assert payoffs[said >= chosen].sum() >= payoffs.sum() - 1e-9


def test_what_was_earned_counts_nothing_where_nothing_was_done() -> None:
    found = earned(np.array([0.2, 0.5, 0.9, 0.5]), 0.5, np.array([-8.0, 4.0, 8.0, -2.0]))
    assert found == Earned(events=4, acted=3, acting_bps=2.5, every_signal_bps=0.5)
    each = earned(np.array([0.2, 0.5]), np.array([0.1, 0.6]), np.array([-8.0, 4.0]))
    assert each.acted == 1
    assert each.acting_bps == pytest.approx(-4.0)
