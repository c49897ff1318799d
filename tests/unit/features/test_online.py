"""One bar at a time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot_core.config.models import ForwardReturn, IndicatorFeature, IndicatorFeatures
from bot_core.errors import InputError
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.indicators.indicator import Bar
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec
from tests.unit.features.conftest import to_bars

if TYPE_CHECKING:
    import pandas as pd

SPEC = FeatureSpec.of(
    IndicatorFeatures(
        features=[
            IndicatorFeature(name="rsi", indicator="rsi", parameters={"period": 5}),
            IndicatorFeature(name="range", indicator="log_range"),
        ]
    )
)


def test_there_is_nothing_while_warming_up_then_the_batchs_rows(daily: pd.DataFrame) -> None:
    frame = daily.head(50)
    stream = OnlineFeatures(SPEC)
    rows = [stream.update(bar) for bar in to_bars(frame)]
    assert rows[:5] == [None] * 5
    dataset = FeatureEngineer(frame).build_dataset(SPEC, ForwardReturn(horizon=1))
    assert rows[5:] == dataset.values.tolist()  # noqa: PD011  # not a frame


@pytest.mark.parametrize(
    "wrong",
    [
        Bar(0.0, float("nan"), 2.0, 1.0, 1.5, 1.0),
        Bar(0.0, 1.0, float("inf"), 1.0, 1.5, 1.0),
        Bar(0.0, 1.0, 2.0, 0.0, 1.5, 1.0),
        Bar(0.0, 1.0, 2.0, 1.0, -1.5, 1.0),
        Bar(0.0, 1.0, 2.0, 1.0, 1.5, -1.0),
        Bar(0.0, 1.0, 2.0, 1.0, 1.5, float("nan")),
    ],
)
def test_a_bar_that_is_not_sound_is_refused_and_leaves_no_trace(wrong: Bar) -> None:
    stream, untouched = OnlineFeatures(SPEC), OnlineFeatures(SPEC)
    good = [Bar(60.0 * step, 1.0, 2.0, 1.0, 1.5 + 0.01 * step, 3.0) for step in range(12)]
    for bar in good[:8]:
        assert stream.update(bar) == untouched.update(bar)
    with pytest.raises(InputError, match="bar: expected finite prices above zero and a volume not below zero, got Bar"):
        stream.update(wrong)
    assert [stream.update(bar) for bar in good[8:]] == [untouched.update(bar) for bar in good[8:]]


def test_the_online_half_imports_nothing_heavy() -> None:
    heavy = "{'numpy', 'pandas', 'numba', 'polars', 'pyarrow'}"
    script = f"import sys, bot_core.features.online, bot_core.features.spec; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
