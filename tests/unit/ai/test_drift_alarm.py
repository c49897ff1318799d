from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from bot_core.ai.drift import assess_drift
from bot_core.ai.drift_alarm import Alarm, watched_part
from bot_core.config.models import DriftConfig
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.features.dataset import FeatureDataset

CONFIG = DriftConfig(window=100, replicates=200)


@pytest.mark.parametrize("limits", [{}, {"warning_share": 0.25, "critical_share": 0.75}, {"false_discovery_rate": 0.5}])
def test_it_says_of_every_window_what_the_assessment_says(dataset: Callable[..., FeatureDataset], limits: dict[str, float]) -> None:
    config = msgspec.structs.replace(CONFIG, **limits)
    rows = dataset(1500)
    rows.values[1000:, 0] += np.linspace(0.0, 3.0, 500)
    rows.values[1200:, 1:3] *= 3.0
    reference = rows.rows(slice(0, 800))
    alarm = Alarm.of(reference.values, config.window, config)
    statuses = set()
    for end in range(900, 1501, 100):
        window = rows.rows(slice(end - 100, end))
        report, named = assess_drift(reference, window, config, model="m"), alarm.named(alarm.read(window.values))
        assert (named.tolist(), alarm.status(named)) == ([f.drifted for f in report.features], report.status)
        statuses.add(report.status)
    assert statuses >= {"ok", "critical"}


def test_a_reading_takes_one_feature_from_another_and_stays_as_it_was(dataset: Callable[..., FeatureDataset]) -> None:
    values = dataset(1000).values
    alarm = Alarm.of(values[:800], 100, CONFIG)
    calm, moved = alarm.read(values[900:]), alarm.read(values[900:] + 2.0)
    before = calm.p.copy()
    mixed = calm.taking(2, moved)
    np.testing.assert_array_equal(calm.p, before)
    np.testing.assert_array_equal(mixed.p[:, 2], moved.p[:, 2])
    np.testing.assert_array_equal(mixed.over[:, [0, 1, 3]], calm.over[:, [0, 1, 3]])
    assert alarm.named(mixed).tolist() == [False, False, True, False]


def test_what_is_not_watched_is_left_out_and_what_no_feature_is_says_nothing(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(50)
    part = watched_part(rows, DriftConfig(not_watched=["c", "hour_sin", "a"]))
    assert part.feature_names == ("b", "d")
    np.testing.assert_array_equal(part.values, rows.values[:, [1, 3]])
    assert part.values.flags.c_contiguous
    np.testing.assert_array_equal(part.times, rows.times)
    assert watched_part(rows, DriftConfig(not_watched=[])).feature_names == rows.feature_names


def test_a_model_of_which_nothing_is_watched_is_one_sentence(dataset: Callable[..., FeatureDataset]) -> None:
    with pytest.raises(ConfigError) as caught:
        watched_part(dataset(50), DriftConfig(not_watched=["d", "c", "b", "a", "hour_sin"]))
    assert str(caught.value) == (
        "monitoring.drift.not_watched: expected to leave at least one feature, got all: a, b, c, d "
        "(shorten the list in conf/monitoring/, or under `set:` in params.yaml)"
    )
