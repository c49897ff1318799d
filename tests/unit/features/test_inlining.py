"""Steps in a row: the same bits as calling each."""

from __future__ import annotations

import math
import struct
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING

import pytest

from bot_core.features.indicators import INDICATORS
from bot_core.features.indicators.indicator import Bar
from bot_core.features.inlining import inlined
from tests.unit.features.conftest import to_bars

if TYPE_CHECKING:
    import pandas as pd

    from bot_core.features.indicators.indicator import State, Update

FACTOR = 3.0
BARS = [Bar(0.0, 2.0 + step % 3, 4.0 + step % 5, 2.0 + step % 7, 1.0 + step % 4, 5.0) for step in range(40)]


def spread(state: State, bar: Bar) -> float:
    """Return out of a condition in a condition, and after both."""
    tripled = bar.high - bar.low  # a local name that is a function's too
    if tripled > 1.0:
        if bar.close > bar.open:
            return tripled
        state[0] = 7.0
    elif tripled == 1.0:
        return math.nan
    tripled += state[0]
    return tripled


def tripled(memory: State, x: float) -> float:
    """Change a parameter and the state."""
    x *= FACTOR
    memory[0] += x
    return x


def at_the_end(state: State, bar: Bar) -> float:
    return tripled(state, bar.close)


def on_the_way(state: State, bar: Bar) -> float:
    x = bar.close
    y = tripled(state, x)
    return x + y * state[0]


def crosswise(x: float, y: float) -> tuple[float, float]:
    return y, x


def swapped(state: State, bar: Bar) -> float:
    """Take back crosswise what was handed over."""
    x, y = bar.open, bar.close
    x, y = crosswise(x, y)
    return x - 2.0 * y + state[0]


def read_before(state: State, bar: Bar) -> float:
    """Read before the call what the call changes."""
    return state[0] - tripled(state, bar.close) + state[0]


def computed_first(state: State, bar: Bar) -> float:
    return math.sqrt(bar.close / tripled(state, bar.close) + state[0]) - state[0]


def computed_first_of_two(state: State, bar: Bar) -> float:
    return tripled(state, bar.close) * state[0] - tripled(state, bar.open)


def under_a_condition(state: State, bar: Bar) -> float:
    return tripled(state, bar.close) if bar.close > bar.open else 0.0


def leaves_a_loop(state: State, bar: Bar) -> float:
    for x in (state[0], bar.open):
        if x > bar.close:
            return x
    return bar.close


def with_default(state: State, bar: Bar, factor: float = 2.0) -> float:
    return state[0] + factor * bar.close


def with_a_list(state: State, bar: Bar) -> float:
    return sum([x * bar.close for x in state])


def with_keyword(state: State, bar: Bar) -> float:
    return tripled(state, x=bar.close)


def by_a_local_name(state: State, bar: Bar) -> float:
    tripled = math.sqrt
    root = tripled(bar.close)
    return root - state[0]


def run(updates: list[Update], states: list[State], bars: list[Bar]) -> bytes:
    """Run step by step, each function called as it stands."""
    return b"".join(struct.pack("<d", update(state, bar)) for bar in bars for update, state in zip(updates, states, strict=True))


def run_inlined(updates: list[Update], states: list[State], bars: list[Bar]) -> bytes:
    step = inlined(tuple(updates))
    return b"".join(struct.pack("<d", value) for bar in bars for value in step(states, bar, *bar))


def called(*updates: Update) -> set[str]:
    """Name the functions that are called as they stand."""
    step = inlined(updates)
    return {value.__name__ for value in step.__globals__.values() if isinstance(value, FunctionType)} - {"step"}


def test_all_indicators_in_a_row_give_the_bits_of_each_alone(hourly: pd.DataFrame) -> None:
    updates = [indicator.update for indicator in INDICATORS.values()]
    bars = to_bars(hourly.head(1500))
    alone, row = ([i.init(*(p.default for p in i.parameters)) for i in INDICATORS.values()] for _ in range(2))
    assert run(updates, alone, bars) == run_inlined(updates, row, bars)
    assert repr(alone) == repr(row)


@pytest.mark.parametrize("name", INDICATORS)
def test_every_indicator_of_the_catalogue_is_written_out(name: str) -> None:
    update = INDICATORS[name].update
    assert update.__name__ not in called(update)


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (spread, set()),
        (at_the_end, set()),
        (on_the_way, set()),
        (swapped, set()),
        (by_a_local_name, set()),
        (computed_first, set()),
        (computed_first_of_two, {"tripled"}),
        (read_before, {"tripled"}),
        (under_a_condition, {"tripled"}),
        (leaves_a_loop, {"leaves_a_loop"}),
        (with_default, {"with_default"}),
        (with_a_list, {"with_a_list"}),
        (with_keyword, {"with_keyword"}),
    ],
)
def test_what_is_written_out_and_what_is_called_give_the_same(update: Update, expected: set[str]) -> None:
    updates, alone, row = [update, at_the_end, update], [[1.0], [2.0], [3.0]], [[1.0], [2.0], [3.0]]
    assert called(update) == expected
    assert run(updates, alone, BARS) == run_inlined(updates, row, BARS)
    assert alone == row


def test_what_is_no_plain_function_is_called() -> None:
    calls = partial(with_default, factor=3.0)
    assert inlined((calls,))([[1.0]], BARS[0], *BARS[0]) == [1.0 + 3.0 * BARS[0].close]


def test_a_function_that_its_file_does_not_hold_any_more_is_called() -> None:
    names: dict[str, object] = {"__name__": __name__}
    above = "\n" * (at_the_end.__code__.co_firstlineno - 1)
    exec(f"{above}def at_the_end(state, bar):\n    return -bar.close", names)  # noqa: S102  # what was there before an edit
    edited = names["at_the_end"]
    assert isinstance(edited, FunctionType)
    assert called(edited) == {"at_the_end"}
    assert inlined((edited,))([[]], BARS[0], *BARS[0]) == [-BARS[0].close]
