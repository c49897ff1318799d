"""Where limits come from, and what makes them stricter.

A domain declares them. Signed conditions tighten: the smaller of two `max_`, the larger of two `min_`. Protective mode shrinks: see
`protected`. Nothing here loosens one.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import msgspec

from bot_core.config.decision import DecisionEngineConfig, DecisionOrchestratorThresholds, MetaLabelCondition, finite
from bot_core.decision.thresholds import FAILED, META_LABEL
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.decision.thresholds import Limits
    from bot_core.documents.domain import Domain
    from bot_core.documents.governed import Value

_LIMIT = re.compile(r"(max|min)_[a-z][a-z0-9_]*\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?\Z")
_NOT_RISK = ("max_cost_bps", "max_latency_ms")
_PROBABILITIES = ("min_probability", META_LABEL)


def limits_of(
    thresholds: DecisionOrchestratorThresholds, min_probability: float | None = None, meta_label: MetaLabelCondition | None = None
) -> dict[str, float]:
    """List the limits that have a value, in the order of `FAILED`; the probabilities among them where they are given."""
    asked = {"min_probability": min_probability, META_LABEL: meta_label.min_probability if meta_label else None}
    named = {name: getattr(thresholds, name) for name in FAILED if name not in _PROBABILITIES}
    return {name: limit for name, limit in (asked | named).items() if limit is not None}


def domain_limits(domain: Domain, model: str) -> dict[str, float]:
    """Read all limits that a domain sets a model: its `thresholds`, and the `min_probability` of the model's `meta_label`.

    Raises:
        ConfigError: as `declared`.
    """
    limits, gate = declared(domain.thresholds), domain.meta_label.get(model)
    return limits if gate is None else tightened(limits, {META_LABEL: gate.min_probability}, f"meta_label.{model}")


def declared(values: Mapping[str, Value], where: str = "thresholds") -> dict[str, float]:
    """Read a domain's `thresholds`, or a sign-off's `conditions`: names → whole numbers or quoted decimals.

    Raises:
        ConfigError: a name that is no limit; a value that is negative or no plain decimal; a percentage where a share belongs.
    """
    return {name: _declared(name, value, f"{where}.{name}") for name, value in values.items()}


def _declared(name: str, value: Value, where: str) -> float:
    if not _LIMIT.match(name):
        msg = f"{where}: expected a limit, max_… or min_…, got {name}"
        raise ConfigError(msg)
    number = None if isinstance(value, bool) else decimal(str(value))
    if number is None or number < 0:
        msg = f"{where}: expected a whole number or a quoted decimal of zero or more, got {value!r}"
        raise ConfigError(msg)
    if (name.endswith("_pct") and number >= 1) or (name in _PROBABILITIES and number > 1):
        msg = f"{where}: expected a share below 1, got {value}"
        raise ConfigError(msg, hint='two per cent are "0.02"')
    return number


def decimal(text: str) -> float | None:
    """Read a plain decimal: digits, perhaps a sign and a point; no exponent. Nothing for any other text, or beyond a float.

    >>> decimal("-0.25"), decimal("1e3"), decimal("nan"), decimal("9" * 400)
    (-0.25, None, None, None)
    """
    number = float(text) if _DECIMAL.match(text) else None
    return number if finite(number) else None


def tightened(thresholds: Limits, conditions: Mapping[str, Value], where: str = "conditions") -> dict[str, float]:
    """Apply signed conditions to limits: the stricter of the two counts; a condition on what had no limit becomes one.

    Raises:
        ConfigError: a condition that is no limit. It must not be passed over: somebody signed because of it.
    """
    signed = declared(conditions, where)
    return {**thresholds, **{name: _stricter(name, limit, thresholds.get(name, limit)) for name, limit in signed.items()}}


def _stricter(name: str, one: float, other: float) -> float:
    return min(one, other) if name.startswith("max_") else max(one, other)


def protected(limits: Limits, factor: float) -> dict[str, float]:
    """Shrink what may be risked: every `max_` but cost and latency, times `factor`, 0 to 1. No `min_` is lowered."""
    return {name: limit * factor if name.startswith("max_") and name not in _NOT_RISK else limit for name, limit in limits.items()}


def engine_config(limits: Limits, meta_label: str | None = None) -> DecisionEngineConfig:
    """Make the orchestrator's configuration of a domain's limits. Costs must be known: nobody declared what an unknown one is.

    Args:
        limits: the domain's, tightened.
        meta_label: the meta-label model that the domain names.

    Raises:
        ConfigError: one of the eight is missing, a name is not among them, a value is out of range, or a probability is asked of a
            meta-label model and none is named.
    """
    if META_LABEL in limits and meta_label is None:
        msg = f"{META_LABEL}: expected a meta-label model that the domain names, got none"
        raise ConfigError(msg, hint="declare meta_label in conf/decision/, then bot-core promote; or sign without this condition")
    thresholds: dict[str, float | None] = {name: limit for name, limit in limits.items() if name not in _PROBABILITIES}
    thresholds["max_open_positions"] = _whole(thresholds.get("max_open_positions"))
    plain = {"orchestrator": thresholds, "min_probability": limits.get("min_probability", 0.0), "require_cost_data": True}
    asked = {} if meta_label is None else {"meta_label": {"model": meta_label, "min_probability": limits[META_LABEL]}}
    return _config({**plain, **asked})


def tightened_config(config: DecisionEngineConfig, conditions: Mapping[str, Value]) -> DecisionEngineConfig:
    """Apply signed conditions to every limit of a configuration: the general ones and each profile's.

    Raises:
        ConfigError: a condition that the orchestrator cannot watch.
    """
    signed = dict(conditions)
    probability = tightened({"min_probability": config.min_probability}, _taken(signed, "min_probability"))["min_probability"]
    plain = msgspec.to_builtins(config)
    plain["min_probability"] = probability
    if config.meta_label is not None:
        asked = tightened({META_LABEL: config.meta_label.min_probability}, _taken(signed, META_LABEL))[META_LABEL]
        plain["meta_label"] = {"model": config.meta_label.model, "min_probability": asked}
    plain["orchestrator"] = _tightened(config.orchestrator, signed)
    plain["profile_overrides"] = {name: _tightened(limits, signed) for name, limits in config.profile_overrides.items()}
    return _config(plain)


def _taken(conditions: dict[str, Value], name: str) -> dict[str, Value]:
    return {name: conditions.pop(name)} if name in conditions else {}


def _tightened(thresholds: DecisionOrchestratorThresholds, conditions: Mapping[str, Value]) -> dict[str, float | None]:
    limits = tightened(limits_of(thresholds), conditions)
    return {**limits, "max_open_positions": _whole(limits["max_open_positions"])}


def _whole(limit: float | None) -> float | None:
    """Round a count down: the stricter side."""
    return None if limit is None else math.floor(limit)


def _config(plain: Mapping[str, object]) -> DecisionEngineConfig:
    try:
        return msgspec.convert(plain, DecisionEngineConfig)
    except msgspec.ValidationError as error:
        msg = f"thresholds: {error}"
        raise ConfigError(msg, hint=f"the orchestrator knows {', '.join(FAILED)}") from error
