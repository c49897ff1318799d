"""What the loop records: decisions, fills, shadow scores and guards, as events of the journal. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from bot_core.decision.ports import DecisionEvaluation
from bot_core.features.indicators.indicator import Bar
from bot_core.journal.event import Spelled, TradingDecisionEvent, decode, require_finite, require_zone

if TYPE_CHECKING:
    from bot_core.decision.ports import ModelScore
    from bot_core.runtime.autotrader import Fill, Order

_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))  # looked up: formatting three numbers takes as long as all the rest
_encode = msgspec.json.Encoder().encode


class MetaLabelFacts(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Which meta-label model a decision is conditioned on, the version in force for it, if any, and what it said, if it answered."""

    model: str
    version: str | None = None
    probability: float | None = None


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
    meta_label: MetaLabelFacts | None = None


def moment(seconds: float) -> dt.datetime:
    """Return a bar's time as a time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def spelled_moment(seconds: float) -> str:
    """Spell a bar's time, to the second.

    >>> spelled_moment(1514581200.0)
    '2017-12-29T21:00:00Z'
    """
    days, rest = divmod(int(seconds // 1), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{_date(days)}T{_TWO_DIGITS[hours]}:{_TWO_DIGITS[minutes]}:{_TWO_DIGITS[rest]}Z"


@lru_cache(maxsize=64)
def _date(days: int) -> str:
    return (dt.date(1970, 1, 1) + dt.timedelta(days=days)).isoformat()


class _Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a decision's event holds beside the fields that all events have. A feature that is no finite number becomes `null`."""

    model: str
    version: str | None = None
    commit: str
    domain: str
    arm: str
    action: str
    is_ready: bool
    reasons: tuple[str, ...]
    bar: str
    features: Mapping[str, float]
    cost_deviation_bps: float | None = None
    protective_factor: float
    expected_return_bps: float | None = None
    cost_bps: float | None = None
    net_edge_bps: float | None = None
    outcome: str | None = None
    stress_failures: tuple[str, ...] | None = None
    findings: list[str] | None = None
    meta_label: MetaLabelFacts | None = None


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A decision's event, field by field that of `TradingDecisionEvent`: made and encoded in one step, for there is one a decision."""

    event_type: str
    timestamp: dt.datetime
    environment: str
    portfolio: str
    risk_profile: str
    symbol: str
    side: str
    quantity: float
    price: float
    status: str
    strategy: str
    signal_id: str
    confidence: float | None = None
    latency_ms: float | None = None
    metadata: _Facts


def decision_line(decision: Decision) -> Spelled:
    """Record a decision with everything that is needed to make it again, as the line's JSON.

    Raises:
        AuditError: a number that is not finite, or a time without a zone.
    """
    found = decision.evaluation
    confidence = found.model_success_probability if found else None
    require_zone(decision.at)
    require_finite(
        quantity=decision.notional,
        price=decision.bar.close,
        confidence=confidence,
        latency_ms=decision.latency_ms,
        cost_deviation_bps=decision.cost_deviation_bps,
        protective_factor=decision.protective_factor,
        expected_return_bps=found.model_expected_return_bps if found else None,
        cost_bps=found.cost_bps if found else None,
        net_edge_bps=found.net_edge_bps if found else None,
    )
    line = _Line(
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
        confidence=confidence,
        latency_ms=decision.latency_ms,
        metadata=_facts(decision),
    )
    return Spelled(_encode(line))


def decided(decision: Decision) -> TradingDecisionEvent:
    """Record a decision as an event: what reading its line gives."""
    return decode(decision_line(decision))


def _facts(decision: Decision) -> _Facts:
    found = decision.evaluation
    return _Facts(
        model=decision.model,
        version=decision.version,
        commit=decision.commit,
        domain=decision.domain,
        arm=decision.arm,
        action=decision.action,
        is_ready=decision.is_ready,
        reasons=decision.reasons,
        bar=spelled_moment(decision.bar.time),
        features=decision.features,
        cost_deviation_bps=decision.cost_deviation_bps,
        protective_factor=decision.protective_factor,
        expected_return_bps=found.model_expected_return_bps if found else None,
        cost_bps=found.cost_bps if found else None,
        net_edge_bps=found.net_edge_bps if found else None,
        outcome=found.outcome if found else None,
        stress_failures=found.stress_failures if found else None,
        findings=[f"{finding.code}: {finding.measure}" for finding in found.findings] if found else None,
        meta_label=decision.meta_label,
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
