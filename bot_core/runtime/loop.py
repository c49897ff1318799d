"""The decision loop: for each new bar of an instrument, features, a score, a verdict, a record, and only then the autotrader.

1. The bar fills what was ordered before it; then it enters the features. What is decided on a bar sees that bar and nothing after it.
2. A decision uses one state of what is in force from end to end. No ready model: the rules decide. No rules: nobody does, and that is
   recorded too.
3. The record is in the journal before the order is handed over. A record that fails fails the decision; the loop goes on with the next.
4. Of several models on one bar each sees the account with what those before it will have ordered, and loops of several instruments
   decide one after the other: no two decisions use the same room.
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot_core.config.models import CsvBars, ParquetBars
from bot_core.decision.candidate import DecisionCandidate, with_position
from bot_core.decision.ports import SCORE_ERRORS
from bot_core.errors import AuditError, BotCoreError, ConfigError, PredictorError
from bot_core.runtime.autotrader import Order
from bot_core.runtime.engine import Engine
from bot_core.runtime.judgement import Case, judge
from bot_core.runtime.records import Decision, cancelled, decision_line, filled, shadowed, spelled_moment
from bot_core.runtime.streams import FeatureStreams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot_core.ai.plan import Plan
    from bot_core.decision.candidate import RiskSnapshot
    from bot_core.features.indicators.indicator import Bar
    from bot_core.runtime.active import InForce
    from bot_core.runtime.station import Station
    from bot_core.runtime.writer import Make, Ticket


KEPT_FAILURES = 100


class AIDecisionLoop:
    """Decides on the bars of one instrument, for every model that reads it.

    `failures`: what could not be recorded, handed over or compared, the newest ones.

    Args:
        symbol: the instrument.
        station: what it decides with.
        action: what a candidate proposes.
    """

    def __init__(self, symbol: str, station: Station, *, action: str = "enter") -> None:
        self.symbol = symbol
        self.failures: deque[BotCoreError] = deque(maxlen=KEPT_FAILURES)
        self._station = station
        self._action = action
        self._streams = FeatureStreams()
        self._known: dict[str, Plan] = {}
        self._models: list[str] = []
        self._engines: dict[str, Engine] = {}
        self._followed: InForce | None = None
        self._bar: str | None = None
        self._records: list[Ticket] = []

    def run(self, bars: Iterable[Bar]) -> Iterator[Decision]:
        """Decide on bars as they come."""
        for bar in bars:
            yield from self.on_bar(bar)

    def on_bar(self, bar: Bar) -> list[Decision]:
        """Take the next bar and decide on it.

        Raises:
            InputError: numbers that no bar has, or a bar that is not later than the one before; nothing is decided on it.
        """
        state = self._station.plans.current()
        self.failures.extend(self._station.maintain(state))
        for fill in self._station.autotrader.on_bar(self.symbol, bar):
            self._beside(partial(filled, fill, state.environment, self._station.clock()))
        with self._station.room:
            done = [self._handed_over(decision, record) for decision, record in self.decide(bar, state)]
        self._settle()
        return done

    def warm(self, bars: Iterable[Bar]) -> None:
        """Take bars of the past into the features; nothing is decided on them."""
        self._follow(self._station.plans.current())
        for bar in bars:
            self._streams.update(bar)

    def in_force(self) -> InForce:
        """Return what is in force."""
        return self._station.plans.current()

    def decide(self, bar: Bar, state: InForce) -> list[tuple[Decision, Ticket | BotCoreError]]:
        """Take a bar into the features, decide on it and send the records on their way; nothing is handed over yet.

        Returns:
            For each model its decision, and its record on the way to the journal, or why it is not.
        """
        self._follow(state)
        self._streams.update(bar)
        decisions: list[Decision] = []
        for model in self._models:
            decisions.append(self._judged(model, bar, state, decisions))
        return [(decision, self._recorded(partial(decision_line, decision))) for decision in decisions]

    # --- one decision ---

    def _handed_over(self, decision: Decision, record: Ticket | BotCoreError) -> Decision:
        """Wait for the record; then, and only then, hand an accepted decision to the autotrader. What is not done is not accepted."""
        if isinstance(record, BotCoreError):
            return _undone(decision, record)
        try:
            record.wait()
        except BotCoreError as error:  # whoever runs the loop is told
            self.failures.append(error)
            return _undone(decision, error)
        return self._submitted(decision) if decision.accepted else decision

    def _submitted(self, decision: Decision) -> Decision:
        order = self._order(decision)
        try:
            self._station.autotrader.submit(order)
        except BotCoreError as error:  # paused meanwhile: the journal has that the order came to nothing
            self.failures.append(error)
            self._beside(partial(cancelled, order, decision.environment, self._station.clock()))
            return _undone(decision, error)
        return decision

    def _judged(self, model: str, bar: Bar, state: InForce, before: Sequence[Decision]) -> Decision:
        began = time.perf_counter()
        case = self._case(model, bar, state, before)
        verdict = judge(case)
        engine = case.engine
        decision = Decision(
            id=f"{case.unit}/{model}",
            environment=state.environment,
            model=model,
            version=engine.plan.record.version if engine else None,
            commit=state.commit,
            domain=(engine.plan if engine else self._known[model]).record.domain,
            symbol=self.symbol,
            arm=verdict.arm,
            action=verdict.action or "none",
            accepted=verdict.accepted,
            is_ready=engine is not None and engine.breaker.is_ready,
            reasons=verdict.reasons,
            risk_profile=case.candidate.risk_profile,
            notional=case.candidate.notional,
            bar=bar,
            at=self._station.clock(),
            features=case.features or {},
            evaluation=verdict.evaluation,
            cost_deviation_bps=self._station.autotrader.cost_deviation_bps(model, self.symbol),
            protective_factor=case.factor,
            meta_label=engine.meta.facts(verdict.evaluation) if engine and engine.meta else None,
            latency_ms=(time.perf_counter() - began) * 1e3,
        )
        if engine is not None and not verdict.asked:
            self._shadow(decision, engine)
        return decision

    def _case(self, model: str, bar: Bar, state: InForce, before: Sequence[Decision]) -> Case:
        plan, settings, unit = state.plans.get(model), self._station.settings, f"{self.symbol}@{spelled_moment(bar.time)}"
        features = self._streams.of(plan or self._known[model])
        profile, now = settings.paper.risk_profile, self._station.clock()
        shrunk = state.is_protected(model, settings.protection.symbols)
        candidate = DecisionCandidate(
            strategy=model,
            action=self._action,
            risk_profile=profile,
            symbol=self.symbol,
            notional=settings.paper.notional,
            expected_return_bps=0.0,
            latency_ms=0.0,
            metadata={"features": features or {}},
        )
        engine = self._engine(plan, state)
        if engine is not None and engine.meta is not None:
            self.failures.extend(engine.follow(state, unit))
        return Case(
            model=model,
            unit=unit,
            candidate=candidate,
            context=_with(self._station.autotrader.snapshot(profile, now), before),
            features=features,
            engine=engine,
            book=plan.book if plan else state.books.get(model),
            state=state,
            factor=settings.protection.factor if shrunk else 1.0,
        )

    def _shadow(self, decision: Decision, engine: Engine) -> None:
        """Record what the model would have said; what goes wrong with it decides nothing."""
        if not decision.features or not decision.is_ready:
            return
        try:
            score = engine.breaker.score(decision.features)
        except SCORE_ERRORS as error:
            self.failures.append(PredictorError(f"{decision.model}: expected a score to compare, got {type(error).__name__}"))
            return
        self._beside(partial(shadowed, decision, score))

    # --- what is in force ---

    def _follow(self, state: InForce) -> None:
        """Know every model of this instrument that decides or may come to; a model that was stopped stays known, for its rules decide."""
        if self._followed is state:
            return
        own = [plan for plan in (*state.plans.values(), *state.spare) if symbol_of(plan) == self.symbol and self._fits(plan)]
        self._known |= {plan.record.model: plan for plan in own[::-1]}
        self._models = sorted(self._known)
        self._streams.want([*self._known.values(), *own])
        self._engines = {key: engine for key, engine in self._engines.items() if any(engine.plan is plan for plan in own)}
        self._followed = state

    def _fits(self, plan: Plan) -> bool:
        """Say whether a plan reads bars as long as those that come here; what came first says how long they are."""
        length = plan.config.data.bar if plan.config and isinstance(plan.config.data, CsvBars | ParquetBars) else None
        self._bar = self._bar or length
        if length == self._bar:
            return True
        msg = f"{plan.record.model} {plan.record.version}: expected bars of {self._bar}, as {self.symbol} has here, got {length}"
        self.failures.append(ConfigError(msg, hint="run it in a process of its own: bot-core run --state DIR --bars …"))
        return False

    def _engine(self, plan: Plan | None, state: InForce) -> Engine | None:
        if plan is None:
            return None
        key = f"{plan.record.model} {plan.record.version}"
        found = self._engines.get(key)
        if found is None or found.plan is not plan:
            found = Engine(plan, self._station, environment=state.environment)
            self._engines[key] = found
        return found

    # --- records ---

    def _beside(self, make: Make) -> None:
        """Record what nothing waits for; whether it arrived is looked at after the bar's decisions."""
        if not isinstance(record := self._recorded(make), BotCoreError):
            self._records.append(record)

    def _settle(self) -> None:
        records, self._records = self._records, []
        for record in records:
            if not record.settled:
                self._records.append(record)
            elif record.error is not None:
                self.failures.append(record.error)

    def _recorded(self, make: Make) -> Ticket | BotCoreError:
        try:
            return self._station.writer.put(make)
        except AuditError as error:
            self.failures.append(error)
            return error

    def _order(self, decision: Decision) -> Order:
        engine = self._engines[f"{decision.model} {decision.version}"]
        cost = decision.evaluation.cost_bps if decision.evaluation else None
        return Order(
            id=decision.id,
            strategy=decision.model,
            symbol=self.symbol,
            side="buy",
            notional=decision.notional,
            decided_price=decision.bar.close,
            expected_cost_bps=(cost or 0.0) / 2.0,
            decided_at=decision.at,
            risk_profile=decision.risk_profile,
            hold_bars=engine.hold_bars,
        )


def _with(account: RiskSnapshot, before: Sequence[Decision]) -> RiskSnapshot:
    """Return the account as if what was accepted on this bar had been ordered."""
    for decision in before:
        if decision.accepted and decision.evaluation is not None:
            account = with_position(account, decision.evaluation.candidate)
    return account


def _undone(decision: Decision, error: BotCoreError) -> Decision:
    return replace(decision, accepted=False, reasons=(*decision.reasons, error.code))


def symbol_of(plan: Plan) -> str | None:
    """Return the instrument whose bars a plan reads; nothing where it reads none."""
    data = plan.config.data if plan.config else None
    return data.instrument if isinstance(data, CsvBars | ParquetBars) else None
