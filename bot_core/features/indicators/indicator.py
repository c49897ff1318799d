"""What an indicator is: one plain definition that the batch compiles and the serving path runs as it stands.

An indicator is two functions. `init(*parameters)` returns its state, a list of floats with the parameters and all memory in it.
`update(state, bar)` takes one bar and returns one value, `math.nan` while warming up. Both runs must agree to the last bit, so these
functions are undecorated, compute with + - * / % and `math.log` and `sqrt` only (never a power: compilers round it differently), and
index the state by number. A bar costs constant work, amortised.

Bars come in checked (see `check`): prices are finite and above zero, volumes finite and not below zero. So only a price may divide
unguarded; every other divisor can be zero, and its indicator's docstring says what the value is then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bot_core.errors import InputError

State = list[float]
"""All that an indicator remembers."""


class Bar(NamedTuple):
    """One bar: `time` is its opening, in seconds since 1970 UTC."""

    time: float
    open: float
    high: float
    low: float
    close: float
    volume: float


Init = Callable[..., State]
Update = Callable[[State, Bar], float]
WarmUp = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an indicator, with its default and its inclusive range; `whole` ones count bars."""

    name: str
    default: float
    low: float
    high: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Indicator:
    """A definition. `warm_up(*parameters)` is the number of bars before the first finite value.

    `ascending` names parameters of which each must be larger than the one before (fast, slow).
    """

    init: Init
    update: Update
    warm_up: WarmUp
    parameters: tuple[Parameter, ...] = ()
    ascending: tuple[str, ...] = ()


def whole(name: str, default: int, low: int = 1, high: int = 5000) -> Parameter:
    """Describe a number of bars."""
    return Parameter(name, float(default), float(low), float(high), whole=True)


def number(name: str, default: float, low: float, high: float) -> Parameter:
    """Describe a real parameter."""
    return Parameter(name, default, low, high, whole=False)


def check(bar: Bar) -> None:
    """Refuse a bar that indicators are not defined for.

    Raises:
        InputError: a price that is not finite and above zero, high below low, or a volume that is not finite and at or above zero.
    """
    inside = bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high
    if inside and 0.0 < bar.low and bar.high < math.inf and 0.0 <= bar.volume < math.inf:
        return
    msg = f"bar at {bar.time:.0f}: expected finite prices above zero between low and high and a volume not below zero, got {tuple(bar)}"
    raise InputError(msg, hint="nothing may be decided on this bar; check the source")
