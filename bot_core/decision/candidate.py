"""What is to be decided, and the account it is decided for; what is wrong with either; what can be measured on them.

Nothing here raises for a bad value: each becomes a finding. Units: `_bps` basis points, `_ms` milliseconds, `_s` seconds, money in the
account's currency.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Literal

import msgspec

from bot_core.config.decision import FeaturePolicy, finite
from bot_core.decision.thresholds import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot_core.decision.thresholds import Limits, Measures

AHEAD_S = 1.0
"""Seconds that another machine's clock may run before ours."""

_FEATURE_KEYS = (("model_features",), ("features",), ("decision_engine", "features"))


class DecisionCandidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proposed action. Its own return and probability are claims: a model's score takes their place.

    `notional` is what the action would add, zero or more. `metadata` carries the features: under `model_features`, `features` or
    `decision_engine.features`, the first that is there.
    """

    strategy: str
    action: str
    risk_profile: str
    symbol: str
    notional: float
    expected_return_bps: float
    expected_probability: float = 1.0
    cost_bps_override: float | None = None
    latency_ms: float | None = None
    metadata: dict[str, object] = {}


class Position(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An open position; its size counts, not its sign or side. One of zero is not open."""

    notional: float
    side: Literal["long", "short"] | None = None


class RiskSnapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account at a moment. Without `taken_at`, a time with its zone, it cannot be trusted."""

    start_of_day_equity: float
    daily_realized_pnl: float
    peak_equity: float
    last_equity: float
    positions: dict[str, Position] = {}
    force_liquidation: bool = False
    taken_at: dt.datetime | None = None


# --- the candidate ------------------------------------------------------------------------------------------------------------------


def candidate_findings(candidate: DecisionCandidate) -> Iterator[Finding]:
    """Say which numbers of a candidate are not finite, negative or out of range."""
    if isinstance(notional := notional_of(candidate), Finding):
        yield notional
    if not finite(candidate.expected_return_bps):
        yield _invalid("expected_return_invalid", "expected_return_bps", candidate.expected_return_bps)
    if not is_probability(candidate.expected_probability):
        yield _invalid("expected_probability_invalid", "expected_probability", candidate.expected_probability)
    if isinstance(latency := latency_of(candidate), Finding) and candidate.latency_ms is not None:
        yield latency


def notional_of(candidate: DecisionCandidate) -> float | Finding:
    """Return the notional, or the finding that it is none."""
    value = candidate.notional
    return value if _not_negative(value) else _invalid("notional_invalid", "notional", value)


def latency_of(candidate: DecisionCandidate) -> float | Finding:
    """Return the latency, or the finding why there is none."""
    if candidate.latency_ms is None:
        return Finding("latency_missing", "latency_ms")
    if not _not_negative(candidate.latency_ms):
        return _invalid("latency_invalid", "latency_ms", candidate.latency_ms)
    return candidate.latency_ms


def is_probability(value: object) -> bool:
    """Say whether a value is a finite number from 0 to 1."""
    return finite(value) and 0.0 <= value <= 1.0


def _not_negative(value: object) -> bool:
    return finite(value) and value >= 0.0


def _invalid(code: str, measure: str, value: object) -> Finding:
    return Finding(code, measure, value if finite(value) else None)


# --- its features -------------------------------------------------------------------------------------------------------------------


def features_of(candidate: DecisionCandidate) -> Mapping[str, object] | None:
    """Return the features a candidate carries; nothing where it carries none."""
    for keys in _FEATURE_KEYS:
        found: object = candidate.metadata
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict):
            return found
    return None


def checked_features(
    given: Mapping[str, object], names: Sequence[str], policy: FeaturePolicy
) -> tuple[dict[str, float], list[Finding]]:
    """Make the vector a model reads, in its order, and say what keeps it from being asked.

    Args:
        given: name → value, as the candidate carries it.
        names: the features the model reads.
        policy: what to do with what does not fit.

    Returns:
        The vector, incomplete where there are findings, and the findings.
    """
    known = frozenset(names)
    unknown = sorted(str(name) for name in given if name not in known) if policy.unknown == "reject" else []
    findings = [Finding("feature_unknown", name) for name in unknown]
    vector: dict[str, float] = {}
    for name in names:
        value = _feature(name, given.get(name), policy)
        if isinstance(value, Finding):
            findings.append(value)
        else:
            vector[name] = value
    return vector, findings


def _feature(name: str, value: object, policy: FeaturePolicy) -> float | Finding:
    if finite(value):
        return float(value)
    if value is None:
        return math.nan if policy.missing == "nan" else Finding("feature_missing", name)
    told = policy.non_finite == "nan" and isinstance(value, float)
    return math.nan if told else Finding("feature_not_finite", name)


# --- the account --------------------------------------------------------------------------------------------------------------------


def snapshot_findings(snapshot: RiskSnapshot | None, now: dt.datetime, max_age_s: float) -> Iterator[Finding]:
    """Say why a snapshot cannot be trusted, and whether it forbids everything."""
    if snapshot is None:
        yield Finding("risk_snapshot_missing", "risk_snapshot")
        return
    if (timing := _timing(snapshot.taken_at, now, max_age_s)) is not None:
        yield timing
    if not _numbers_finite(snapshot):
        yield Finding("risk_snapshot_invalid", "risk_snapshot")
    for name in ("start_of_day_equity", "peak_equity", "last_equity"):
        value = getattr(snapshot, name)
        if finite(value) and value <= 0.0:
            yield Finding("equity_not_positive", name, value)
    if snapshot.force_liquidation is not False:
        yield Finding("force_liquidation_active", "force_liquidation")


def _timing(taken_at: dt.datetime | None, now: dt.datetime, max_age_s: float) -> Finding | None:
    if taken_at is None or taken_at.utcoffset() is None or now.utcoffset() is None:
        return Finding("risk_snapshot_undated", "snapshot_age_s")
    age = (now - taken_at).total_seconds()
    if age > max_age_s:
        return Finding("risk_snapshot_stale", "snapshot_age_s", age, max_age_s)
    return Finding("risk_snapshot_ahead", "snapshot_age_s", age, -AHEAD_S) if age < -AHEAD_S else None


def _numbers_finite(snapshot: RiskSnapshot) -> bool:
    own = (snapshot.start_of_day_equity, snapshot.daily_realized_pnl, snapshot.peak_equity, snapshot.last_equity)
    return all(map(finite, (*own, *[position.notional for position in snapshot.positions.values()])))


def measures_of(candidate: DecisionCandidate, snapshot: RiskSnapshot | None) -> Measures:
    """Measure the candidate, and the account as it would be with it.

    daily_loss_pct = -realised P&L / equity at the start of the day; drawdown_pct = (peak - last equity) / peak;
    position_ratio = (Σ |notional| + the candidate's) / last equity; open_positions: with the candidate's symbol. Shares, and a count.
    What cannot be measured is the finding that says why.
    """
    notional = notional_of(candidate)
    return {"latency_ms": latency_of(candidate), **_account(candidate.symbol, notional, snapshot), "trade_notional": notional}


def _account(symbol: str, notional: float | Finding, snapshot: RiskSnapshot | None) -> Measures:
    names = ("daily_loss_pct", "drawdown_pct", "position_ratio", "open_positions")
    if snapshot is None:
        return dict.fromkeys(names, Finding("risk_snapshot_missing", "risk_snapshot"))
    if not _numbers_finite(snapshot):
        return dict.fromkeys(names, Finding("risk_snapshot_invalid", "risk_snapshot"))
    held = {name for name, position in snapshot.positions.items() if position.notional != 0.0}
    return {
        "daily_loss_pct": _share(-snapshot.daily_realized_pnl, snapshot, "start_of_day_equity"),
        "drawdown_pct": _share(snapshot.peak_equity - snapshot.last_equity, snapshot, "peak_equity"),
        "position_ratio": notional
        if isinstance(notional, Finding)
        else _share(_gross(snapshot) + notional, snapshot, "last_equity"),
        "open_positions": len(held | {symbol}),
    }


def _share(value: float, snapshot: RiskSnapshot, equity: str) -> float | Finding:
    of: float = getattr(snapshot, equity)
    return value / of if of > 0.0 else Finding("equity_not_positive", equity, of)


def _gross(snapshot: RiskSnapshot) -> float:
    return sum(abs(position.notional) for position in snapshot.positions.values())


def room(snapshot: RiskSnapshot, limits: Limits) -> float:
    """Return the largest notional that `max_position_ratio` and `max_trade_notional` leave, zero or more."""
    gross, equity = _gross(snapshot), snapshot.last_equity
    ratio = limits.get("max_position_ratio", math.inf)
    left = min(ratio * equity - gross, limits.get("max_trade_notional", math.inf))
    while left > 0.0 and (gross + left) / equity > ratio:
        left -= math.ulp(gross + left)  # the product above was rounded up
    return max(left, 0.0) if math.isfinite(left) else 0.0


def with_position(snapshot: RiskSnapshot, candidate: DecisionCandidate) -> RiskSnapshot:
    """Return the account as if the candidate had been filled."""
    held = snapshot.positions.get(candidate.symbol)
    position = Position(notional=candidate.notional + (abs(held.notional) if held else 0.0))
    return msgspec.structs.replace(snapshot, positions={**snapshot.positions, candidate.symbol: position})
