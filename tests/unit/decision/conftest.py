"""A candidate that passes, the account it passes in, and a model whose answer is told."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bot_core.config.decision import DecisionEngineConfig, DecisionOrchestratorThresholds
from bot_core.decision.candidate import DecisionCandidate, Position, RiskSnapshot
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.decision.ports import ModelScore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.decision.ports import DecisionEvaluation

EMPTY: Mapping[str, Any] = MappingProxyType({})
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)

THRESHOLDS = DecisionOrchestratorThresholds(
    max_cost_bps=20.0,
    min_net_edge_bps=1.5,
    max_daily_loss_pct=0.0625,
    max_drawdown_pct=0.25,
    max_position_ratio=0.75,
    max_open_positions=3,
    max_latency_ms=500.0,
    max_trade_notional=50_000.0,
)

CONFIG = DecisionEngineConfig(orchestrator=THRESHOLDS, min_probability=0.5)

CANDIDATE = DecisionCandidate(
    strategy="trend",
    action="enter",
    risk_profile="balanced",
    symbol="EURUSD",
    notional=1_000.0,
    expected_return_bps=0.0,
    cost_bps_override=0.0,
    latency_ms=10.0,
    metadata={"features": {"momentum": 0.0, "volume_ratio": 1.0}},
)

SNAPSHOT = RiskSnapshot(
    start_of_day_equity=100_000.0,
    daily_realized_pnl=0.0,
    peak_equity=100_000.0,
    last_equity=100_000.0,
    positions={"MSFT": Position(notional=10_000.0)},
    taken_at=NOW,
)


class Told:
    """A model that answers what it was told to, and remembers what it was asked."""

    def __init__(self, returns: float = 50.0, probability: float = 0.75, *, ready: object = True) -> None:
        self.answer = ModelScore(returns, probability)
        self.ready = ready
        self.feature_names = ("momentum", "volume_ratio")
        self.asked: list[dict[str, float]] = []

    @property
    def is_ready(self) -> bool:
        """Return whatever it was told."""
        return self.ready  # type: ignore[return-value]  # on purpose: some are ready in another way than True

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Answer."""
        self.asked.append(dict(features))
        return self.answer


class Raising(Told):
    """A model that fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Fail after all."""
        super().score(features)
        raise self.error


def orchestrator(model: Told | None = None, **config: object) -> DecisionOrchestrator:
    """Make an orchestrator at a standing clock; keywords change the configuration."""
    told = Told() if model is None else model
    return DecisionOrchestrator(replace(CONFIG, **config), inference=told, clock=lambda: NOW)


def evaluate(
    model: Told | None = None,
    *,
    candidate: Mapping[str, object] = EMPTY,
    snapshot: Mapping[str, object] = EMPTY,
    limits: Mapping[str, object] = EMPTY,
    config: Mapping[str, Any] = EMPTY,
) -> DecisionEvaluation:
    """Evaluate the candidate that passes, with the changes given."""
    chosen = {"orchestrator": replace(THRESHOLDS, **limits), **config}
    return orchestrator(model, **chosen).evaluate_candidate(replace(CANDIDATE, **candidate), replace(SNAPSHOT, **snapshot))
