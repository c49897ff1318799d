"""Hour and weekday against the calendar of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.features.indicators import INDICATORS
from bot_core.features.indicators.indicator import Bar

if TYPE_CHECKING:
    from tests.unit.features.conftest import Compute


def test_the_hour_is_a_point_on_a_circle(hourly: pd.DataFrame, compute: Compute) -> None:
    angle = 2.0 * np.pi * hourly["time"].dt.hour / 24.0
    np.testing.assert_allclose(compute(hourly, "hour_sin"), np.sin(angle), atol=1e-12)
    np.testing.assert_allclose(compute(hourly, "hour_cos"), np.cos(angle), atol=1e-12)


def test_the_weekday_is_a_point_on_a_circle(hourly: pd.DataFrame, compute: Compute) -> None:
    angle = 2.0 * np.pi * hourly["time"].dt.day_of_week / 7.0
    assert hourly["time"].dt.day_of_week.nunique() == 6
    np.testing.assert_allclose(compute(hourly, "weekday_sin"), np.sin(angle), atol=1e-12)
    np.testing.assert_allclose(compute(hourly, "weekday_cos"), np.cos(angle), atol=1e-12)


def test_the_last_second_before_midnight_belongs_to_its_day_also_before_1970() -> None:
    for moment in ("2020-02-29T23:59:59", "1969-12-28T23:59:59"):
        stamp = pd.Timestamp(moment, tz="UTC")
        bar = Bar(stamp.timestamp(), 1.0, 1.0, 1.0, 1.0, 1.0)
        hour, weekday = INDICATORS["hour_cos"], INDICATORS["weekday_sin"]
        assert hour.update(hour.init(), bar) == np.cos(2.0 * np.pi * 1439 / 1440)
        assert weekday.update(weekday.init(), bar) == np.sin(2.0 * np.pi * stamp.day_of_week / 7.0)
