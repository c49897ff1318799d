"""What is to be decided, and the account it is decided for; what is wrong with either; what can be measured on them.

Nothing here raises for a bad value: each becomes a finding. Units: `_bps` basis points, `_ms` milliseconds, `_s` seconds, money in the
account's currency.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Literal, TypeGuard

import msgspec

from bot_core.config.decision import FeaturePolicy, finite, is_amount, is_probability, plain_floats
from bot_core.decision.thresholds import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot_core.decision.thresholds import Limits, Measures

AHEAD_S = 1.0
"""Seconds that another machine's clock may run before ours."""

_EQUITIES = {"daily_loss_pct": "start_of_day_equity", "drawdown_pct": "peak_equity", "position_ratio": "last_equity"}
_ACCOUNT = (*_EQUITIES, "open_positions")
_NO_SIZES: list[float] = []


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


def candidate_findings(candidate: DecisionCandidate, measures: Measures) -> list[Finding]:
    """Say which numbers of a candidate are not finite, negative or out of range; `measures` are its own."""
    found = []
    if isinstance(notional := measures["trade_notional"], Finding):
        found.append(notional)
    if not finite(candidate.expected_return_bps):
        found.append(_invalid("expected_return_invalid", "expected_return_bps", candidate.expected_return_bps))
    if not is_probability(candidate.expected_probability):
        found.append(_invalid("expected_probability_invalid", "expected_probability", candidate.expected_probability))
    if isinstance(latency := measures["latency_ms"], Finding) and candidate.latency_ms is not None:
        found.append(latency)
    return found


def notional_of(candidate: DecisionCandidate) -> float | Finding:
    """Return the notional, or the finding that it is none."""
    value = candidate.notional
    return value if is_amount(value) else _invalid("notional_invalid", "notional", value)


def latency_of(candidate: DecisionCandidate) -> float | Finding:
    """Return the latency, or the finding why there is none."""
    if candidate.latency_ms is None:
        return Finding("latency_missing", "latency_ms")
    if not is_amount(candidate.latency_ms):
        return _invalid("latency_invalid", "latency_ms", candidate.latency_ms)
    return candidate.latency_ms


def _invalid(code: str, measure: str, value: object) -> Finding:
    return Finding(code, measure, value if finite(value) else None)


# --- its features -------------------------------------------------------------------------------------------------------------------


def features_of(candidate: DecisionCandidate) -> Mapping[str, object] | None:
    """Return the features a candidate carries; nothing where it carries none."""
    metadata: object = candidate.metadata
    if not isinstance(metadata, dict):
        return None
    for key in ("model_features", "features"):
        if isinstance(found := metadata.get(key), dict):
            return found
    nested = metadata.get("decision_engine")
    found = nested.get("features") if isinstance(nested, dict) else None
    return found if isinstance(found, dict) else None


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
    if _fits(given, names):  # nearly always
        return dict(given), []
    vector: dict[str, float] = {}
    findings: list[Finding] = []
    for name in names:
        value = given.get(name)
        told = value if type(value) is float and value - value == 0.0 else _feature(name, value, policy)
        if isinstance(told, Finding):
            findings.append(told)
        else:
            vector[name] = told
    return vector, [*_unknown(given, names, policy), *findings]


def _fits(given: Mapping[str, object], names: Sequence[str]) -> TypeGuard[Mapping[str, float]]:
    return [*given] == [*names] and plain_floats(given.values())


def _unknown(given: Mapping[str, object], names: Sequence[str], policy: FeaturePolicy) -> list[Finding]:
    if policy.unknown != "reject" or given.keys() <= (known := frozenset(names)):
        return []
    return [Finding("feature_unknown", name) for name in sorted(str(name) for name in given if name not in known)]


def _feature(name: str, value: object, policy: FeaturePolicy) -> float | Finding:
    if finite(value):
        return float(value)
    if value is None:
        return math.nan if policy.missing == "nan" else Finding("feature_missing", name)
    told = policy.non_finite == "nan" and isinstance(value, float)
    return math.nan if told else Finding("feature_not_finite", name)


# --- the account --------------------------------------------------------------------------------------------------------------------


def snapshot_findings(
    snapshot: RiskSnapshot | None, now: dt.datetime, max_age_s: float, measures: Measures | None = None
) -> list[Finding]:
    """Say why a snapshot cannot be trusted, and whether it forbids everything.

    Args:
        snapshot: an account at a moment; none is a finding.
        now: the present, with its time zone.
        max_age_s: how old it may be, seconds.
        measures: those on this snapshot, where they have been taken already.
    """
    measures = _account("", 0.0, snapshot) if measures is None else measures
    found = []
    for name in _ACCOUNT:
        if isinstance(value := measures[name], Finding):
            found.append(value)  # noqa: PERF401  # a comprehension is a call of its own
    if snapshot is None:
        return found
    if (timing := _timing(snapshot.taken_at, now, max_age_s)) is not None:
        found.append(timing)
    if snapshot.force_liquidation is not False:
        found.append(Finding("force_liquidation_active", "force_liquidation"))
    return found


def _timing(taken_at: dt.datetime | None, now: dt.datetime, max_age_s: float) -> Finding | None:
    if not (_dated(taken_at) and _dated(now)):
        return Finding("risk_snapshot_undated", "snapshot_age_s")
    age = (now - taken_at).total_seconds()
    if age > max_age_s:
        return Finding("risk_snapshot_stale", "snapshot_age_s", age, max_age_s)
    return Finding("risk_snapshot_ahead", "snapshot_age_s", age, -AHEAD_S) if age < -AHEAD_S else None


def _dated(moment: dt.datetime | None) -> TypeGuard[dt.datetime]:
    return moment is not None and (moment.tzinfo is dt.UTC or moment.utcoffset() is not None)


def measures_of(candidate: DecisionCandidate, snapshot: RiskSnapshot | None) -> dict[str, float | Finding]:
    """Measure the candidate, and the account as it would be with it.

    daily_loss_pct = -realised P&L / equity at the start of the day; drawdown_pct = (peak - last equity) / peak;
    position_ratio = (Σ |notional| + the candidate's) / last equity; open_positions: with the candidate's symbol. Shares, and a count.
    What cannot be measured is the finding that says why.
    """
    size, latency = candidate.notional, candidate.latency_ms  # looked at in place: nearly all are sound
    notional = size if type(size) is float and 0.0 <= size < math.inf else notional_of(candidate)
    measures = _account(candidate.symbol, notional, snapshot)
    measures["latency_ms"] = latency if type(latency) is float and 0.0 <= latency < math.inf else latency_of(candidate)
    measures["trade_notional"] = notional
    return measures


def _account(symbol: str, notional: float | Finding, snapshot: RiskSnapshot | None) -> dict[str, float | Finding]:
    if snapshot is None:
        return dict.fromkeys(_ACCOUNT, Finding("risk_snapshot_missing", "risk_snapshot"))
    start, peak, last, pnl = snapshot.start_of_day_equity, snapshot.peak_equity, snapshot.last_equity, snapshot.daily_realized_pnl
    sizes = _sizes(snapshot) if snapshot.positions else _NO_SIZES
    # the quick question first: where a sum of floats is finite, all of them are
    plain = type(start) is type(peak) is type(last) is type(pnl) is float and plain_floats(sizes)
    if not (plain and -math.inf < start + peak + last + pnl < math.inf) and not all(map(finite, (start, peak, last, pnl, *sizes))):
        return _unsound(snapshot)
    held = symbol in snapshot.positions and snapshot.positions[symbol].notional != 0.0
    return {
        "daily_loss_pct": -pnl / start if start > 0.0 else _no_equity("start_of_day_equity", start),
        "drawdown_pct": (peak - last) / peak if peak > 0.0 else _no_equity("peak_equity", peak),
        "position_ratio": _ratio(sizes, notional, last) if last > 0.0 else _no_equity("last_equity", last),
        "open_positions": len(sizes) - sizes.count(0.0) + (not held),
    }


def _ratio(sizes: list[float], notional: float | Finding, equity: float) -> float | Finding:
    return notional if isinstance(notional, Finding) else (sum(map(abs, sizes), 0.0) + notional) / equity


def _unsound(snapshot: RiskSnapshot) -> dict[str, float | Finding]:
    """Measure nothing on numbers of which one is none, but tell of an equity that is not positive all the same."""
    found: dict[str, float | Finding] = dict.fromkeys(_ACCOUNT, Finding("risk_snapshot_invalid", "risk_snapshot"))
    for measure, equity in _EQUITIES.items():
        if finite(value := getattr(snapshot, equity)) and value <= 0.0:
            found[measure] = _no_equity(equity, value)
    return found


def _no_equity(name: str, value: float) -> Finding:
    return Finding("equity_not_positive", name, value)


def _sizes(snapshot: RiskSnapshot) -> list[float]:
    return [position.notional for position in snapshot.positions.values()]


def _gross(snapshot: RiskSnapshot) -> float:
    return sum(map(abs, _sizes(snapshot)), 0.0)  # of floats, which end at infinity: integers are unbounded, and then no float


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
