"""What the orchestrator's documentation says, once more: step by step, without regard for time.

Each number is looked at where it is needed, each limit by its name. What this shares with the orchestrator are the tables of codes, and
`room`, which has a law of its own.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from bot_core.decision.candidate import room
from bot_core.decision.costs import StrategyCosts
from bot_core.decision.orchestrator import RISK_FLAGS
from bot_core.decision.thresholds import CODES, FAILED, META_LABEL, STRESS_CODES, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bot_core.config.decision import DecisionEngineConfig, DecisionStressTestConfig, FeaturePolicy
    from bot_core.decision.candidate import DecisionCandidate, RiskSnapshot
    from bot_core.decision.costs import CostReport
    from bot_core.decision.ports import ModelScore

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
NAMES = ("a", "b", "c")
META_NAMES = ("side", "b", "primary_prediction")
PIVOT, SCALE = 0.5, 2.0
EQUITIES = {"daily_loss_pct": "start_of_day_equity", "drawdown_pct": "peak_equity", "position_ratio": "last_equity"}
SEVERITY = ("allow", "clamp", "veto", "escalate")


def number(value: Any) -> bool:  # noqa: ANN401  # anything at all
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def within(value: Any, low: float, high: float = math.inf) -> bool:  # noqa: ANN401  # anything at all
    return number(value) and low <= value <= high


def invalid(code: str, measure: str, value: Any) -> Finding:  # noqa: ANN401  # anything at all
    return Finding(code, measure, value if number(value) else None)


def vector_of(features: Any, policy: FeaturePolicy) -> dict[str, float] | list[Finding]:  # noqa: ANN401  # anything at all
    if not isinstance(features, dict):
        return [Finding("features_missing", "features")]
    found = [Finding("feature_unknown", name) for name in sorted(features) if name not in NAMES and policy.unknown == "reject"]
    vector = {}
    for name in NAMES:
        value: Any = features.get(name)
        if number(value):
            vector[name] = float(value)
        elif value is None and policy.missing != "nan":
            found.append(Finding("feature_missing", name))
        elif value is not None and not (policy.non_finite == "nan" and isinstance(value, float)):
            found.append(Finding("feature_not_finite", name))
        else:
            vector[name] = math.nan
    return found or vector


def cost_of(candidate: DecisionCandidate, report: CostReport, config: DecisionEngineConfig) -> tuple[float | Finding, str | None]:
    strategy = report.strategies.get(candidate.strategy, StrategyCosts())
    reported = {"profile": strategy.profiles.get(candidate.risk_profile), "strategy": strategy.total, "report": report.total}
    known = {"override": candidate.cost_bps_override}
    known |= {source: cost.cost_bps for source, cost in reported.items() if cost is not None}
    if not config.require_cost_data:
        known["penalty"] = config.penalty_cost_bps
    for source, bps in known.items():
        if bps is not None:
            return bps if within(bps, 0.0) else invalid("cost_invalid", "cost_bps", bps), source
    return Finding("cost_missing", "cost_bps"), None


def of_candidate(candidate: DecisionCandidate) -> dict[str, float | Finding]:
    notional, latency = candidate.notional, candidate.latency_ms
    return {
        "trade_notional": notional if within(notional, 0.0) else invalid("notional_invalid", "notional", notional),
        "latency_ms": Finding("latency_missing", "latency_ms")
        if latency is None
        else latency
        if within(latency, 0.0)
        else invalid("latency_invalid", "latency_ms", latency),
    }


def of_account(candidate: DecisionCandidate, account: RiskSnapshot | None) -> dict[str, Callable[[], float]] | Finding:
    if account is None:
        return Finding("risk_snapshot_missing", "risk_snapshot")
    sizes = [position.notional for position in account.positions.values()]
    if not all(map(number, (*(getattr(account, name) for name in EQUITIES.values()), account.daily_realized_pnl, *sizes))):
        return Finding("risk_snapshot_invalid", "risk_snapshot")
    held = {name for name, position in account.positions.items() if position.notional != 0.0} | {candidate.symbol}
    return {
        "daily_loss_pct": lambda: -account.daily_realized_pnl / account.start_of_day_equity,
        "drawdown_pct": lambda: (account.peak_equity - account.last_equity) / account.peak_equity,
        "position_ratio": lambda: (sum(abs(size) for size in sizes) + candidate.notional) / account.last_equity,
        "open_positions": lambda: len(held),
    }


def measured(candidate: DecisionCandidate, account: RiskSnapshot | None) -> dict[str, float | Finding]:
    measures, wanted = of_candidate(candidate), of_account(candidate, account)
    for name in (*EQUITIES, "open_positions"):
        equity = getattr(account, EQUITIES.get(name, ""), 1.0)
        if isinstance(wanted, Finding):
            measures[name] = wanted
        elif equity <= 0.0:
            measures[name] = Finding("equity_not_positive", EQUITIES[name], equity)
        elif name == "position_ratio" and isinstance(measures["trade_notional"], Finding):
            measures[name] = measures["trade_notional"]
        else:
            measures[name] = wanted[name]()
    return measures


def judged(limits: Mapping[str, float], measures: Mapping[str, float | Finding]) -> Iterator[Finding]:
    for name, limit in limits.items():
        value = measures[name[4:]]
        if isinstance(value, Finding):
            yield value
        elif not number(value):
            yield Finding(f"{name[4:]}_not_finite", name[4:], None, limit)
        elif (value > limit) if name.startswith("max_") else (value < limit):
            yield Finding(FAILED[name], name[4:], value, limit)


def of_snapshot(account: RiskSnapshot | None, max_age_s: float) -> Iterator[Finding]:
    if account is None:
        return
    if account.taken_at is None or account.taken_at.utcoffset() is None:
        yield Finding("risk_snapshot_undated", "snapshot_age_s")
    elif (age := (NOW - account.taken_at).total_seconds()) > max_age_s:
        yield Finding("risk_snapshot_stale", "snapshot_age_s", age, max_age_s)
    elif age < -1.0:
        yield Finding("risk_snapshot_ahead", "snapshot_age_s", age, -1.0)
    for equity in EQUITIES.values():
        value = getattr(account, equity)
        if number(value) and value <= 0.0:
            yield Finding("equity_not_positive", equity, value)
    if account.force_liquidation is not False:
        yield Finding("force_liquidation_active", "force_liquidation")


def of_claims(candidate: DecisionCandidate) -> Iterator[Finding]:
    claim, probability = candidate.expected_return_bps, candidate.expected_probability
    yield from (
        value for value in of_candidate(candidate).values() if isinstance(value, Finding) and value.code != "latency_missing"
    )
    if not number(claim):
        yield invalid("expected_return_invalid", "expected_return_bps", claim)
    if not within(probability, 0.0, 1.0):
        yield invalid("expected_probability_invalid", "expected_probability", probability)


def stresses(limits: Mapping[str, float], measures: Mapping[str, Any], tests: DecisionStressTestConfig | None) -> tuple[str, ...]:
    if tests is None:
        return ()
    cost, edge, latency = measures["cost_bps"], measures["net_edge_bps"], measures["latency_ms"]
    scenarios: dict[str, dict[str, float]] = {}
    if number(cost) and number(edge):
        for code, dearer in zip(STRESS_CODES[:2], (cost + tests.cost_shock_bps, cost * tests.slippage_multiplier), strict=True):
            scenarios[code] = {"max_cost_bps": dearer, "min_net_edge_bps": edge - (dearer - cost)}
    if number(latency) and "max_latency_ms" in limits:
        scenarios[STRESS_CODES[2]] = {"max_latency_ms": latency + tests.latency_spike_ms}
    return tuple(
        code
        for code, then in scenarios.items()
        if [*judged({name: limits[name] for name in then}, {name[4:]: value for name, value in then.items()})]
    )


def share(limits: Mapping[str, float], measures: Mapping[str, Any]) -> float:
    used = [0.0]
    for name, limit in limits.items():
        value = measures[name[4:]]
        if name.startswith("max_") and not number(value):
            used.append(1.0)
        elif name.startswith("max_") and value > 0.0:
            used.append(min(1.0, value / limit) if limit > 0.0 else 1.0)
    return max(used)


def limits_for(config: DecisionEngineConfig, profile: str, factor: Any) -> dict[str, float]:  # noqa: ANN401  # anything at all
    own = asdict(config.profile_overrides.get(profile, config.orchestrator))
    own |= {"min_probability": config.min_probability, META_LABEL: config.meta_label.min_probability if config.meta_label else None}
    limits = {name: own[name] for name in FAILED}
    shrunk = [name for name in FAILED if name.startswith("max_") and name not in ("max_cost_bps", "max_latency_ms")]
    if within(factor, 0.0, 1.0) and factor != 1.0:
        limits |= {name: limits[name] * factor for name in shrunk if limits[name] is not None}
    return {name: limit for name, limit in limits.items() if limit is not None}


def plainly(
    config: DecisionEngineConfig,
    report: CostReport,
    answer: ModelScore,
    candidate: DecisionCandidate,
    account: RiskSnapshot | None,
    factor: Any,  # noqa: ANN401  # anything at all
    meta: Any = None,  # noqa: ANN401  # anything at all
) -> dict[str, object]:
    """Say what every field of the evaluation must be; `meta`: the meta-label model's answer, `None` where no such model is attached."""
    limits = limits_for(config, candidate.risk_profile, factor)
    unscored = why_unscored(config, answer, candidate)
    cost, source = cost_of(candidate, report, config)
    edge = edge_of(unscored, answer, cost)
    measures = {"probability": unscored[0] if unscored else answer.success_probability, "cost_bps": cost, "net_edge_bps": edge}
    measures |= measured(candidate, account)
    if config.meta_label is not None:
        measures["meta_label_probability"] = unscored[0] if unscored else of_meta(answer, candidate.metadata["features"], meta)
    guards = [] if within(factor, 0.0, 1.0) else [invalid("protective_factor_invalid", "protective_factor", factor)]
    found = {*of_claims(candidate), *unscored, *guards, *of_snapshot(account, config.max_snapshot_age_s), *judged(limits, measures)}
    order = [*CODES, *sorted({finding.code for finding in found} - CODES.keys())]
    reasons = tuple(code for code in order if code in {finding.code for finding in found})
    stress = stresses(limits, measures, config.stress_tests)
    verdict, size = verdict_of(reasons, stress, candidate, account, limits)
    return {
        "candidate": candidate,
        "accepted": verdict == "allow",
        "outcome": verdict,
        "cost_bps": None if isinstance(cost, Finding) else cost,
        "cost_source": source,
        "net_edge_bps": None if isinstance(edge, Finding) else edge,
        "reasons": reasons,
        "risk_flags": tuple(code for code in RISK_FLAGS if code in reasons),
        "stress_failures": stress,
        "findings": tuple(sorted(found, key=lambda finding: (order.index(finding.code), finding.measure))),
        "model_name": "default",
        "model_selection": "default",
        "model_expected_return_bps": None if unscored else answer.expected_return_bps,
        "model_success_probability": None if unscored else answer.success_probability,
        "thresholds_snapshot": limits,
        "recommended_modes": modes(config, reasons, factor),
        "recommended_position_size": size,
        "recommended_risk_score": share(limits, measures),
        "meta_label_probability": found_number(measures.get("meta_label_probability")),
    }


def found_number(value: Any) -> float | None:  # noqa: ANN401  # anything at all
    return None if isinstance(value, Finding) else value


def of_meta(answer: ModelScore, features: Any, meta: Any) -> float | Finding:  # noqa: ANN401  # anything at all
    prediction = answer.prediction
    if meta is None:
        return Finding("meta_label_missing", "meta_label_probability")
    if prediction is None:
        return Finding("meta_label_unasked", "primary_prediction")
    if not number(prediction) or prediction == PIVOT:
        return Finding("meta_label_against", "primary_prediction", prediction if number(prediction) else None, PIVOT)
    if not number(features.get("b")):
        return Finding("meta_label_unfit", "b")
    if not number((prediction - PIVOT) / SCALE):
        return Finding("meta_label_unfit", "primary_prediction")
    found = meta if prediction > PIVOT else Finding("meta_label_against", "primary_prediction", prediction, PIVOT)
    return found if within(meta, 0.0, 1.0) else Finding("meta_label_invalid", "meta_label_probability")


def why_unscored(config: DecisionEngineConfig, answer: ModelScore, candidate: DecisionCandidate) -> list[Finding]:
    vector = vector_of(candidate.metadata.get("features"), config.features)
    if isinstance(vector, list):
        return vector
    good = number(answer.expected_return_bps) and within(answer.success_probability, 0.0, 1.0)
    return [] if good else [Finding("score_invalid", "score")]


def edge_of(unscored: list[Finding], answer: ModelScore, cost: float | Finding) -> float | Finding:
    if unscored:
        return unscored[0]
    return cost if isinstance(cost, Finding) else answer.expected_return_bps * answer.success_probability - cost


def verdict_of(
    reasons: Iterable[str],
    stress: Iterable[str],
    candidate: DecisionCandidate,
    account: RiskSnapshot | None,
    limits: Mapping[str, float],
) -> tuple[str, float]:
    leads_to = {code: CODES[code][0] if code in CODES else "escalate" for code in reasons}
    verdict: str = max([*leads_to.values(), *("veto" for _ in stress)], key=SEVERITY.index, default="allow")
    if verdict == "allow":
        return verdict, candidate.notional
    size = room(account, limits) if verdict == "clamp" and account is not None else 0.0
    return "veto" if verdict == "clamp" and size == 0.0 else verdict, size


def modes(config: DecisionEngineConfig, reasons: Iterable[str], factor: Any) -> tuple[str, ...]:  # noqa: ANN401  # anything at all
    to_rules = {"score_invalid"}
    if config.features.missing == "rules":
        to_rules.add("feature_missing")
    if config.features.non_finite == "rules":
        to_rules.add("feature_not_finite")
    holds = {"protective": factor != 1.0, "rules": to_rules & {*reasons}, "liquidate": "force_liquidation_active" in reasons}
    return tuple(mode for mode, held in holds.items() if held)
