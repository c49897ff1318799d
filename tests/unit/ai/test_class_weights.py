from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.ai.class_weights import balanced


def test_both_classes_weigh_the_same_and_a_row_one() -> None:
    labels, weights = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.5, 1.0, 0.5, 0.2])
    np.testing.assert_allclose(balanced(labels, weights), [0.5, 1.0, 0.5, 2.0])


def test_a_lone_class_keeps_its_weights() -> None:
    assert balanced(np.ones(2), np.array([1.0, 3.0])).tolist() == [0.5, 1.5]
    assert balanced(np.zeros(3)).tolist() == [1.0, 1.0, 1.0]


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 10)), min_size=1, max_size=40))
def test_the_mean_weight_is_one_and_the_classes_are_even(rows: list[tuple[bool, float]]) -> None:
    labels, weights = np.array([float(one) for one, _ in rows]), np.array([weight for _, weight in rows])
    found = balanced(labels, weights)
    assert found.mean() == pytest.approx(1.0)
    if 0 < labels.sum() < len(labels):
        assert found[labels == 1].sum() == pytest.approx(found[labels == 0].sum())
