"""Laws of the stream: it knows no future, it can stop and go on anywhere, it never grows, and a refused bar was never there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.config.models import ForwardReturn, IndicatorFeature, IndicatorFeatures
from bot_core.errors import InputError
from bot_core.features.columns import as_bars, bar_columns, opening_times
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.indicators import INDICATORS
from bot_core.features.indicators.indicator import Bar
from bot_core.features.online import FeatureState, OnlineFeatures
from bot_core.features.spec import FeatureSpec
from tests.property.test_features import histories, specs, to_frame

if TYPE_CHECKING:
    import pandas as pd

    from tests.property.test_features import Moves

    Row = list[float] | None

EVERY = FeatureSpec.of(IndicatorFeatures(features=[IndicatorFeature(name=name, indicator=name) for name in INDICATORS]))
SHORT = FeatureSpec.of(
    IndicatorFeatures(
        features=[
            IndicatorFeature(name=name, indicator=name, parameters={"period": 5})
            for name in ("momentum", "ema_distance", "rsi", "adx", "parkinson", "obv_slope", "bollinger_width", "aroon")
        ]
    )
)
unsound = st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0, -1.0])
places = st.sampled_from(["open", "high", "low", "close"])


def bars_of(frame: pd.DataFrame) -> list[Bar]:
    return as_bars(bar_columns(frame, opening_times(frame)))


def bits(rows: list[Row]) -> list[bytes | None]:
    return [None if row is None else np.array(row).tobytes() for row in rows]


@settings(max_examples=40, deadline=None)
@given(history=histories, spec=specs(), cut=st.integers(20, 40), data=st.data())
def test_no_order_of_the_bars_to_come_changes_what_was_given(
    history: Moves, spec: FeatureSpec, cut: int, data: st.DataObject
) -> None:
    bars = bars_of(to_frame(history))
    future = data.draw(st.permutations(bars[cut:]))
    known, permuted = OnlineFeatures(spec), OnlineFeatures(spec)
    expected = bits([known.update(bar) for bar in bars[:cut]])
    rows = [permuted.update(bar) for bar in [*bars[:cut], *future]]
    assert bits(rows[:cut]) == expected


@settings(max_examples=40, deadline=None)
@given(history=histories, cut=st.integers(20, 40), data=st.data())
def test_no_order_of_the_bars_to_come_changes_the_batch_up_to_now(history: Moves, cut: int, data: st.DataObject) -> None:
    frame = to_frame(history)
    order = [*range(cut), *data.draw(st.permutations(range(cut, len(frame))))]
    permuted = frame.iloc[order].reset_index(drop=True).assign(time=frame["time"])
    stream = OnlineFeatures(SHORT)
    known = [row for bar in bars_of(frame.head(cut)) if (row := stream.update(bar)) is not None]
    batch = FeatureEngineer(permuted).build_dataset(SHORT, ForwardReturn(horizon=1)).values  # noqa: PD011  # not a frame
    assert batch[: len(known)].tobytes() == np.array(known).tobytes()


@settings(max_examples=40, deadline=None)
@given(history=histories, spec=specs(), cut=st.integers(0, 90))
def test_a_stream_stopped_at_any_bar_goes_on_to_the_last_bit(history: Moves, spec: FeatureSpec, cut: int) -> None:
    bars = bars_of(to_frame(history))
    whole, first = OnlineFeatures(spec), OnlineFeatures(spec)
    expected = bits([whole.update(bar) for bar in bars])
    given_before = bits([first.update(bar) for bar in bars[:cut]])
    stored = msgspec.json.encode(first.state())
    second = OnlineFeatures.restore(spec, msgspec.json.decode(stored, type=FeatureState))
    assert given_before + bits([second.update(bar) for bar in bars[cut:]]) == expected
    assert second.state() == whole.state()


@settings(max_examples=40, deadline=None)
@given(history=histories, spec=specs())
def test_what_a_stream_remembers_never_grows(history: Moves, spec: FeatureSpec) -> None:
    stream = OnlineFeatures(spec)
    fresh = len(stream.state().memory)
    for bar in bars_of(to_frame(history)):
        stream.update(bar)
        assert len(stream.state().memory) == fresh


@settings(max_examples=40, deadline=None)
@given(history=histories, at=st.integers(0, 44), name=places, value=unsound)
def test_a_refused_bar_was_never_there(history: Moves, at: int, name: str, value: float) -> None:
    bars = bars_of(to_frame(history))
    stream, untouched = OnlineFeatures(EVERY), OnlineFeatures(EVERY)
    for bar in bars[:at]:
        stream.update(bar)
        untouched.update(bar)
    with pytest.raises(InputError):
        stream.update(bars[at]._replace(**{name: value}))
    assert stream.state() == untouched.state()
    assert bits([stream.update(bar) for bar in bars[at:]]) == bits([untouched.update(bar) for bar in bars[at:]])


def test_two_streams_of_one_spec_do_not_hear_each_other() -> None:
    bars = [Bar(60.0 * step, 1.0 + step % 5, 9.0, 0.5, 2.0 + step % 7, 1.0 + step) for step in range(200)]
    alone, beside, other = (OnlineFeatures(EVERY) for _ in range(3))
    expected = bits([alone.update(bar) for bar in bars])
    rows = []
    for bar, opposite in zip(bars, reversed(bars), strict=True):
        rows.append(beside.update(bar))
        other.update(opposite)
    assert bits(rows) == expected
