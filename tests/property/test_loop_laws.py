"""Laws of the loop: it knows no future, it can stop and go on anywhere, and nothing is done that is forbidden, whatever is said."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core.decision import rules, thresholds
from bot_core.documents.interventions import Halt
from bot_core.documents.runtime import Control
from bot_core.runtime.judgement import CODES
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.paper import PaperAutotrader
from tests.machine import LAX, MODEL, NOW, SKIP, TERMS, WARM, Machine, bars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot_core.documents.runtime import Servable
    from bot_core.features.indicators.indicator import Bar

    Events = list[dict[str, object]]

TIMING = ("timestamp", "latency_ms")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Machine]:
    """Make machines, one for each run, each with the same plan in force."""
    numbers, root = count(), tmp_path_factory.mktemp("laws")
    return lambda: Machine(root / str(next(numbers)))


def timeless(events: Events) -> Events:
    """Leave out of events what the clock says."""
    return [{name: value for name, value in event.items() if name not in TIMING} for event in events]


def run(machine: Machine, wanted: Sequence[Bar], *, rollout: int = 70) -> Events:
    """Decide on bars; return what was recorded."""
    machine.put(machine.record(rollout=rollout, thresholds=LAX))
    with machine.loop() as loop:
        for bar in wanted:
            loop.on_bar(bar)
        assert not loop.failures
    return timeless(machine.events())


def until(events: Events, decisions: int) -> Events:
    """Return everything up to so many decisions."""
    places = [place for place, event in enumerate(events) if event["event_type"] == "decision"]
    return events[: places[decisions - 1] + 1]


def another_future(wanted: Sequence[Bar], past: int, order: Sequence[int]) -> list[Bar]:
    """Put the bars to come in another order; the times stay where they are, for a feed only goes forward."""
    times = [bar.time for bar in wanted[past:]]
    return [*wanted[:past], *(wanted[past + place]._replace(time=time) for time, place in zip(times, order, strict=True))]


# --- no future ----------------------------------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(past=st.integers(WARM + 1, 60), order=st.permutations(range(40)))
def test_no_order_of_the_bars_to_come_changes_a_decision(fresh: Callable[[], Machine], past: int, order: list[int]) -> None:
    wanted = bars()[: past + 40]
    known, permuted = run(fresh(), wanted), run(fresh(), another_future(wanted, past, order))
    stopped = run(fresh(), wanted[:past])
    assert until(known, past) == until(permuted, past) == until(stopped, past)


def test_all_bars_to_come_in_another_order_and_two_thousand_decisions_stay_the_same(fresh: Callable[[], Machine]) -> None:
    """Real data, a real model, its monitor, its orders and their fills: everything recorded up to there but the times."""
    past, wanted = 2_000, bars()
    order = np.random.default_rng(7).permutation(len(wanted) - past).tolist()
    known = run(fresh(), wanted[: past + 500])
    permuted = run(fresh(), another_future(wanted, past, order)[: past + 500])
    assert until(known, past) == until(permuted, past) == until(run(fresh(), wanted[:past]), past)
    assert known != permuted  # it is another future
    kinds = {str(event["event_type"]) for event in until(known, past)}
    assert kinds == {"decision", "outcome", "shadow_score", "ai_data_quality_report", "ai_drift_report"}
    arms = [dict(event["metadata"])["arm"] for event in known if event["event_type"] == "decision"]  # type: ignore[call-overload]
    assert {"learned", "rules"} == set(arms)


# --- stop and go on -----------------------------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(cut=st.integers(1, 69))
def test_a_restart_changes_nothing(fresh: Callable[[], Machine], cut: int) -> None:
    """The account as it was, the bars before in the features: the same decisions, fills and scores."""
    whole, parted = fresh(), fresh()
    expected = run(whole, bars()[:70])
    parted.put(parted.record(rollout=70, thresholds=LAX))
    trader = PaperAutotrader(TERMS)
    with parted.loop(trader=trader) as loop:
        [*loop.run(bars()[:cut])]
    again = PaperAutotrader.restore(trader.state(), TERMS)
    with parted.loop(trader=again) as loop:
        loop.warm(bars()[:cut])
        [*loop.run(bars()[cut:70])]
    assert timeless(parted.events()) == expected


# --- whatever is said ---------------------------------------------------------------------------------------------------------------

HALT = Halt(
    schema="bot-core/halt/v1",
    repository="quant/models",
    environment="paper",
    id="20261121t120000z-ann",
    signer="ann",
    issued=NOW,
    reason="We look into it.",
)
GATE = {"EXPIRED", "HALTED"}


@dataclass
class World:
    """Everything that may be in force or said at a bar."""

    plan: Servable | None = None
    maintenance: bool = False
    detached: bool = False
    halted: bool = False
    ruled: bool = True

    @property
    def stopped(self) -> bool:
        """Whether no model may decide, or nothing may be done."""
        return self.plan is None or self.maintenance or self.detached or self.halted


WORDS = st.sampled_from(
    ["first", "second", "nothing", "maintenance", "detached", "halted", "ruled", "damaged active", "damaged control", "on", "on"]
)


def say(word: str, world: World, records: dict[str, Servable]) -> World:
    """Let one thing change."""
    if word in records:
        return World(records[word], world.maintenance, world.detached, world.halted, world.ruled)
    if word == "nothing":
        return World(None, world.maintenance, world.detached, world.halted, world.ruled)
    if word in {"maintenance", "detached", "halted", "ruled"}:
        return World(**(vars(world) | {word: not getattr(world, word)}))
    return world


def apply(word: str, world: World, machine: Machine, records: dict[str, Servable]) -> None:
    """Write it down, or damage the file."""
    if world.plan is None:
        machine.put(refused={MODEL: ["EXPIRED"]}, maintenance=world.maintenance)
    else:
        machine.put(world.plan, maintenance=world.maintenance)
    active = machine.folder.active()
    assert active is not None
    machine.folder.write(replace(active, rules={MODEL: records["first"].domain} if world.ruled else {}))
    machine.folder.write(Control(detached=world.detached, halts=[HALT] if world.halted else []))
    if word == "damaged active":
        machine.folder.active_path.write_bytes(b"{")
    if word == "damaged control":
        machine.folder.control_path.write_bytes(b"{")


@settings(max_examples=25, deadline=None)
@given(words=st.lists(WORDS, min_size=5, max_size=25))
def test_whatever_is_said_nothing_is_done_that_is_forbidden(fresh: Callable[[], Machine], words: list[str]) -> None:
    """One state per decision; accepted only where everything allows it; a reason otherwise; a line for each, before its order."""
    machine = fresh()
    records = {
        "first": machine.record(7, thresholds=LAX, rules=[replace(SKIP, when="momentum > 0"), SKIP]),
        "second": machine.record(8, thresholds=LAX),
    }
    world = World(records["first"])
    apply("", world, machine, records)
    with machine.loop() as loop:
        loop.warm(bars()[:WARM])
        decided = []
        for word, bar in zip(words, bars()[WARM:], strict=False):
            world = say(word, world, records)
            apply(word, world, machine, records)
            (decision,) = loop.on_bar(bar)
            decided.append(decision)
            damaged = word.startswith("damaged")
            if decision.accepted:
                assert not world.stopped
                assert not damaged
                assert (decision.arm, decision.version) == ("learned", world.plan.version)  # type: ignore[union-attr]
                assert decision.reasons == ()
            else:
                assert decision.reasons
            assert set(decision.reasons) <= CODES.keys() | rules.CODES.keys() | thresholds.CODES.keys() | GATE
            assert ("detached" in decision.reasons) == (world.detached or damaged)
            assert ("maintenance" in decision.reasons) == (world.maintenance and not damaged)
        assert not loop.failures
    require_sound(machine, [decision.id for decision in decided if decision.accepted], len(decided))


def require_sound(machine: Machine, accepted: list[str], decided: int) -> None:
    """Check the journal: a line per decision, and each order ends once, after its decision was recorded."""
    events = machine.events()
    lines = [event for event in events if event["event_type"] == "decision"]
    assert len(lines) == decided
    assert [event["signal_id"] for event in lines if event["status"] == "accepted"] == accepted
    seen: set[object] = set()
    begun: list[object] = []
    for event in events:
        if event["event_type"] == "decision" and event["status"] == "accepted":
            seen.add(event["signal_id"])
        if event["event_type"] == "outcome":
            assert event["signal_id"] in seen
            begun += [event["signal_id"]] if event["status"] != "exit" else []
    assert begun in (accepted, accepted[:-1])  # the newest may still wait for its bar


@settings(max_examples=5, deadline=None)
@given(low=st.integers(0, 100), high=st.integers(0, 100))
def test_raising_the_percent_only_adds_decisions_of_the_model(fresh: Callable[[], Machine], low: int, high: int) -> None:
    found = []
    for percent in sorted((low, high)):
        events = run(fresh(), bars()[: WARM + 30], rollout=percent)
        decisions = [event for event in events if event["event_type"] == "decision"]
        found.append({event["signal_id"] for event in decisions if dict(event["metadata"])["arm"] == "learned"})  # type: ignore[call-overload]
    assert found[0] <= found[1]


def test_a_loop_of_another_instrument_decides_nothing(fresh: Callable[[], Machine]) -> None:
    machine = fresh()
    machine.put(machine.record())
    with machine.station() as station:
        assert [*AIDecisionLoop("gold", station).run(bars()[:5])] == []
