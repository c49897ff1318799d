"""Limits within which the orchestrator accepts, checked when they are built and not only when they are read.

Runbooks build these by hand, and a reader's range checks do not run then: so every number is checked in `__post_init__`. None may be NaN,
infinite, negative, a text or a truth value. A value equal to a limit passes.

Units: `_bps` basis points, `_ms` milliseconds, `_s` seconds, notionals in the account's currency. `_pct` and `_ratio` are **shares**
of equity: 0.05 is five per cent. A loss or drawdown limit of 1 or more would never act, and is more likely a percentage: it is refused.

`bot_core.config.models` is where runbooks import from; this module imports nothing of it, so that it can.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeGuard

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


def finite(value: object) -> TypeGuard[float]:
    """Say whether a value is a number to compare with: no NaN, no infinity, no text, no truth value, no integer beyond a float.

    >>> [finite(value) for value in (0, -1.5, float("nan"), float("inf"), True, "1", None, 10**400)]
    [True, True, False, False, False, False, False, False]
    """
    if type(value) is float:  # nearly always, and asked many times a decision
        return value - value == 0.0
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def plain_floats(values: Iterable[object]) -> bool:
    """Say whether every value is a finite float, and of no subclass: what `float` would leave as it is.

    >>> plain_floats([0.0, -1.5]), plain_floats([0.0, 1]), plain_floats([0.0, float("nan")])
    (True, False, False)
    """
    for value in values:  # noqa: SIM110  # a generator takes twice the time
        if type(value) is not float or value - value != 0.0:
            return False
    return True


def is_probability(value: object) -> TypeGuard[float]:
    """Say whether a value is a finite number from 0 to 1."""
    return (type(value) is float or finite(value)) and 0.0 <= value <= 1.0


def is_amount(value: object) -> TypeGuard[float]:
    """Say whether a value is a finite number of zero or more."""
    return (type(value) is float or finite(value)) and 0.0 <= value < math.inf


class DecisionOrchestratorThresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The eight limits; the two without a value are not asked."""

    max_cost_bps: float
    min_net_edge_bps: float
    max_daily_loss_pct: float
    max_drawdown_pct: float
    max_position_ratio: float
    max_open_positions: int
    max_latency_ms: float | None = None
    max_trade_notional: float | None = None

    def __post_init__(self) -> None:
        optional = [name for name in ("max_latency_ms", "max_trade_notional") if getattr(self, name) is not None]
        _require(self, "max_cost_bps", "min_net_edge_bps", "max_position_ratio", "max_open_positions", *optional)
        _require(self, "max_daily_loss_pct", "max_drawdown_pct", below=1.0)
        if self.max_open_positions % 1 != 0:
            msg = f"Expected max_open_positions to be a whole number, got {self.max_open_positions!r}"
            raise ValueError(msg)


class DecisionStressTestConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a candidate must survive besides the present: dearer (by an amount, by a factor), slower."""

    cost_shock_bps: float = 0.0
    latency_spike_ms: float = 0.0
    slippage_multiplier: float = 1.0

    def __post_init__(self) -> None:
        _require(self, "cost_shock_bps", "latency_spike_ms")
        _require(self, "slippage_multiplier", at_least=1.0)


class FeaturePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with features that are not as the model expects them.

    `reject`: no. `rules`: no, and the evaluation says that the rules should decide. `nan`: the model is told that the value is missing.
    `ignore`: a feature the model does not know is left out. Nothing ever puts a mean in a value's place.
    """

    unknown: Literal["reject", "ignore"] = "reject"
    missing: Literal["reject", "rules", "nan"] = "reject"
    non_finite: Literal["reject", "rules", "nan"] = "reject"


class MetaLabelCondition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second model must say that the first one's trade pays: `model` by its name, with at least `min_probability`, 0 to 1."""

    model: str
    min_probability: float

    def __post_init__(self) -> None:
        _require(self, "min_probability", up_to=1.0)


class DecisionEngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the orchestrator is told once.

    An override replaces all eight limits for its risk profile; `min_probability` holds for every profile.
    `penalty_cost_bps` is the cost of a candidate about which no cost is known, unless `require_cost_data` refuses it.
    `meta_label`: a condition on every candidate; without one no meta-label model is asked.
    """

    orchestrator: DecisionOrchestratorThresholds
    profile_overrides: dict[str, DecisionOrchestratorThresholds] = {}
    stress_tests: DecisionStressTestConfig | None = None
    min_probability: float = 0.0
    require_cost_data: bool = False
    penalty_cost_bps: float = 0.0
    features: FeaturePolicy = FeaturePolicy()
    max_snapshot_age_s: float = 60.0
    meta_label: MetaLabelCondition | None = None

    def __post_init__(self) -> None:
        _require(self, "min_probability", up_to=1.0)
        _require(self, "penalty_cost_bps", "max_snapshot_age_s")


def _require(owner: msgspec.Struct, *names: str, at_least: float = 0.0, up_to: float = math.inf, below: float = math.inf) -> None:
    for name in names:
        value = getattr(owner, name)
        if not finite(value) or not at_least <= value <= up_to or value >= below:
            upper = f", at most {up_to:g}" if up_to < math.inf else f", below {below:g}" if below < math.inf else ""
            hint = " (a share: 0.05 is five per cent)" if name.endswith("_pct") else ""
            msg = f"Expected {name} to be a finite number of at least {at_least:g}{upper}{hint}, got {value!r}"
            raise ValueError(msg)
