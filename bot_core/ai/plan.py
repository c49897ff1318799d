"""A plan: one release with its domain, compiled to what a decision needs. Nothing in it changes; a decision uses one from end to end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core._parse import decode_json
from bot_core.ai.inference import DecisionModelInference
from bot_core.config.models import IndicatorFeatures, PipelineConfig
from bot_core.decision.limits import domain_limits, engine_config, tightened
from bot_core.decision.ports import utc_now
from bot_core.decision.rules import compiled
from bot_core.documents.domain import Domain
from bot_core.documents.drift import DriftReport
from bot_core.errors import ConfigError
from bot_core.governance.reading import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot_core.config.decision import DecisionEngineConfig
    from bot_core.decision.rules import RuleSet
    from bot_core.documents.runtime import Servable

    Blob = Callable[[str], bytes]

_EIGHT = ("max_cost_bps", "min_net_edge_bps", "max_daily_loss_pct", "max_drawdown_pct", "max_position_ratio", "max_open_positions")


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A domain whose rules decide while no model does."""

    domain: Domain
    rules: RuleSet


@dataclass(frozen=True, slots=True)
class Plan:
    """A release ready to decide.

    `limits`: the domain's, tightened by what signers asked. `engine`: the same for the orchestrator; nothing where the domain leaves out
    one of the limits that every trade is measured by. `config` and `drift`: as archived with the release, where they are.
    """

    record: Servable
    inference: DecisionModelInference
    book: RuleBook
    limits: Mapping[str, float]
    engine: DecisionEngineConfig | None
    config: PipelineConfig | None
    drift: DriftReport | None


def compile_plan(
    record: Servable,
    blob: Blob,
    *,
    clock: Callable[[], dt.datetime] = utc_now,
    max_age: dt.timedelta = dt.timedelta(days=365),
) -> Plan:
    """Read, check and compile everything that a release needs, and let the model replay its golden vectors.

    Raises:
        DocumentError: bytes are missing or damaged.
        PredictorError: the model does not load here, or does not give its golden outputs to the last bit.
        ConfigError: a limit, a condition or a rule that nothing here can watch.
        Refused: CANON: the domain's file is not in the one spelling.
    """
    inference = DecisionModelInference(blob(record.artifact), record, clock=clock, max_age=max_age)
    if inference.problem is not None:
        raise inference.problem
    book = compile_rules(record.domain, blob)
    if record.model not in book.domain.models:
        msg = f"domain {book.domain.name}: models: expected {record.model} among them, got {', '.join(book.domain.models)}"
        raise ConfigError(msg, hint="name it in conf/decision/, then bot-core promote")
    limits, gate = tightened(domain_limits(book.domain, record.model), record.conditions), book.domain.meta_label.get(record.model)
    engine = engine_config(limits, gate.model if gate else None) if all(name in limits for name in _EIGHT) else None
    config = decode_json(blob(record.config), PipelineConfig, f"config of {record.version}") if record.config else None
    if engine is None and (gate or (config is not None and isinstance(config.features, IndicatorFeatures))):
        lacking = ", ".join(name for name in _EIGHT if name not in limits)
        msg = f"domain {book.domain.name}: thresholds: expected every limit that a trade is measured by, got none for {lacking}"
        raise ConfigError(msg, hint="declare them in conf/decision/, then bot-core promote")
    drift = decode_json(blob(record.drift), DriftReport, f"drift report of {record.version}") if record.drift else None
    return Plan(record, inference, book, limits, engine, config, drift)


def compile_rules(digest: str, blob: Blob) -> RuleBook:
    """Read a domain and compile its rules; see `compile_plan` for what is raised."""
    domain = parse(blob(digest), Domain, f"compliance/domains/…/{digest.removeprefix('sha256:')}.yaml")
    return RuleBook(domain, compiled(domain.rules, domain.actions))
