"""Laws of features: the batch and the stream are one, to the last bit; the future changes nothing that was known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.config.models import Direction, ForwardReturn, IndicatorFeature, IndicatorFeatures, NextRange, TripleBarrier
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.indicators import INDICATORS
from bot_core.features.indicators.indicator import Bar, Parameter
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.features.dataset import FeatureDataset

Moves = list[tuple[float, float, float, float, float]]
LONGEST = 12

shares = st.one_of(st.just(0.0), st.floats(0.0, 0.1))
moves = st.one_of(st.just(0.0), st.floats(-0.2, 0.2), st.sampled_from([-0.99, 3.0, 1000.0]))
volumes = st.one_of(st.just(0.0), st.floats(0.0, 1e9), st.sampled_from([1e-9, 1e15]))
histories = st.lists(st.tuples(moves, moves, shares, shares, volumes), min_size=45, max_size=90)


def to_frame(history: Moves) -> pd.DataFrame:
    """Chain moves into bars; a price never leaves what doubles can carry through products of prices."""
    close, rows = 100.0, []
    for gap, move, above, below, volume in history:
        open_ = min(max(close * (1.0 + gap), 1e-6), 1e9)
        close = min(max(open_ * (1.0 + move), 1e-6), 1e9)
        rows.append((open_, max(open_, close) * (1.0 + above), min(open_, close) * (1.0 - below), close, volume))
    frame = pd.DataFrame(rows, columns=["open", "high", "low", "close", "volume"])
    frame.insert(0, "time", pd.date_range("2023-12-29", periods=len(rows), freq="37min", tz="UTC", unit="us"))
    return frame


@st.composite
def specs(draw: st.DrawFn) -> FeatureSpec:
    """All indicators, with random parameters."""
    return FeatureSpec.of(IndicatorFeatures(features=[draw(features(name)) for name in INDICATORS]))


@st.composite
def features(draw: st.DrawFn, name: str) -> IndicatorFeature:
    indicator = INDICATORS[name]
    values = {parameter.name: draw(numbers(parameter)) for parameter in indicator.parameters}
    if indicator.ascending:
        values["slow"] = values["fast"] + 1.0 + values["slow"] % 5.0
    return IndicatorFeature(name=name, indicator=name, parameters=values)


def numbers(parameter: Parameter) -> st.SearchStrategy[float]:
    if parameter.whole:
        return st.integers(int(parameter.low), LONGEST).map(float)
    return st.floats(parameter.low, parameter.high)


def stream(frame: pd.DataFrame, spec: FeatureSpec) -> list[list[float]]:
    online = OnlineFeatures(spec)
    seconds = frame["time"].dt.tz_localize(None).to_numpy("datetime64[us]").view(np.int64) / 1e6
    columns = (frame[name].tolist() for name in ("open", "high", "low", "close", "volume"))
    rows = [online.update(Bar(*row)) for row in zip(seconds.tolist(), *columns, strict=True)]
    return [row for row in rows if row is not None]


def table(dataset: FeatureDataset) -> NDArray[np.float64]:
    return dataset.values  # noqa: PD011  # not a frame


def assert_equal_bits(frame: pd.DataFrame, spec: FeatureSpec) -> None:
    batch = table(FeatureEngineer(frame, compile_from=0).build_dataset(spec, ForwardReturn(horizon=1)))
    assert np.isfinite(batch).all()
    online = np.array(stream(frame, spec))
    different = (batch.view(np.int64) != online.view(np.int64)).any(axis=0)
    assert [name for name, wrong in zip(spec.names, different, strict=True) if wrong] == []


@settings(max_examples=40, deadline=None)
@given(history=histories, spec=specs())
def test_batch_features_are_online_features_to_the_last_bit(history: Moves, spec: FeatureSpec) -> None:
    assert_equal_bits(to_frame(history), spec)


@pytest.mark.parametrize("name", ["aapl_1d", "eurusd_1h"])
def test_batch_features_are_online_features_on_real_bars(name: str) -> None:
    frame = pd.read_csv(Path("data") / f"{name}.csv").drop(columns="adjusted_close", errors="ignore")
    frame["time"] = pd.to_datetime(frame["time"], utc=True).astype("datetime64[us, UTC]")
    spec = FeatureSpec.of(IndicatorFeatures(features=[IndicatorFeature(name=key, indicator=key) for key in INDICATORS]))
    assert_equal_bits(frame.astype({"volume": np.float64}), spec)


SOME = FeatureSpec.of(
    IndicatorFeatures(
        features=[
            IndicatorFeature(name=name, indicator=name, parameters={"period": 5})
            for name in ("momentum", "rsi", "adx", "stochastic_k", "parkinson", "money_flow_index", "donchian_position", "aroon")
        ]
    )
)
TARGETS = [ForwardReturn(horizon=3), Direction(horizon=2), NextRange(horizon=4), TripleBarrier(horizon=5, volatility_window=4)]


@settings(max_examples=40, deadline=None)
@given(history=histories, other=histories, cut=st.integers(20, 40), target=st.sampled_from(TARGETS))
def test_another_future_changes_neither_features_nor_known_labels(
    history: Moves, other: Moves, cut: int, target: ForwardReturn | Direction | NextRange | TripleBarrier
) -> None:
    known = FeatureEngineer(to_frame(history[:cut])).build_dataset(SOME, target)
    for future in (history[cut:], other, history[:cut:-1]):
        later = FeatureEngineer(to_frame([*history[:cut], *future])).build_dataset(SOME, target)
        assert table(later)[: len(known)].tobytes() == table(known).tobytes()
        settled = ~np.isnat(known.label_ends)
        assert np.array_equal(later.label_ends[: len(known)][settled], known.label_ends[settled])
        assert later.targets[: len(known)][settled].tobytes() == known.targets[settled].tobytes()
        open_rows = later.label_ends[: len(known)][~settled]
        assert (np.isnat(open_rows) | (open_rows > known.times[-1])).all()
