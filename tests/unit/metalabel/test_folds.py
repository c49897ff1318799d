from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.errors import DatasetError
from bot_core.metalabel.folds import expanding_folds

HOUR = np.timedelta64(3600, "s")
START = np.datetime64("2026-01-01T00:00:00", "us")
NONE = np.timedelta64(0, "s")


@settings(max_examples=60)
@given(st.integers(1, 6), st.integers(0, 20), st.integers(0, 12), st.integers(0, 2**32 - 1), st.integers(600, 900))
def test_as_many_folds_as_asked_and_nothing_of_a_test_block_is_known(count: int, gap: int, hours: int, seed: int, n: int) -> None:
    draw = np.random.default_rng(seed)
    starts = START + HOUR * np.sort(draw.integers(0, 500, size=n))
    ends = starts + HOUR * draw.integers(0, 9, size=n)
    folds = expanding_folds(starts, ends, count, gap=gap, embargo=HOUR * hours)
    assert len(folds) == count
    tested = np.concatenate([fold.test for fold in folds])
    assert tested.tolist() == list(range(tested[0], n))
    for fold in folds:
        first = starts[fold.test].min()
        assert (ends[fold.train] < first - HOUR * hours).all()
        allowed = [row for row in range(fold.test[0]) if ends[row] < first - HOUR * hours]
        assert fold.train.tolist() == allowed[: len(allowed) - gap]
        assert fold.purged == fold.test[0] - len(fold.train)


def test_the_first_block_only_teaches() -> None:
    starts = START + HOUR * np.arange(600)
    folds = expanding_folds(starts, starts + HOUR, 5, gap=0, embargo=NONE)
    assert [len(fold.test) for fold in folds] == [100] * 5
    assert folds[0].test[0] == 100
    assert [len(fold.train) for fold in folds] == [99, 199, 299, 399, 499]


@pytest.mark.parametrize(
    ("n", "gap", "sentence"), [(150, 0, "expected at least 180 labelled rows for 5 folds, got 150"), (200, 9, "got 23")]
)
def test_too_few_rows_are_refused(n: int, gap: int, sentence: str) -> None:
    starts = START + HOUR * np.arange(n)
    with pytest.raises(DatasetError, match=sentence):
        expanding_folds(starts, starts + HOUR, 5, gap=gap, embargo=NONE)
