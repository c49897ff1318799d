from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec.structs import replace

from bot_core._parse import decode_json
from bot_core.decision.costs import CostReport, KnownCost, cost_of
from bot_core.decision.thresholds import Finding
from bot_core.errors import DocumentError
from tests.unit.decision.conftest import CANDIDATE, CONFIG

REPORT = b"""{
  "strategies": {"trend": {"profiles": {"balanced": {"cost_bps": 2.0}}, "total": {"cost_bps": 3.0}}},
  "total": {"cost_bps": 4.0}
}"""
PENALTY = replace(CONFIG, penalty_cost_bps=5.0)


@pytest.mark.parametrize(
    ("candidate", "bps", "source"),
    [
        ({"cost_bps_override": 1.0}, 1.0, "override"),
        ({"cost_bps_override": 0.0}, 0.0, "override"),
        ({}, 2.0, "profile"),
        ({"risk_profile": "bold"}, 3.0, "strategy"),
        ({"strategy": "carry"}, 4.0, "report"),
    ],
)
def test_the_nearest_cost_counts(candidate: dict[str, Any], bps: float, source: str) -> None:
    report = decode_json(REPORT, CostReport, "tco.json")
    wanted = replace(CANDIDATE, **{"cost_bps_override": None, **candidate})
    assert cost_of(wanted, report, PENALTY) == KnownCost(bps, source)  # type: ignore[arg-type]  # one of the sources


def test_the_penalty_comes_last_and_only_where_no_cost_is_required() -> None:
    unknown = replace(CANDIDATE, cost_bps_override=None)
    assert cost_of(unknown, CostReport(), PENALTY) == KnownCost(5.0, "penalty")
    required = replace(PENALTY, require_cost_data=True)
    assert cost_of(unknown, CostReport(), required) == KnownCost(Finding("cost_missing", "cost_bps"), None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -5e-324, True])
def test_a_bad_cost_is_not_passed_over_for_a_better_one(value: float) -> None:
    report = decode_json(REPORT, CostReport, "tco.json")
    found = cost_of(replace(CANDIDATE, cost_bps_override=value), report, PENALTY)
    assert isinstance(found.bps, Finding)
    assert (found.bps.code, found.source) == ("cost_invalid", "override")


def test_a_misspelt_report_is_refused() -> None:
    with pytest.raises(DocumentError, match="the unknown key strategy"):
        decode_json(b'{"strategy": {}}', CostReport, "tco.json")
