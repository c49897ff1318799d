"""One bar at a time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.config.models import ForwardReturn, IndicatorFeature, IndicatorFeatures
from bot_core.errors import InputError
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.indicators.indicator import Bar
from bot_core.features.online import FeatureState, OnlineFeatures
from bot_core.features.spec import FeatureSpec
from tests.unit.features.conftest import to_bars

if TYPE_CHECKING:
    import pandas as pd

RANGE = IndicatorFeature(name="range", indicator="log_range")
SPEC = FeatureSpec.of(IndicatorFeatures(features=[IndicatorFeature(name="rsi", indicator="rsi", parameters={"period": 5}), RANGE]))
OTHER = FeatureSpec.of(IndicatorFeatures(features=[IndicatorFeature(name="rsi", indicator="rsi", parameters={"period": 6}), RANGE]))
GOOD = [Bar(60.0 * step, 1.0, 2.0, 1.0, 1.5 + 0.01 * step, 3.0) for step in range(12)]


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
        Bar(float("nan"), 1.0, 2.0, 1.0, 1.5, 1.0),
        Bar(float("-inf"), 1.0, 2.0, 1.0, 1.5, 1.0),
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
    for bar in GOOD[:3]:
        assert stream.update(bar) == untouched.update(bar)
    expected = "bar: expected a finite time, finite prices above zero and a volume not below zero, got Bar"
    with pytest.raises(InputError, match=expected):
        stream.update(wrong)
    assert stream.state() == untouched.state()
    assert [stream.update(bar) for bar in GOOD[3:]] == [untouched.update(bar) for bar in GOOD[3:]]


@pytest.mark.parametrize("taken", [0, 3, 5, 8])
def test_a_restored_stream_goes_on_as_if_it_had_never_stopped(taken: int) -> None:
    stream = OnlineFeatures(SPEC)
    for bar in GOOD[:taken]:
        stream.update(bar)
    stored = msgspec.json.encode(stream.state())
    restored = OnlineFeatures.restore(SPEC, msgspec.json.decode(stored, type=FeatureState))
    assert restored.warming_up == max(5 - taken, 0)
    assert [restored.update(bar) for bar in GOOD[taken:]] == [stream.update(bar) for bar in GOOD[taken:]]
    assert restored.state() == stream.state()


def test_a_restored_stream_shares_nothing_with_the_one_it_goes_on_from() -> None:
    stream = OnlineFeatures(SPEC)
    before = stream.state()
    OnlineFeatures.restore(SPEC, before).update(GOOD[0])
    assert stream.state() == before


def test_a_state_of_another_spec_is_refused() -> None:
    with pytest.raises(InputError, match=f"features: state: expected 88 bytes of {OTHER.digest}, .* got 88 of {SPEC.digest}"):
        OnlineFeatures.restore(OTHER, OnlineFeatures(SPEC).state())


@pytest.mark.parametrize("change", [{"memory": b""}, {"memory": b"\0" * 112}, {"warming_up": -1}, {"warming_up": 6}])
def test_a_state_that_is_not_whole_is_refused(change: dict[str, object]) -> None:
    state = msgspec.structs.replace(OnlineFeatures(SPEC).state(), **change)
    with pytest.raises(InputError, match=r"expected 88 bytes of sha256:\w+, 0 to 5 bars warming up, got .*replay the bars"):
        OnlineFeatures.restore(SPEC, state)


def test_the_online_half_imports_nothing_heavy() -> None:
    heavy = "{'numpy', 'pandas', 'numba', 'polars', 'pyarrow'}"
    script = f"import sys, bot_core.features.online, bot_core.features.spec; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
