"""Laws of purging: windows never overlap, never look ahead, whatever the label lengths."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.ai.windows import WalkForwardPlan, walk_forward_windows
from bot_core.errors import DatasetError


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.integers(0, 50), min_size=200, max_size=400),
    lengths=st.lists(st.integers(1, 200), min_size=400, max_size=400),
    windows=st.integers(2, 12),
    embargo=st.integers(0, 100),
    rolling=st.booleans(),
)
def test_no_training_label_reaches_into_its_test_window(
    steps: list[int], lengths: list[int], windows: int, embargo: int, *, rolling: bool
) -> None:
    times = np.cumsum(steps).astype("datetime64[s]")
    ends = times + np.array(lengths[: len(steps)]).astype("timedelta64[s]")
    gap = np.timedelta64(embargo, "s")
    try:
        found = walk_forward_windows(times, ends, WalkForwardPlan(windows, gap, "rolling" if rolling else "expanding", 0.5))
    except DatasetError:
        return
    assert len(found) == windows
    tested = np.concatenate([w.test for w in found])
    assert len(set(tested.tolist())) == len(tested)
    for window in found:
        first = times[window.test[0]]
        assert (ends[window.train] < first - gap).all()
        assert (times[window.train] < first).all()
        assert window.train.max() < window.test.min()
