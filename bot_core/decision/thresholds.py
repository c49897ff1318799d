"""Limits, and what is measured against them.

A limit's name says everything: `max_<measure>` fails above, `min_<measure>` below, and a value equal to the limit passes. A limit whose
measure is missing or not finite fails too: nothing passes because it could not be looked at. All failures are reported, not the first.

Where limits come from, and what makes them stricter: `bot_core.decision.limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import lt
from typing import TYPE_CHECKING, Literal

import msgspec

from bot_core.config.decision import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot_core.config.decision import DecisionStressTestConfig

Outcome = Literal["allow", "clamp", "veto", "escalate"]
"""`clamp`: refused as it stands, a smaller notional would pass. `veto`: no. `escalate`: it could not be judged; a person should look."""

CODES: dict[str, tuple[Outcome, str]] = {
    "notional_invalid": ("veto", "the notional is not a finite number of zero or more"),
    "expected_return_invalid": ("veto", "the candidate's own expected return is not a finite number"),
    "expected_probability_invalid": ("veto", "the candidate's own probability is not a number from 0 to 1"),
    "latency_invalid": ("veto", "the latency is not a finite number of zero or more"),
    "latency_missing": ("veto", "there is a limit on latency, and no latency"),
    "model_missing": ("escalate", "no model is attached under this name, or none is the default"),
    "model_not_ready": ("escalate", "the model says that it is not ready"),
    "features_missing": ("veto", "the candidate carries no features"),
    "feature_unknown": ("veto", "a feature that the model does not know"),
    "feature_missing": ("veto", "a feature that the model needs is not there"),
    "feature_not_finite": ("veto", "a feature is not a finite number"),
    "score_failed": ("escalate", "the model raised an error instead of a score"),
    "score_invalid": ("escalate", "the model's score is not a finite return with a probability from 0 to 1"),
    "protective_factor_invalid": ("escalate", "the protective factor is not a number from 0 to 1"),
    "probability_below_minimum": ("veto", "the probability of success is below min_probability"),
    "meta_label_missing": ("escalate", "no meta-label model is in force, or not for this unit"),
    "meta_label_not_ready": ("escalate", "the meta-label model says that it is not ready"),
    "meta_label_unfit": ("escalate", "the meta-label model reads what the primary's decision does not have, or no finite number"),
    "meta_label_failed": ("escalate", "the meta-label model raised an error instead of a probability"),
    "meta_label_invalid": ("escalate", "the meta-label model's answer is not a probability from 0 to 1"),
    "meta_label_unasked": ("veto", "the score is not the primary's, so there is no prediction that a meta-label model could judge"),
    "meta_label_against": ("veto", "the primary's prediction does not point up, and the candidate buys"),
    "meta_label_below_minimum": ("veto", "the probability that the primary's trade pays is below meta_label.min_probability"),
    "cost_missing": ("veto", "no cost is known, and the configuration requires one"),
    "cost_invalid": ("veto", "a known cost is not a finite number of zero or more"),
    "cost_above_limit": ("veto", "the cost is above max_cost_bps"),
    "net_edge_below_minimum": ("veto", "return times probability less cost is below min_net_edge_bps"),
    "latency_above_limit": ("veto", "the latency is above max_latency_ms"),
    "risk_snapshot_missing": ("escalate", "there is no risk snapshot"),
    "risk_snapshot_undated": ("escalate", "the risk snapshot has no time, or one without a time zone"),
    "risk_snapshot_stale": ("escalate", "the risk snapshot is older than max_snapshot_age_s"),
    "risk_snapshot_ahead": ("escalate", "the risk snapshot lies in the future"),
    "risk_snapshot_invalid": ("escalate", "a number of the risk snapshot is not finite"),
    "equity_not_positive": ("veto", "an equity of the risk snapshot is zero or less"),
    "force_liquidation_active": ("veto", "the risk snapshot says that positions are to be closed"),
    "daily_loss_limit": ("veto", "today's realised loss is above max_daily_loss_pct"),
    "drawdown_limit": ("veto", "the fall from the peak is above max_drawdown_pct"),
    "gross_notional_limit": ("clamp", "all positions with this one are above max_position_ratio"),
    "open_positions_limit": ("veto", "there would be more positions than max_open_positions"),
    "trade_notional_limit": ("clamp", "the notional is above max_trade_notional"),
}
"""Code → what it leads to, and what it says. In the order in which an evaluation lists them. Stable: journals are searched by them."""

META_LABEL = "min_meta_label_probability"
"""The limit that `meta_label.min_probability` declares, as signers and snapshots name it."""

FAILED = {
    "min_probability": "probability_below_minimum",
    META_LABEL: "meta_label_below_minimum",
    "max_cost_bps": "cost_above_limit",
    "min_net_edge_bps": "net_edge_below_minimum",
    "max_latency_ms": "latency_above_limit",
    "max_daily_loss_pct": "daily_loss_limit",
    "max_drawdown_pct": "drawdown_limit",
    "max_position_ratio": "gross_notional_limit",
    "max_open_positions": "open_positions_limit",
    "max_trade_notional": "trade_notional_limit",
}
"""Limit → the code of its failure. Any other limit fails as `<limit>_failed`; without a measure as `<measure>_missing`."""

STRESS_CODES = ("stress_cost_shock", "stress_slippage", "stress_latency_spike")

Limits = Mapping[str, float]

_ORDER = {code: place for place, code in enumerate(CODES)}
_GRAVITY: tuple[Outcome, ...] = ("allow", "clamp", "veto", "escalate")
_RANK = {code: _GRAVITY.index(to) for code, (to, _) in CODES.items()} | dict.fromkeys(STRESS_CODES, _GRAVITY.index("veto"))


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Why not: a stable code, what was measured, the value where it is finite, and the limit where there is one."""

    code: str
    measure: str
    value: float | None = None
    limit: float | None = None


Measures = Mapping[str, float | Finding]
"""Measure → its value, or the finding that says why it has none."""

Check = tuple[str, str, float, str]
"""A limit taken apart: its measure, `max_` or `min_`, its value, the code of its failure."""


def failures(limits: Limits, measures: Measures) -> list[Finding]:
    """Compare every limit with its measure; return one finding for each that fails or cannot be judged.

    >>> [finding.code for finding in failures({"max_cost_bps": 20.0, "max_deploys": 3.0}, {"cost_bps": 20.0, "deploys": 4})]
    ['max_deploys_failed']
    """
    return compared(compiled(limits), measures)[0]


def compiled(limits: Limits) -> tuple[Check, ...]:
    """Take the names of limits apart, once for many comparisons."""
    return tuple([(name[4:], name[:4], limit, FAILED.get(name) or f"{name}_failed") for name, limit in limits.items()])


def compared(checks: Iterable[Check], measures: Measures) -> tuple[list[Finding], float]:
    """Compare limits with their measures in one pass.

    Returns:
        One finding for each limit that fails or cannot be judged; and the largest share of a `max_` limit that is used, 0 to 1, which is
        1 where one fails or cannot be judged.
    """
    found, used = [], 0.0
    for measure, kind, limit, code in checks:
        value = measures.get(measure)
        if (type(value) is not float or value - value != 0.0) and not finite(value):  # asked in place: nearly all are floats
            found.append(_unmeasured(measure, limit, value))
        elif kind == "max_" and value <= limit:
            used = max(used, value / limit) if value > 0.0 else used
            continue
        elif kind == "min_" and value >= limit:
            continue
        else:
            found.append(Finding(code, measure, value, limit))
        used = 1.0 if kind == "max_" else used
    return found, min(1.0, used)


def _unmeasured(measure: str, limit: float, value: float | Finding | None) -> Finding:
    if isinstance(value, Finding):
        return value
    return Finding(f"{measure}_missing" if value is None else f"{measure}_not_finite", measure, None, limit)


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """List findings in the order of `CODES`, each once; codes of a domain's own limits last, by name."""
    ranks = [_ORDER.get(finding.code, len(_ORDER)) for finding in findings]
    if all(map(lt, ranks, ranks[1:])):  # nearly always: limits are compared in this order
        return tuple(findings)
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (_ORDER.get(f.code, len(_ORDER)), f.code, f.measure)))


def outcome(codes: Iterable[str]) -> Outcome:
    """Return the gravest outcome of the codes; `allow` for none.

    >>> outcome(["trade_notional_limit"]), outcome(["trade_notional_limit", "drawdown_limit"]), outcome([])
    ('clamp', 'veto', 'allow')
    """
    return _GRAVITY[max([_RANK[code] if code in _RANK else _rank(code) for code in codes], default=0)]


def _rank(code: str) -> int:
    return _GRAVITY.index("veto" if code.endswith("_failed") else "escalate")


def stressed(checks: Iterable[Check], measures: Measures, tests: DecisionStressTestConfig) -> tuple[str, ...]:
    """Return the codes of the scenarios in which a limit fails that has a value now.

    Cost shock: the cost rises by basis points; slippage: the cost is multiplied; latency spike: the latency rises by milliseconds.
    A dearer trade must stay within both its cost limit and its net edge.
    """
    cost, edge, latency = measures.get("cost_bps"), measures.get("net_edge_bps"), measures.get("latency_ms")
    codes = []
    if finite(cost) and finite(edge):
        for code, dearer in zip(STRESS_CODES, (cost + tests.cost_shock_bps, cost * tests.slippage_multiplier), strict=False):
            if _scenario(checks, {"cost_bps": dearer, "net_edge_bps": edge - (dearer - cost)}):
                codes.append(code)
    if finite(latency) and _scenario(checks, {"latency_ms": latency + tests.latency_spike_ms}):
        codes.append(STRESS_CODES[2])
    return tuple(codes)


def _scenario(checks: Iterable[Check], measures: Measures) -> list[Finding]:
    return compared([check for check in checks if check[0] in measures], measures)[0]
