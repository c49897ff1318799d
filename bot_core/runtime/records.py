"""What the loop records: decisions, fills, shadow scores and guards, as events of the journal. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from bot_core.decision.ports import DecisionEvaluation
from bot_core.features.indicators.indicator import Bar
from bot_core.journal.event import TradingDecisionEvent

if TYPE_CHECKING:
    from bot_core.decision.ports import ModelScore
    from bot_core.runtime.autotrader import Fill, Order


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One decision, whoever made it. `arm`: who did; `action`: what is done; `reasons`: why not, all of them.

    `at`: when it was made; `bar`: on which; `cost_deviation_bps`: by how much trades have cost more than expected so far.
    """

    id: str
    environment: str
    model: str
    version: str | None
    commit: str
    domain: str
    symbol: str
    arm: str
    action: str
    accepted: bool
    is_ready: bool
    reasons: tuple[str, ...]
    risk_profile: str
    notional: float
    bar: Bar
    at: dt.datetime
    features: Mapping[str, float]
    evaluation: DecisionEvaluation | None = None
    cost_deviation_bps: float | None = None
    protective_factor: float = 1.0
    latency_ms: float | None = None


def moment(seconds: float) -> dt.datetime:
    """Return a bar's time as a time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def spelled_moment(seconds: float) -> str:
    """Spell a bar's time, to the second.

    >>> spelled_moment(1514581200.0)
    '2017-12-29T21:00:00Z'
    """
    days, rest = divmod(int(seconds // 1), 86_400)
    return f"{_date(days)}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


@lru_cache(maxsize=64)
def _date(days: int) -> str:
    return (dt.date(1970, 1, 1) + dt.timedelta(days=days)).isoformat()


def decided(decision: Decision) -> TradingDecisionEvent:
    """Record a decision with everything that is needed to make it again."""
    found = decision.evaluation
    facts: dict[str, object] = {
        "model": decision.model,
        "version": decision.version,
        "commit": decision.commit,
        "domain": decision.domain,
        "arm": decision.arm,
        "action": decision.action,
        "is_ready": decision.is_ready,
        "reasons": list(decision.reasons),
        "bar": spelled_moment(decision.bar.time),
        "features": {name: value if math.isfinite(value) else None for name, value in decision.features.items()},
        "cost_deviation_bps": decision.cost_deviation_bps,
        "protective_factor": decision.protective_factor,
    }
    if found is not None:
        facts |= {
            "expected_return_bps": found.model_expected_return_bps,
            "cost_bps": found.cost_bps,
            "net_edge_bps": found.net_edge_bps,
            "outcome": found.outcome,
            "stress_failures": list(found.stress_failures),
            "findings": [f"{finding.code}: {finding.measure}" for finding in found.findings],
        }
    return TradingDecisionEvent(
        event_type="decision",
        timestamp=decision.at,
        environment=decision.environment,
        portfolio=decision.model,
        risk_profile=decision.risk_profile,
        symbol=decision.symbol,
        side=decision.action,
        quantity=decision.notional,
        price=decision.bar.close,
        status="accepted" if decision.accepted else "rejected",
        strategy=decision.model,
        signal_id=decision.id,
        confidence=found.model_success_probability if found else None,
        latency_ms=decision.latency_ms,
        metadata={name: value for name, value in facts.items() if value is not None},
    )


def filled(fill: Fill, environment: str, now: dt.datetime) -> TradingDecisionEvent:
    """Record what became of an order."""
    order = fill.order
    return TradingDecisionEvent(
        event_type="outcome",
        timestamp=now,
        environment=environment,
        portfolio=order.strategy,
        risk_profile=order.risk_profile,
        symbol=order.symbol,
        side="sell" if fill.quantity < 0.0 else "buy",
        quantity=fill.quantity,
        price=fill.price,
        status="exit" if fill.is_exit else "filled",
        strategy=order.strategy,
        signal_id=order.id,
        metadata={
            "bar": f"{fill.at:%Y-%m-%dT%H:%M:%SZ}",
            "reference_price": fill.reference_price,
            "expected_cost_bps": order.expected_cost_bps,
            "realised_cost_bps": fill.realised_cost_bps,
            "cost_deviation_bps": fill.deviation_bps,
            "realised_pnl": fill.realised_pnl,
            "costs": fill.costs,
        },
    )


def cancelled(order: Order, environment: str, now: dt.datetime) -> TradingDecisionEvent:
    """Record that an order will not be filled."""
    return TradingDecisionEvent(
        event_type="outcome",
        timestamp=now,
        environment=environment,
        portfolio=order.strategy,
        risk_profile=order.risk_profile,
        symbol=order.symbol,
        side=order.side,
        status="cancelled",
        strategy=order.strategy,
        signal_id=order.id,
    )


def shadowed(decision: Decision, score: ModelScore) -> TradingDecisionEvent:
    """Record what the model would have said where the rules decided."""
    facts = {"model": decision.model, "version": decision.version, "expected_return_bps": score.expected_return_bps}
    return TradingDecisionEvent(
        event_type="shadow_score",
        timestamp=decision.at,
        environment=decision.environment,
        portfolio=decision.model,
        risk_profile=decision.risk_profile,
        symbol=decision.symbol,
        signal_id=decision.id,
        confidence=score.success_probability,
        metadata={**facts, "bar": spelled_moment(decision.bar.time)},
    )


def guarded(model: str, environment: str, reason: str, now: dt.datetime, facts: Mapping[str, object]) -> TradingDecisionEvent:
    """Record that a guard acted on this machine."""
    return TradingDecisionEvent(
        event_type="guard_trip",
        timestamp=now,
        environment=environment,
        portfolio=model,
        risk_profile="ai-monitoring",
        status=reason,
        metadata={"model": model, **facts},
    )
