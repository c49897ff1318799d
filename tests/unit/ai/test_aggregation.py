from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot_core.ai.aggregation import aggregator, joined, proven
from bot_core.documents.artifact import EnsembleState, LinearState, MemberState, learned_digest
from bot_core.errors import PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot_core.documents.artifact import MemberModel

SAID = st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=9)


def line(intercept: float) -> LinearState:
    return LinearState(intercept=intercept, coefficients=[1.0], link="identity")


def ensemble(aggregation: str, count: int, weights: Sequence[float] = ()) -> EnsembleState:
    """Make an ensemble of so many constants."""
    states = [line(float(place)) for place in range(count)]
    given: list[float | None] = [*weights] or [None] * count
    members = [
        MemberState(name=f"m{place}", digest=learned_digest(state), weight=weight, state=state)
        for place, (state, weight) in enumerate(zip(states, given, strict=True))
    ]
    return msgspec.convert(
        {"format": "ensemble-json", "aggregation": aggregation, "members": msgspec.to_builtins(members)}, EnsembleState
    )


@pytest.mark.parametrize(
    ("aggregation", "said", "expected"),
    [
        ("mean", [1.0, 2.0, 6.0], 3.0),
        ("median", [9.0, 1.0, 2.0], 2.0),
        ("median", [9.0, 1.0, 2.0, 4.0], 3.0),
        ("max", [1.0, -2.0, 0.5], 1.0),
        ("min", [1.0, -2.0, 0.5], -2.0),
    ],
)
def test_one_number_of_several(aggregation: str, said: list[float], expected: float) -> None:
    assert aggregator(ensemble(aggregation, len(said)))(said) == expected


def test_a_weight_counts_by_its_share() -> None:
    assert aggregator(ensemble("weighted", 2, [3.0, 1.0]))([4.0, 8.0]) == 5.0
    assert aggregator(ensemble("weighted", 2, [0.75, 0.25]))([4.0, 8.0]) == 5.0


@given(SAID, st.data())
def test_what_they_say_together_lies_between_what_each_says(said: list[float], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.floats(0.01, 100), min_size=len(said), max_size=len(said)))
    slack = 1e-9 * max(abs(one) for one in said)
    for aggregation in ("mean", "median", "weighted", "max", "min"):
        state = ensemble(aggregation, len(said), weights if aggregation == "weighted" else ())
        assert min(said) - slack <= aggregator(state)(said) <= max(said) + slack


@given(SAID)
def test_the_mean_is_the_mean(said: list[float]) -> None:
    exact = sum(map(Fraction, said)) / len(said)
    assert aggregator(ensemble("mean", len(said)))(said) == pytest.approx(float(exact), abs=1e-3)


@pytest.mark.parametrize("aggregation", ["mean", "median", "weighted", "max", "min"])
@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_member_without_a_finite_answer_leaves_none(aggregation: str, broken: float, place: int) -> None:
    said = [1.0, 2.0, 3.0]
    said[place] = broken
    weights = (1.0, 1.0, 1.0) if aggregation == "weighted" else ()
    assert math.isnan(aggregator(ensemble(aggregation, 3, weights))(said))


def test_a_row_is_scored_by_each_member() -> None:
    asked: list[MemberModel] = []

    def load(member: MemberModel) -> Callable[[Sequence[float]], float]:
        assert isinstance(member, LinearState)
        asked.append(member)
        return lambda values: member.intercept + sum(values)

    assert joined(ensemble("mean", 2), load)([10.0]) == 10.5
    assert asked == [line(0.0), line(1.0)]


def test_a_member_that_is_not_what_its_digest_names_is_refused() -> None:
    state = ensemble("mean", 2)
    second = msgspec.structs.replace(state.members[1], state=line(7.0))
    with pytest.raises(PredictorError) as refused:
        list(proven(msgspec.structs.replace(state, members=[state.members[0], second])))
    got = learned_digest(line(7.0))
    assert refused.value.message == f"model_state: members[1] (m1): expected what {second.digest} names, got {got}"
