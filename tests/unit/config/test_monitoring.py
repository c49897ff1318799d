from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bot_core._parse import load_yaml, read_bytes
from bot_core.config import models, monitoring
from bot_core.config.models import DriftConfig, FeaturesConfig, IndicatorFeatures


def test_the_groups_are_imported_from_models() -> None:
    groups = [name for name, kind in vars(monitoring).items() if isinstance(kind, type) and kind.__module__ == monitoring.__name__]
    assert len(groups) == 6
    assert all(getattr(models, name) is getattr(monitoring, name) for name in groups)


def test_a_configuration_from_before_there_was_such_a_list_takes_the_clock() -> None:
    assert msgspec.convert({"window": 100}, DriftConfig).not_watched == ["hour_sin", "hour_cos", "weekday_sin", "weekday_cos"]


@pytest.mark.parametrize("given", [{"not_watched": "hour_sin"}, {"not_watched": ["Hour"]}, {"not_watchd": []}, {"window": 20}])
def test_what_no_drift_group_may_say_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, DriftConfig)


@pytest.mark.parametrize("path", sorted(Path("conf/features").glob("*.yaml")), ids=str)
def test_every_function_of_the_clock_in_a_shipped_group_is_left_out(path: Path) -> None:
    features: FeaturesConfig = msgspec.convert(load_yaml(read_bytes(path), str(path)), FeaturesConfig)
    pairs = (
        [(feature.name, feature.indicator) for feature in features.features]
        if isinstance(features, IndicatorFeatures)
        else [(name, name) for name in features.columns]
    )
    clock = {name for name, indicator in pairs if indicator.startswith(("hour_", "weekday_"))}
    assert {name for name, _ in pairs} & set(DriftConfig().not_watched) == clock
    assert len(clock) < len(pairs)
