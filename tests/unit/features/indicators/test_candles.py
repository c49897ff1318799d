"""The shape of one bar, on real bars and on one without range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot_core.features.indicators import INDICATORS
from bot_core.features.indicators.indicator import Bar

if TYPE_CHECKING:
    import pandas as pd

    from tests.unit.features.conftest import Compute


def test_body_and_shadows_make_up_the_range(hourly: pd.DataFrame, compute: Compute) -> None:
    parts = [compute(hourly, name) for name in ("body_share", "upper_shadow", "lower_shadow")]
    np.testing.assert_allclose(np.abs(parts[0]) + parts[1] + parts[2], 1.0, rtol=1e-9)


def test_body_share_and_close_position(hourly: pd.DataFrame, compute: Compute) -> None:
    span = hourly["high"] - hourly["low"]
    np.testing.assert_allclose(compute(hourly, "body_share"), (hourly["close"] - hourly["open"]) / span, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(compute(hourly, "close_position"), (hourly["close"] - hourly["low"]) / span, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "expected"), [("body_share", 0.0), ("upper_shadow", 0.0), ("lower_shadow", 0.0), ("close_position", 0.5)]
)
def test_a_bar_without_range_has_the_neutral_value(name: str, expected: float) -> None:
    assert INDICATORS[name].update([], Bar(0.0, 7.0, 7.0, 7.0, 7.0, 1.0)) == expected
