"""Features of several plans over the same bars."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.errors import ConfigError, InputError
from bot_core.features.online import OnlineFeatures
from bot_core.runtime.streams import FeatureStreams, spec_of
from tests.machine import MODEL, WARM, Machine, bars

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.ai.plan import Plan

PERIODS = {"slow": 200, "quick": 5}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def plan(machine: Machine, period: int | None = None) -> Plan:
    """Compile a plan; another period of momentum is another specification."""
    record = machine.record()
    if period is None:
        return machine.plan(record)
    config = json.loads(machine.folder.blob(str(record.config)))
    config["features"]["features"][0]["parameters"]["period"] = period
    return machine.plan(replace(record, config=machine.folder.keep(json.dumps(config).encode())))


def alone(wanted: Plan, count: int) -> dict[str, float] | None:
    """Return a plan's features as a stream of its own gives them."""
    stream = OnlineFeatures(spec_of(wanted))
    values = None
    for bar in bars()[:count]:
        values = stream.update(bar)
    return None if values is None else dict(zip(stream.spec.names, values, strict=True))


def test_nothing_while_it_warms_up_then_the_features_by_name(machine: Machine) -> None:
    streams, wanted = FeatureStreams(), plan(machine)
    streams.want([wanted])
    for number, bar in enumerate(bars()[: WARM + 3], start=1):
        streams.update(bar)
        assert streams.of(wanted) == alone(wanted, number)
    assert len(streams) == WARM + 3
    assert streams.of(wanted) is not None


@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
def test_a_plan_that_comes_later_agrees_to_the_last_bit(machine: Machine, period: int) -> None:
    streams, first, later = FeatureStreams(), plan(machine), plan(machine, period)
    streams.want([first])
    for bar in bars()[:300]:
        streams.update(bar)
    assert streams.of(later) is None
    streams.want([first, later])
    assert streams.of(later) == alone(later, 300)
    for bar in bars()[300:310]:
        streams.update(bar)
    assert (streams.of(first), streams.of(later)) == (alone(first, 310), alone(later, 310))


def test_what_nobody_wants_any_more_is_forgotten_and_comes_back_whole(machine: Machine) -> None:
    streams, first, other = FeatureStreams(), plan(machine), plan(machine, 5)
    streams.want([first, other])
    for bar in bars()[:50]:
        streams.update(bar)
    streams.want([other])
    assert streams.of(first) is None
    for bar in bars()[50:60]:
        streams.update(bar)
    streams.want([first])
    assert streams.of(first) == alone(first, 60)


def test_two_plans_of_one_configuration_share_their_features(machine: Machine) -> None:
    streams, one = FeatureStreams(), machine.record()
    both = [machine.plan(one), machine.plan(replace(one, rollout=25))]
    streams.want(both)
    for bar in bars()[:30]:
        streams.update(bar)
    assert streams.of(both[0]) == streams.of(both[1]) == alone(both[0], 30)


def test_a_bar_that_is_none_was_never_there(machine: Machine) -> None:
    streams, both = FeatureStreams(), [plan(machine), plan(machine, 5)]
    streams.want(both)
    for number, bar in enumerate(bars()[:40]):
        if number % 10 == 5:
            with pytest.raises(InputError):
                streams.update(bar._replace(close=float("inf")))
        streams.update(bar)
    assert len(streams) == 40
    assert [streams.of(each) for each in both] == [alone(each, 40) for each in both]


def test_without_plans_bars_are_kept_for_those_to_come(machine: Machine) -> None:
    streams, wanted = FeatureStreams(), plan(machine)
    for bar in bars()[:40]:
        streams.update(bar)
    streams.want([wanted])
    assert streams.of(wanted) == alone(wanted, 40)


def test_a_bar_takes_48_bytes_and_the_oldest_go() -> None:
    streams, values = FeatureStreams(kept=4_096), bars()[:100]
    for number in range(3 * 4_096):
        streams.update(values[number % len(values)])
        assert min(number + 1, 4_096) <= len(streams) <= 2 * 4_096
    held = [block for block in vars(streams)["_blocks"] if type(block).__name__ == "array"]
    assert sum(block.buffer_info()[1] * block.itemsize for block in held) == 48 * len(streams)


def test_who_comes_after_the_oldest_bars_went_begins_at_those_that_are_kept(machine: Machine) -> None:
    streams, first, later = FeatureStreams(kept=1), plan(machine), plan(machine, 5)
    streams.want([first])
    history = [bar._replace(time=float(number)) for number, bar in enumerate([*bars(), *bars()][: 2 * 4_096 + 100])]
    alone_from_there = OnlineFeatures(spec_of(later))
    for number, bar in enumerate(history):
        streams.update(bar)
        values = alone_from_there.update(bar) if number >= 4_096 else None
    assert len(streams) == 4_096 + 100
    streams.want([first, later])
    assert values is not None
    assert streams.of(later) == dict(zip(alone_from_there.spec.names, values, strict=True))


# --- plans without features of bars -------------------------------------------------------------------------------------------------


def test_a_plan_without_its_configuration_reads_no_bars(machine: Machine) -> None:
    wanted = machine.plan(replace(machine.record(), config=None))
    with pytest.raises(ConfigError) as caught:
        spec_of(wanted)
    expected = "features: expected an archived configuration of features made from bars, got none"
    assert caught.value.message == f"{MODEL} {wanted.record.version}: {expected}"


def test_features_of_another_model_are_refused(machine: Machine) -> None:
    record = machine.record()
    config = json.loads(machine.folder.blob(str(record.config)))
    config["features"]["features"].reverse()
    wanted = machine.plan(replace(record, config=machine.folder.keep(json.dumps(config).encode())))
    with pytest.raises(ConfigError, match=r"expected those of the model, momentum, volume_ratio; got volume_ratio, momentum"):
        FeatureStreams().want([wanted])
