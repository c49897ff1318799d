from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.reporting.drift_pictures import heat_picture
from bot_core.reporting.pictures import importance_picture, pictures, reliability_picture, wilson
from bot_core.reporting.window_pictures import error_picture, pnl_picture

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence
    from tests.unit.reporting.conftest import Builder


def test_pictures_come_in_reading_order(evidence: Evidence) -> None:
    assert list(pictures(evidence)) == ["error", "pnl", "reliability", "importance", "drift", "shapes", "timeline"]


def test_windows_that_lose_are_drawn_in_another_colour(build: Builder) -> None:
    better = error_picture(build.evidence(skill=0.27))
    worse = error_picture(build.evidence(skill=-0.27))
    assert _bars(worse.wide, "worse") == 12
    assert _bars(better.wide, "worse") == 0
    assert "in 12 of 12 windows" in better.alt
    assert "in 0 of 12 windows" in worse.alt


def test_profit_is_drawn_only_where_there_is_a_payoff(build: Builder, evidence: Evidence) -> None:
    assert pnl_picture(build.evidence(payoff=False)) is None
    drawn = pnl_picture(evidence)
    assert drawn is not None
    assert "profit after costs is above zero in 3 of 12 windows" in drawn.alt


def test_the_largest_importances_are_drawn_and_the_rest_summed(build: Builder) -> None:
    drawn = importance_picture(build.evidence(features=[f"f{i:02}" for i in range(40)]))
    assert drawn is not None
    assert drawn.narrow.count("</text>") == 32
    assert "25 others" in drawn.narrow


def test_the_heat_map_says_which_features_drifted(evidence: Evidence) -> None:
    drawn = heat_picture(evidence)
    assert drawn.alt.endswith("2 drifted: return_1, return_4.")
    assert re.findall(r">(\d\.\d\d)</text>", drawn.narrow)[:3] == ["1.70", "1.36", "1.87"]


def test_a_threshold_of_zero_is_no_division(evidence: Evidence) -> None:
    first = evidence.drift.features[0]
    none = msgspec.structs.replace(first, psi=msgspec.structs.replace(first.psi, threshold=0.0))
    drift = msgspec.structs.replace(evidence.drift, features=[none])
    assert "&gt; 99</text>" in heat_picture(replace(evidence, drift=drift)).narrow


def test_the_reliability_picture_names_the_bin_furthest_off(evidence: Evidence) -> None:
    drawn = reliability_picture(evidence)
    assert drawn is not None
    assert drawn.alt == (
        "Reliability curve of 5 bins over 5,900 rows; furthest from the line: predicted 75.0\u00a0%, observed 67.3\u00a0%."
    )


def test_the_interval_is_wilsons() -> None:
    assert wilson(0.5, 100) == pytest.approx((0.403832, 0.596168), abs=1e-6)
    assert wilson(0.0, 10)[0] == 0.0
    assert wilson(1.0, 10) == pytest.approx((0.722467, 1.0), abs=1e-6)


def _bars(svg: str, colour: str) -> int:
    """Count the boxes drawn in a colour: each closes its outline once."""
    return sum(path.count("z") for path in re.findall(rf'd="([^"]*)" style="fill: var\(--{colour}\)', svg))
