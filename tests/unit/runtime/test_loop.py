"""Decisions on bars: by whom, why, on what, recorded before they are done."""

from __future__ import annotations

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from bot_core._parse import decode_json
from bot_core.config.models import ForwardReturn, IndicatorFeatures, PipelineConfig
from bot_core.config.runtime import Protection
from bot_core.data.ohlcv import load_bars
from bot_core.decision.rollout import arm
from bot_core.documents.interventions import Halt
from bot_core.documents.runtime import Protected
from bot_core.errors import AuditError, AutotraderPaused, InputError
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.spec import FeatureSpec
from bot_core.runtime.loop import KEPT_FAILURES, AIDecisionLoop, symbol_of
from bot_core.runtime.paper import PaperAutotrader
from bot_core.runtime.records import MetaLabelFacts, cancelled
from tests.gating import META, MIDDLE, gated, meta_record
from tests.machine import ENTER, LAX, MODEL, NOW, SETTINGS, SKIP, SOURCE, TERMS, WARM, Behind, Machine, bars
from tests.unit.runtime.trading import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bot_core.decision.ports import ModelScore
    from bot_core.features.indicators.indicator import Bar
    from bot_core.journal.event import TradingDecisionEvent
    from bot_core.runtime.autotrader import Order
    from bot_core.runtime.records import Decision
    from bot_core.runtime.station import Station

SHORT = WARM + 8
HALT = Halt(
    schema="bot-core/halt/v1",
    repository="quant/models",
    environment="paper",
    id="20261121t120000z-ann",
    signer="ann",
    issued=NOW,
    reason="We look into it.",
)


def test_a_plan_of_longer_bars_does_not_decide_on_these(machine: Machine) -> None:
    hourly, other = machine.record(), machine.record(8, model="other_engine", models=["other_engine"])
    config = json.loads(machine.folder.blob(other.config or ""))
    config["data"]["bar"] = "4h"
    machine.put(hourly, replace(other, config=machine.folder.keep(json.dumps(config).encode())))
    with machine.station() as station:
        loop = AIDecisionLoop("eurusd", station)
        assert {decision.model for decision in loop.run(bars()[:SHORT])} == {MODEL}
        assert [error.message.partition(": ")[2] for error in loop.failures] == ["expected bars of 1h, as eurusd has here, got 4h"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def told(decision: Decision) -> tuple[str, str, bool, tuple[str, ...]]:
    """Say of a decision who made it, what, and why not."""
    return decision.arm, decision.action, decision.accepted, decision.reasons


def pause_of(station: Station) -> str | None:
    """Say why nothing is traded now."""
    return station.autotrader.paused


def newest(machine: Machine, count: int = SHORT) -> Decision:
    """Decide on the first bars; return the last decision."""
    with machine.loop() as loop:
        return [*loop.run(bars()[:count])][-1]


# --- the order of things ------------------------------------------------------------------------------------------------------------


class Watching(PaperAutotrader):
    """An autotrader that looks into the journal before it takes an order."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(TERMS)
        self.machine = machine
        self.seen: list[tuple[str, str, object]] = []
        self.expected: list[tuple[str, str, object]] = []

    def submit(self, order: Order) -> None:
        """Take it, and remember what the journal's file held by then."""
        event = self.machine.events("decision")[-1]
        metadata = dict(event["metadata"])  # type: ignore[call-overload]  # plain JSON
        self.seen.append((str(event["signal_id"]), str(event["status"]), metadata.get("cost_deviation_bps")))
        self.expected.append((order.id, "accepted", self.cost_deviation_bps(MODEL, "eurusd")))
        super().submit(order)


def test_the_decision_is_in_the_journal_with_its_cost_deviation_before_the_order_is_handed_over(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    trader = Watching(machine)
    with machine.loop(trader=trader) as loop:
        accepted = [decision for decision in loop.run(bars()[:SHORT]) if decision.accepted]
    assert len(trader.seen) == len(accepted) == SHORT - WARM
    assert trader.seen == trader.expected
    assert [deviation for _, _, deviation in trader.seen][:1] == [None]
    assert all(isinstance(deviation, float) for _, _, deviation in trader.seen[1:])


def test_the_order_is_the_decision(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX, cost_bps=0.5))
    with machine.station() as station:
        loop = AIDecisionLoop("eurusd", station)
        decision = [*loop.run(bars()[: WARM + 1])][-1]
        assert isinstance(station.autotrader, PaperAutotrader)
        (order,) = station.autotrader.state().pending
    assert (order.id, order.strategy, order.symbol, order.side) == (decision.id, MODEL, "eurusd", "buy")
    assert (order.notional, order.decided_price, order.hold_bars) == (SETTINGS.paper.notional, bars()[WARM].close, 4)
    assert (order.expected_cost_bps, order.decided_at, order.risk_profile) == (0.25, NOW, "balanced")


def test_what_became_of_an_order_is_recorded(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[: WARM + 6])]
    accepted = [decision.id for decision in decisions if decision.accepted]
    outcomes = [(event["status"], event["signal_id"], event["price"]) for event in machine.events("outcome")]
    opens = [bar.open for bar in bars()[: WARM + 6]]
    assert outcomes[0] == ("filled", accepted[0], opens[WARM + 1])
    assert ("exit", accepted[0], opens[WARM + 5]) in outcomes
    assert [one[1] for one in outcomes if one[0] == "filled"] == accepted[:-1]  # the newest waits for the next bar


def test_a_decision_has_one_line_and_a_journal_that_holds(machine: Machine) -> None:
    machine.put(machine.record())
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[:SHORT])]
    events = machine.events("decision")
    assert [event["signal_id"] for event in events] == [decision.id for decision in decisions]
    assert len({decision.id for decision in decisions}) == SHORT
    assert decisions[-1].id == f"eurusd@2017-01-03T05:00:00Z/{MODEL}"


# --- on what ------------------------------------------------------------------------------------------------------------------------


def test_recorded_features_are_those_of_the_batch_to_the_last_bit(machine: Machine) -> None:
    record = machine.record()
    machine.put(record)
    count = 400
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[:count])]
    config = decode_json(machine.folder.blob(str(record.config)), PipelineConfig, "config")
    assert isinstance(config.features, IndicatorFeatures)
    assert isinstance(config.target, ForwardReturn)
    spec = FeatureSpec.of(config.features)
    batch = FeatureEngineer(load_bars(SOURCE).iloc[:count]).build_dataset(spec, config.target)
    lines = [dict(event["metadata"])["features"] for event in machine.events("decision")]  # type: ignore[call-overload]
    found = np.array([[line[name] for name in spec.names] for line in lines[WARM:]])
    assert found.tobytes() == np.ascontiguousarray(batch.values).tobytes()
    assert all(not decision.features for decision in decisions[:WARM])


def test_bars_of_the_past_warm_up_and_nothing_is_decided_on_them(machine: Machine) -> None:
    machine.put(machine.record())
    with machine.loop() as loop:
        loop.warm(bars()[:WARM])
        (decision,) = loop.on_bar(bars()[WARM])
        assert decision.arm == "learned"
    assert len(machine.events()) == 1
    cold = Machine(machine.root / "other")
    cold.put(cold.record())
    with cold.loop() as loop:
        assert [*loop.run(bars()[: WARM + 1])][-1].features == decision.features


def test_a_bar_that_is_none_or_comes_late_is_refused_and_the_next_is_decided_on_as_if_it_had_not_come(machine: Machine) -> None:
    machine.put(machine.record())
    with machine.loop() as loop:
        for bar in bars()[: WARM + 2]:
            loop.on_bar(bar)
        for wrong in (bars()[WARM + 1], bars()[WARM + 2]._replace(close=float("nan")), bars()[WARM + 2]._replace(high=-1.0)):
            with pytest.raises(InputError):
                loop.on_bar(wrong)
        (decision,) = loop.on_bar(bars()[WARM + 2])
    other = Machine(machine.root / "other")
    other.put(other.record())
    assert decision.features == newest(other, WARM + 3).features
    assert len(machine.events("decision")) == WARM + 3


def test_features_that_are_no_numbers_are_refused_and_recorded_as_nothing(machine: Machine) -> None:
    """A volume of which 24 make no finite number: the feature is none, and so is the decision; its line is there all the same."""
    machine.put(machine.record(rules=[replace(SKIP, when="volume_ratio < 2"), ENTER]))
    huge = [bar._replace(volume=1e308) for bar in bars()[:SHORT]]
    with machine.loop() as loop:
        decision = [*loop.run(huge)][-1]
        assert not loop.failures
    assert decision.reasons == ("feature_not_finite",)
    assert dict(machine.events("decision")[-1]["metadata"])["features"]["volume_ratio"] is None  # type: ignore[call-overload]


# --- by whom ------------------------------------------------------------------------------------------------------------------------


def test_nothing_was_ever_in_force_so_there_is_nothing_to_decide(machine: Machine) -> None:
    with machine.loop() as loop:
        assert [*loop.run(bars()[:3])] == []


def test_while_features_warm_up_the_rules_decide(machine: Machine) -> None:
    machine.put(machine.record())
    assert told(newest(machine, WARM)) == ("rules", "skip", False, ("warming_up", "rule_matched"))
    other = Machine(machine.root / "other")
    other.put(other.record())
    assert newest(other, WARM + 1).arm == "learned"


def test_rules_that_need_features_say_so_while_they_warm_up(machine: Machine) -> None:
    machine.put(machine.record(rules=[replace(ENTER, when="momentum > 0"), SKIP]))
    assert told(newest(machine, WARM)) == ("rules", "none", False, ("warming_up", "rule_feature_missing"))


def test_a_model_that_git_takes_back_leaves_its_rules_and_the_gates_codes(machine: Machine) -> None:
    record = machine.record()
    machine.put(record)
    with machine.loop() as loop:
        [*loop.run(bars()[: WARM + 1])]
        machine.put(rules={MODEL: record.domain}, refused={MODEL: ["EXPIRED", "HALTED"]})
        (decision,) = loop.on_bar(bars()[WARM + 1])
    assert told(decision) == ("rules", "skip", False, ("EXPIRED", "HALTED", "rule_matched"))
    assert (decision.version, decision.is_ready, decision.domain) == (None, False, record.domain)


def test_without_approved_rules_nobody_decides_and_that_is_recorded(machine: Machine) -> None:
    machine.put(machine.record())
    with machine.loop() as loop:
        [*loop.run(bars()[: WARM + 1])]
        machine.put(rules={}, refused={MODEL: ["LIMITS"]})
        (decision,) = loop.on_bar(bars()[WARM + 1])
    assert told(decision) == ("nobody", "none", False, ("LIMITS", "no_rules"))
    event = machine.events("decision")[-1]
    assert (event["status"], event["side"]) == ("rejected", "none")


def test_what_stands_by_does_not_say_under_which_domain_a_model_decided_last(machine: Machine) -> None:
    older, newer = machine.record(7, purpose="The former."), machine.record(8)
    machine.put(newer, fallbacks=[older])
    with machine.loop() as loop:
        [*loop.run(bars()[: WARM + 1])]
        machine.put(rules={}, refused={MODEL: ["EXPIRED"]})
        (decision,) = loop.on_bar(bars()[WARM + 1])
    assert decision.domain == newer.domain != older.domain


def test_a_plan_brings_its_own_rules(machine: Machine) -> None:
    machine.put(machine.record(), rules={})
    assert told(newest(machine, WARM)) == ("rules", "skip", False, ("warming_up", "rule_matched"))


STOPS: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "halted here": ({"halts": [HALT]}, ("HALTED", "rule_matched")),
    "this model halted here": ({"halts": [replace(HALT, model=MODEL)]}, ("HALTED", "rule_matched")),
    "detached": ({"detached": True, "reason": "we look into it"}, ("rule_matched", "detached")),
}


@pytest.mark.parametrize(("said", "reasons"), STOPS.values(), ids=STOPS)
def test_what_is_said_on_this_machine_acts_on_the_next_bar_and_ends_with_its_word(
    machine: Machine, said: dict[str, object], reasons: tuple[str, ...]
) -> None:
    machine.put(machine.record())
    with machine.loop() as loop:
        before = [*loop.run(bars()[: WARM + 1])][-1]
        machine.say(**said)
        (stopped,) = loop.on_bar(bars()[WARM + 1])
        machine.say(halts=[], detached=False)
        (after,) = loop.on_bar(bars()[WARM + 2])
    assert told(stopped) == ("rules", "skip", False, reasons)
    assert before.arm == after.arm == "learned"


@pytest.mark.parametrize(("said", "reasons"), STOPS.values(), ids=STOPS)
def test_started_while_it_is_stopped_the_rules_decide_and_the_model_comes_back(
    machine: Machine, said: dict[str, object], reasons: tuple[str, ...]
) -> None:
    machine.put(machine.record())
    machine.say(**said)
    with machine.loop() as loop:
        stopped = [*loop.run(bars()[: WARM + 1])][-1]
        machine.say(halts=[], detached=False)
        (after,) = loop.on_bar(bars()[WARM + 1])
    assert told(stopped) == ("rules", "skip", False, reasons)
    assert after.arm == "learned"


def test_another_models_halt_is_not_ours(machine: Machine) -> None:
    machine.put(machine.record())
    machine.say(halts=[replace(HALT, model="other"), replace(HALT, model=MODEL, version="20200101T000000Z-00000000")])
    assert newest(machine).arm == "learned"


# --- maintenance --------------------------------------------------------------------------------------------------------------------


def test_maintenance_forbids_cancels_what_waits_and_ends(machine: Machine) -> None:
    record = machine.record(thresholds=LAX)
    machine.put(record)
    with machine.station() as station:
        loop = AIDecisionLoop("eurusd", station)
        waiting = [*loop.run(bars()[: WARM + 1])][-1]
        machine.put(record, maintenance=True)
        (paused,) = loop.on_bar(bars()[WARM + 1])
        assert pause_of(station) == "maintenance"
        machine.put(record)
        (after,) = loop.on_bar(bars()[WARM + 2])
        assert pause_of(station) is None
    assert waiting.accepted
    assert after.accepted
    assert told(paused) == ("learned", "enter", False, ("maintenance",))
    assert [(event["status"], event["signal_id"]) for event in machine.events("outcome")] == [("cancelled", waiting.id)]


def test_both_are_said_where_both_forbid(machine: Machine) -> None:
    record = machine.record(thresholds=LAX)
    machine.put(record, maintenance=True)
    machine.say(detached=True)
    assert newest(machine).reasons == ("rule_matched", "maintenance", "detached")


def test_an_order_that_a_pause_has_overtaken_is_recorded_as_cancelled(machine: Machine) -> None:
    class Pausing(PaperAutotrader):
        """Somebody pauses it between the decision and the order."""

        def submit(self, order: Order) -> None:
            self.pause("somebody")
            super().submit(order)

    machine.put(machine.record(thresholds=LAX))
    with machine.loop(trader=Pausing(TERMS)) as loop:
        decision = [*loop.run(bars()[: WARM + 1])][-1]
        (error,) = loop.failures
    assert isinstance(error, AutotraderPaused)
    assert told(decision) == ("learned", "enter", False, ("PAUSED",))
    assert [(event["status"], event["signal_id"]) for event in machine.events("outcome")] == [("cancelled", decision.id)]


# --- rollout and comparison ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [0, 25, 100])
def test_as_many_are_the_models_as_the_rollout_says(machine: Machine, percent: int) -> None:
    record = machine.record(rollout=percent)
    machine.put(record)
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[:600])][WARM:]
    learned = {decision.id for decision in decisions if decision.arm == "learned"}
    assert learned == {one.id for one in decisions if arm(one.id.removesuffix(f"/{MODEL}"), percent, record.version) == "learned"}
    assert abs(len(learned) / len(decisions) - percent / 100) < 0.08
    assert {one.reasons for one in decisions if one.arm == "rules"} <= {("rule_matched",)}


def test_raising_the_percent_takes_nobody_out(machine: Machine) -> None:
    found = []
    for percent in (10, 40):
        other = Machine(machine.root / str(percent))
        other.put(other.record(rollout=percent))
        with other.loop() as loop:
            found.append({decision.id for decision in loop.run(bars()[:300]) if decision.arm == "learned"})
    assert found[0] < found[1]


@pytest.mark.parametrize("rules", [[SKIP], [ENTER]], ids=["the rules skip", "the rules propose"])
def test_where_the_rules_decide_the_models_score_is_recorded_beside_it(machine: Machine, rules: list[object]) -> None:
    machine.put(machine.record(rollout=0, rules=rules))
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[:SHORT])][WARM:]
    other = Machine(machine.root / "other")
    other.put(other.record(rollout=100))
    with other.loop() as loop:
        learned = [*loop.run(bars()[:SHORT])][WARM:]
    scores = [
        (event["signal_id"], event["confidence"], dict(event["metadata"])["expected_return_bps"])  # type: ignore[call-overload]
        for event in machine.events("shadow_score")
    ]
    answers = [one.evaluation for one in learned if one.evaluation]
    wanted = [(answer.model_success_probability, answer.model_expected_return_bps) for answer in answers]
    assert scores == [(decision.id, *answer) for decision, answer in zip(decisions, wanted, strict=True)]
    assert {decision.arm for decision in decisions} == {"rules"}


def test_a_learned_decision_has_no_score_beside_it(machine: Machine) -> None:
    machine.put(machine.record())
    newest(machine)
    assert machine.events("shadow_score") == []


class Failing(Behind):
    """A model that gives no answer."""

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Fail."""
        self.asked += 1
        msg = f"no answer to {features}"
        raise RuntimeError(msg)


def test_a_score_beside_it_that_fails_changes_nothing_and_is_told(machine: Machine) -> None:
    machine.put(machine.record(rollout=0))
    with machine.loop(wrap=Failing) as loop:
        decisions = [*loop.run(bars()[:SHORT])]
        said = [error.message for error in loop.failures]
    assert {told(decision) for decision in decisions[WARM:]} == {("rules", "skip", False, ("rule_matched",))}
    assert said == [f"{MODEL}: expected a score to compare, got RuntimeError"] * 3  # then the breaker leaves it alone


def test_a_model_that_gives_no_answer_is_asked_once_and_the_rules_decide(machine: Machine) -> None:
    machine.put(machine.record(rules=[ENTER]))
    asked: list[Failing] = []

    def wrap(inner: object) -> Failing:
        asked.append(Failing(inner))  # type: ignore[arg-type]
        return asked[-1]

    with machine.loop(wrap=wrap) as loop:
        decision = [*loop.run(bars()[: WARM + 1])][-1]
    assert (decision.arm, decision.action) == ("rules", "enter")
    assert decision.reasons == ("score_failed", "rule_matched", "net_edge_below_minimum")
    assert sum(model.asked for model in asked) == 1
    assert machine.events("shadow_score") == []


def test_what_rules_propose_is_done_where_it_costs_nothing(machine: Machine) -> None:
    machine.put(machine.record(rollout=0, cost_bps=0.0, rules=[ENTER]))
    decision = newest(machine)
    assert told(decision) == ("rules", "enter", True, ("rule_matched",))
    assert machine.events("outcome")


# --- one state ----------------------------------------------------------------------------------------------------------------------


def test_a_swap_between_two_bars_takes_effect_whole(machine: Machine) -> None:
    first, second = machine.record(7), machine.record(8)
    machine.put(first)
    with machine.loop() as loop:
        before = [*loop.run(bars()[: WARM + 1])][-1]
        machine.put(second, commit="d" * 40)
        (after,) = loop.on_bar(bars()[WARM + 1])
    assert (before.version, before.commit) == (first.version, "c" * 40)
    assert (after.version, after.commit, after.arm) == (second.version, "d" * 40, "learned")
    alone = Machine(machine.root / "alone")
    alone.put(alone.record(8))
    evaluation = newest(alone, WARM + 2).evaluation
    assert evaluation is not None
    assert after.evaluation is not None
    assert after.evaluation.model_expected_return_bps == evaluation.model_expected_return_bps


def test_a_change_in_the_middle_of_a_decision_waits_for_the_next(machine: Machine) -> None:
    first, second = machine.record(7, thresholds=LAX), machine.record(8, thresholds=LAX)
    machine.put(first)

    class Swapping(Behind):
        """While it is asked, git changes everything."""

        def score(self, features: Mapping[str, float]) -> ModelScore:
            machine.put(second, commit="d" * 40, maintenance=True)
            machine.say(detached=True)
            return super().score(features)

    with machine.loop(wrap=Swapping) as loop:
        during = [*loop.run(bars()[: WARM + 1])][-1]
        (after,) = loop.on_bar(bars()[WARM + 1])
    assert (during.version, during.commit, during.accepted, during.reasons) == (first.version, "c" * 40, True, ())
    assert (after.commit, after.reasons) == ("d" * 40, ("rule_matched", "maintenance", "detached"))


def test_a_plan_that_comes_later_finds_its_features_as_if_it_had_been_there(machine: Machine) -> None:
    first, other = machine.record(7), machine.record(8)
    machine.put(first)
    plain = json.loads(machine.folder.blob(str(other.config)))
    plain["features"]["features"] = plain["features"]["features"][::-1]
    assert machine.plan(replace(other, config=machine.folder.keep(json.dumps(plain).encode()))).config is not None
    with machine.loop() as loop:
        [*loop.run(bars()[:100])]
        machine.put(other)
        (after,) = loop.on_bar(bars()[100])
    alone = Machine(machine.root / "alone")
    alone.put(alone.record(8))
    assert after.features == newest(alone, 101).features


# --- several models -----------------------------------------------------------------------------------------------------------------


def two_models(machine: Machine, **limits: str) -> None:
    """Put two models of the euro in force under the same limits."""
    names = [MODEL, "other_engine"]
    records = [machine.record(model=name, models=names, thresholds=LAX | limits) for name in names]
    machine.put(*records)


def test_every_model_of_the_instrument_decides_in_the_order_of_their_names(machine: Machine) -> None:
    two_models(machine)
    with machine.loop() as loop:
        decisions = loop.on_bar(bars()[0])
        assert [decision.model for decision in decisions] == [MODEL, "other_engine"]
        assert len({decision.id for decision in decisions}) == 2
    with machine.station() as station:
        assert AIDecisionLoop("gold", station).on_bar(bars()[0]) == []


def test_two_models_do_not_use_the_same_room(machine: Machine) -> None:
    two_models(machine, max_position_ratio="0.015")
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[: WARM + 1])][-2:]
    assert [(one.accepted, one.reasons) for one in decisions] == [(True, ()), (False, ("gross_notional_limit",))]


def test_two_instruments_do_not_use_the_same_room(machine: Machine) -> None:
    """Both models are asked at the same time if they can be; there is room for one position."""
    names = [MODEL, "other_engine"]
    record = machine.record(models=names, thresholds=LAX | {"max_open_positions": "1"})
    config = json.loads(machine.folder.blob(str(record.config)))
    config["data"]["instrument"] = "gold"
    gold = replace(record, model="other_engine", config=machine.folder.keep(json.dumps(config).encode()))
    machine.put(record, gold)
    both = threading.Barrier(2)

    class Meeting(Behind):
        """A model that waits a little for the other."""

        def score(self, features: Mapping[str, float]) -> ModelScore:
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(0.3)
            return super().score(features)

    machine.settings = replace(SETTINGS, score_budget_ms=10_000.0)
    with machine.station(wrap=Meeting) as station, ThreadPoolExecutor(2) as pool:
        loops = [AIDecisionLoop(symbol, station) for symbol in ("eurusd", "gold")]
        for loop in loops:
            loop.warm(bars()[:WARM])
        decided = [pool.submit(loop.on_bar, bars()[WARM]) for loop in loops]
        decisions = [decision for one in decided for decision in one.result()]
    assert sorted((one.accepted, one.reasons) for one in decisions) == [(False, ("open_positions_limit",)), (True, ())]


# --- protection ---------------------------------------------------------------------------------------------------------------------


def moved(count: int) -> Iterable[Bar]:
    """Yield bars whose prices jump as none in training did."""
    for number, bar in enumerate(bars()[:count]):
        by = 1.0 + 0.2 * (number % 7)
        yield bar._replace(open=bar.open * by, high=bar.high * by, low=bar.low * by, close=bar.close * by)


WINDOW = 250


def test_a_critical_window_shrinks_the_limits_once_and_the_memory_outlives_the_process(machine: Machine) -> None:
    machine.settings = replace(SETTINGS, enforce_monitoring=False)
    machine.put(machine.record(thresholds=LAX))
    with machine.loop() as loop:
        decisions = [*loop.run(moved(WARM + 2 * WINDOW + 1))]
    (trip,) = machine.events("guard_trip")
    (protected,) = machine.control().protected
    factors = [decision.protective_factor for decision in decisions]
    assert (trip["status"], trip["portfolio"]) == ("protective", MODEL)
    assert dict(trip["metadata"])["report_path"] == protected.path  # type: ignore[call-overload]
    assert (machine.root / protected.path).is_file()
    assert len(machine.events("ai_drift_report")) == 2
    assert [factor for factor, _ in pairwise(factors) if _ != factor] == [1.0]
    assert factors.index(0.5) == WARM + WINDOW  # the window's own decision was made before its report
    again = newest(machine, 1)
    assert again.protective_factor == 0.5


def test_shrunk_limits_refuse_what_the_whole_ones_let_pass(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX | {"max_position_ratio": "0.015"}))
    assert newest(machine, WARM + 1).accepted
    other = Machine(machine.root / "other")
    other.put(other.record(thresholds=LAX | {"max_position_ratio": "0.015"}))
    other.settings = replace(SETTINGS, protection=Protection(factor=0.5))
    with other.loop() as loop:
        [*loop.run(bars()[:WARM])]
        protect(other)
        (decision,) = loop.on_bar(bars()[WARM])
    assert told(decision) == ("learned", "enter", False, ("gross_notional_limit",))
    assert dict(other.events("decision")[-1]["metadata"])["protective_factor"] == 0.5  # type: ignore[call-overload]


def protect(machine: Machine, model: str = MODEL) -> None:
    """Shrink a model's limits, as a report would."""
    machine.say(protected=[Protected(model=model, path="audit/x.json", digest=f"sha256:{'0' * 64}", since=NOW)])


def test_an_enforced_critical_window_hands_over_to_the_rules(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    with machine.loop() as loop:
        decisions = [*loop.run(moved(WARM + WINDOW + 1))]
    assert told(decisions[WARM + WINDOW - 2]) == ("learned", "enter", True, ())
    for decision in decisions[WARM + WINDOW - 1 :]:
        assert told(decision) == ("rules", "skip", False, ("score_failed", "rule_matched"))
    assert dict(machine.events("decision")[-1]["metadata"])["findings"][0] == "score_failed: DataQualityException"  # type: ignore[call-overload]
    kinds = [event["event_type"] for event in machine.events()]
    assert kinds.index("ai_drift_report") < kinds.index("guard_trip") < len(kinds) - 1


def test_a_critical_state_outlives_the_process_until_a_window_is_well(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    with machine.loop() as loop:
        [*loop.run(moved(WARM + WINDOW))]
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[: WARM + WINDOW + 1])]
    assert decisions[WARM].reasons == ("score_failed", "rule_matched")
    assert decisions[WARM + WINDOW - 2].reasons == ("score_failed", "rule_matched")
    assert decisions[WARM + WINDOW].arm == "learned"


# --- failures -----------------------------------------------------------------------------------------------------------------------


def test_of_many_failures_the_newest_are_kept(machine: Machine) -> None:
    machine.put(machine.record(rollout=0))

    class Broken(Behind):
        """It is asked again and again: the breaker's pause is over whenever it has answered once."""

        def score(self, features: Mapping[str, float]) -> ModelScore:
            self.asked += 1
            if self.asked % 2:
                msg = "no"
                raise RuntimeError(msg)
            return self.inner.score(features)

    with machine.loop(wrap=Broken) as loop:
        [*loop.run(bars()[: 3 * KEPT_FAILURES])]
        assert len(loop.failures) == KEPT_FAILURES


def test_a_decision_for_whose_record_there_is_no_place_is_not_done(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    reached, opened = threading.Event(), threading.Event()

    def stuck() -> TradingDecisionEvent:
        """Stand still in the writer's thread, as a disk that does not answer does."""
        reached.set()
        opened.wait(10)
        return cancelled(ORDER, "paper", NOW)

    with machine.station(capacity=1, wait_s=0.01) as station:
        loop = AIDecisionLoop("eurusd", station)
        loop.warm(bars()[:WARM])
        station.writer.put(stuck)
        assert reached.wait(10)
        station.writer.put(stuck)
        (decision,) = loop.on_bar(bars()[WARM])
        opened.set()
        assert isinstance(station.autotrader, PaperAutotrader)
        assert station.autotrader.state().pending == ()
    assert told(decision) == ("learned", "enter", False, ("AUDIT",))
    assert machine.events("decision") == []
    assert [error.message for error in loop.failures] == [
        "journal: expected a place for a record within 0.01 s, got a queue that is full"
    ]


def test_a_fill_that_is_not_recorded_is_told(machine: Machine) -> None:
    """Nothing waits for the record of a fill; it is looked at all the same."""
    machine.put(machine.record(thresholds=LAX))

    class Wordless(PaperAutotrader):
        """Its fills cannot be written down."""

        def on_bar(self, symbol: str, bar: Bar) -> list[object]:  # type: ignore[override]
            fills = super().on_bar(symbol, bar)
            return [replace(fill, price=float("nan")) for fill in fills]

    with machine.loop(trader=Wordless(TERMS)) as loop:
        [*loop.run(bars()[: WARM + 2])]
        (error,) = loop.failures
    assert isinstance(error, AuditError)
    assert error.message.startswith("event: price: expected finite numbers")


def test_only_plans_that_read_bars_have_an_instrument(machine: Machine) -> None:
    record = machine.record()
    assert symbol_of(machine.plan(record)) == "eurusd"
    assert symbol_of(machine.plan(replace(record, config=None))) is None


# --- a meta-label model ---------------------------------------------------------------------------------------------------------------

LONG = WARM + 60


def test_the_meta_label_model_in_force_holds_back_what_it_does_not_confirm(machine: Machine) -> None:
    record, meta = gated(machine), meta_record(machine)
    machine.put(record, meta)
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[:LONG])][WARM:]
    assert {decision.model for decision in decisions} == {MODEL}  # the meta-label model decides nothing by itself
    for decision in decisions:
        assert decision.meta_label is not None
        assert (decision.meta_label.model, decision.meta_label.version) == (META, meta.version)
        assert decision.meta_label.probability is not None
        assert decision.accepted == (decision.meta_label.probability >= float(MIDDLE))
    assert {decision.reasons for decision in decisions} == {(), ("meta_label_below_minimum",)}
    facts = [dict(event["metadata"])["meta_label"] for event in machine.events("decision")][WARM:]  # type: ignore[call-overload]  # plain JSON
    assert facts == [json.loads(msgspec.json.encode(decision.meta_label)) for decision in decisions]
    assert not loop.failures


@pytest.mark.parametrize("said", [{"halts": [replace(HALT, model=META)]}, {}], ids=["halted", "not in force"])
def test_a_gate_that_is_away_is_closed_and_opens_again(machine: Machine, said: dict[str, object]) -> None:
    record, meta = gated(machine, "0"), meta_record(machine)
    machine.put(record, meta)
    with machine.loop() as loop:
        accepted = [decision.accepted for decision in loop.run(bars()[:SHORT])]
        machine.say(**said) if said else machine.put(record)
        closed = [*loop.run(bars()[SHORT : SHORT + 3])]
        machine.say(halts=[])
        machine.put(record, meta)
        opened = [*loop.run(bars()[SHORT + 3 : SHORT + 6])]
    assert any(accepted)
    assert {(decision.accepted, decision.reasons, decision.arm) for decision in closed} == {
        (False, ("meta_label_missing",), "learned")
    }
    assert all(decision.meta_label == MetaLabelFacts(META) for decision in closed)
    assert all(decision.accepted for decision in opened)


def test_a_meta_label_release_that_cannot_be_served_ends_no_feed(machine: Machine) -> None:
    record, meta = gated(machine, "0"), meta_record(machine)
    machine.put(record, replace(meta, drift=record.drift))
    with machine.loop() as loop:
        decisions = [*loop.run(bars()[:SHORT])][WARM:]
    assert {decision.reasons for decision in decisions} == {("meta_label_missing",)}
    assert all("drift report" in error.message for error in loop.failures)
    assert loop.failures


def test_a_decision_without_a_condition_says_nothing_of_a_meta_label_model(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX), meta_record(machine))
    decision = newest(machine)
    assert decision.meta_label is None
    assert "meta_label" not in str(machine.events("decision")[-1])
