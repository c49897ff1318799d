"""One door to both ways of making a dataset: indicators on bars, columns of an event table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core.config.models import ColumnFeatures, IndicatorFeatures, LabelColumn
from bot_core.errors import ConfigError
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.events import build_event_dataset
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.config.models import FeaturesConfig, TargetConfig
    from bot_core.features.dataset import FeatureDataset


def featurize(frame: pd.DataFrame, features: FeaturesConfig, target: TargetConfig) -> FeatureDataset:
    """Compute the dataset that a configuration describes.

    Args:
        frame: clean bars for indicators (see `FeatureEngineer`), an event table for columns (see `build_event_dataset`).
        features: which features.
        target: which target.

    Raises:
        ConfigError: the kinds of features, target and table do not belong together, or a feature is not what its kind allows.
        InputError: the table does not hold what its kind needs.
        DatasetError: too few rows for the warm-up or the horizon.
    """
    if isinstance(features, ColumnFeatures) and isinstance(target, LabelColumn):
        _check_table(frame, "label", "columns")
        return build_event_dataset(frame, features, target)
    if isinstance(features, IndicatorFeatures) and not isinstance(target, LabelColumn):
        _check_table(frame, "close", "indicators")
        return FeatureEngineer(frame).build_dataset(FeatureSpec.of(features), target)
    raise _mismatch(features, target)


def spec_digest(features: FeaturesConfig) -> str:
    """Name a features configuration and, for indicators, the code behind it."""
    if isinstance(features, IndicatorFeatures):
        return FeatureSpec.of(features).digest
    return sha256(msgspec.json.encode(features))


def _check_table(frame: pd.DataFrame, needed: str, kind: str) -> None:
    if needed not in frame.columns:
        table = "events" if needed == "label" else "bars"
        msg = f"features: kind {kind}: expected {table} with a column {needed}, got {', '.join(map(str, frame.columns))}"
        raise ConfigError(msg, hint="choose features and data of the same kind")


def _mismatch(features: FeaturesConfig, target: TargetConfig) -> ConfigError:
    indicators = isinstance(features, IndicatorFeatures)
    expected = "forward_return, direction, triple_barrier or range" if indicators else "label"
    kind = features.__struct_config__.tag
    msg = f"target: expected kind {expected} with features of kind {kind}, got kind {target.__struct_config__.tag}"
    return ConfigError(msg)
