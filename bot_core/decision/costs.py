"""What a candidate would cost, in basis points of its notional, and who says so.

The first that is there counts, and only that: the candidate's own, the strategy's in the candidate's risk profile, the strategy's in
total, the report's in total, and last the configured penalty. A cost that is there but negative or not finite is never passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from bot_core.config.decision import finite, is_amount
from bot_core.decision.thresholds import Finding

if TYPE_CHECKING:
    from bot_core.config.decision import DecisionEngineConfig
    from bot_core.decision.candidate import DecisionCandidate

CostSource = Literal["override", "profile", "strategy", "report", "penalty"]


class Cost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A total cost of ownership, basis points of the notional."""

    cost_bps: float


class StrategyCosts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy's costs: by risk profile, and over all of them."""

    profiles: dict[str, Cost] = {}
    total: Cost | None = None


class CostReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cost report: by strategy, and over all of them."""

    strategies: dict[str, StrategyCosts] = {}
    total: Cost | None = None


class KnownCost(msgspec.Struct, frozen=True, gc=False):
    """A cost in basis points, or the finding why there is none; and where it comes from, if from anywhere."""

    bps: float | Finding
    source: CostSource | None


def cost_of(candidate: DecisionCandidate, report: CostReport, config: DecisionEngineConfig) -> KnownCost:
    """Look a candidate's cost up."""
    if candidate.cost_bps_override is not None:
        return KnownCost(_checked(candidate.cost_bps_override), "override")
    strategy, total = report.strategies.get(candidate.strategy), report.total
    if strategy is not None and (known := _of_strategy(strategy, candidate.risk_profile)) is not None:
        return known
    if total is not None and total.cost_bps is not None:
        return KnownCost(_checked(total.cost_bps), "report")
    if config.require_cost_data:
        return KnownCost(Finding("cost_missing", "cost_bps"), None)
    return KnownCost(_checked(config.penalty_cost_bps), "penalty")


def _of_strategy(strategy: StrategyCosts, profile: str) -> KnownCost | None:
    pairs: tuple[tuple[CostSource, Cost | None], ...] = (("profile", strategy.profiles.get(profile)), ("strategy", strategy.total))
    for source, cost in pairs:
        if cost is not None and cost.cost_bps is not None:
            return KnownCost(_checked(cost.cost_bps), source)
    return None


def _checked(bps: float) -> float | Finding:
    if is_amount(bps):
        return bps
    return Finding("cost_invalid", "cost_bps", bps if finite(bps) else None)
