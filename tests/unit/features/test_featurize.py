"""The door to both ways of making a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from bot_core.config.models import ColumnFeatures, ForwardReturn, IndicatorFeature, IndicatorFeatures, LabelColumn
from bot_core.errors import ConfigError
from bot_core.features.featurize import featurize, spec_digest
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    from bot_core.config.models import FeaturesConfig, TargetConfig

INDICATORS = IndicatorFeatures(features=[IndicatorFeature(name="momentum", indicator="momentum", parameters={"period": 5})])
COLUMNS = ColumnFeatures(columns=["speed"])
LABEL = LabelColumn(task="regression", unit="minutes", description="what comes of it")
EVENTS = pd.DataFrame(
    {"time": pd.to_datetime(["2024-01-01"]), "label_end": pd.to_datetime(["2024-01-02"]), "label": 7.0, "speed": 3.0}
)


def test_bars_and_events_each_become_a_dataset(daily: pd.DataFrame) -> None:
    assert len(featurize(daily, INDICATORS, ForwardReturn(horizon=1))) == len(daily) - 5
    assert featurize(EVENTS, COLUMNS, LABEL).targets.tolist() == [7.0]


def refusal(frame: pd.DataFrame, features: FeaturesConfig, target: TargetConfig) -> str:
    with pytest.raises(ConfigError) as caught:
        featurize(frame, features, target)
    return str(caught.value)


def test_kinds_that_do_not_belong_together_are_refused(daily: pd.DataFrame) -> None:
    bars_only = "forward_return, direction, triple_barrier or range"
    assert (
        refusal(daily, INDICATORS, LABEL) == f"target: expected kind {bars_only} with features of kind indicators, got kind label"
    )
    assert refusal(EVENTS, COLUMNS, ForwardReturn(horizon=1)) == (
        "target: expected kind label with features of kind columns, got kind forward_return"
    )


def test_a_table_of_the_other_kind_is_refused(daily: pd.DataFrame) -> None:
    hint = "(choose features and data of the same kind)"
    assert refusal(EVENTS, INDICATORS, ForwardReturn(horizon=1)) == (
        f"features: kind indicators: expected bars with a column close, got time, label_end, label, speed {hint}"
    )
    assert refusal(daily, COLUMNS, LABEL) == (
        f"features: kind columns: expected events with a column label, got time, open, high, low, close, volume {hint}"
    )


def test_every_kind_of_features_has_a_digest() -> None:
    assert spec_digest(INDICATORS) == FeatureSpec.of(INDICATORS).digest
    assert spec_digest(COLUMNS) != spec_digest(ColumnFeatures(columns=["speed", "busy"]))
