"""What an indicator is: one plain definition that the batch compiles and the serving path runs as it stands.

An indicator is two functions. `init(*parameters)` returns its state, a list of floats with the parameters and all memory in it.
`update(state, bar)` takes one bar and returns one value, `math.nan` while warming up. Both runs must agree to the last bit, so
these functions are undecorated, compute with + - * / % and `math.log` and `sqrt` only (never a power: compilers round it
differently), and index the state by number. A bar costs constant work, amortised.

Bars come in checked, by `engineer` and by `online`: prices are finite and above zero, volumes finite and not below zero. So a
price, or a mean of prices, may divide unguarded; every other divisor can be zero, and its indicator says what the value is then.
A price of 0 in a state means that none has come yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

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
