"""Which features a model reads, in which order, under which definitions: checked once, named by a digest.

The digest covers each feature's name, indicator, parameters (defaults written out) and the source of every module its definition
calls. Two specs with one digest compute the same numbers.
"""

from __future__ import annotations

import difflib
import inspect
import json
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from types import FunctionType
from typing import TYPE_CHECKING

from bot_core._digest import sha256, sha256_pairs
from bot_core.errors import ConfigError
from bot_core.features.indicators import INDICATORS

RESERVED = ("time", "label_end", "target", "payoff")  # the other columns of the feature table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from bot_core.config.models import IndicatorFeature, IndicatorFeatures
    from bot_core.features.indicators.indicator import Indicator, Parameter, State, Update


@dataclass(frozen=True)
class FeatureDefinition:
    """One feature: its name, its indicator's name, and all parameters in the indicator's order."""

    name: str
    indicator: str
    parameters: tuple[tuple[str, float], ...]

    @property
    def update(self) -> Update:
        """The indicator's step."""
        return INDICATORS[self.indicator].update

    @property
    def warm_up(self) -> int:
        """Bars before the first finite value."""
        return int(INDICATORS[self.indicator].warm_up(*self._values))

    def start(self) -> State:
        """Return a fresh state."""
        return INDICATORS[self.indicator].init(*self._values)

    @property
    def _values(self) -> list[float]:
        return [value for _, value in self.parameters]


@dataclass(frozen=True)
class FeatureSpec:
    """Features in the order of the model's columns."""

    definitions: tuple[FeatureDefinition, ...]

    @classmethod
    def of(cls, config: IndicatorFeatures) -> FeatureSpec:
        """Check a configuration and fill in the defaults.

        Raises:
            ConfigError: an unknown indicator or parameter, a value out of range, a name given twice or reserved.
        """
        names: set[str] = set()
        for feature in config.features:
            _check_name(feature.name, names)
            names.add(feature.name)
        return cls(tuple(_define(feature) for feature in config.features))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(definition.name for definition in self.definitions)

    @property
    def warm_up(self) -> int:
        """Bars before every feature is finite."""
        return max(definition.warm_up for definition in self.definitions)

    @cached_property
    def digest(self) -> str:
        """`sha256:…` of the definitions and of the code they call."""
        return sha256(json.dumps([_canonical(definition) for definition in self.definitions], sort_keys=True).encode())


def calls(function: Callable[..., object]) -> Iterator[tuple[str, FunctionType]]:
    """Yield the plain functions that a plain function calls by a global name, with that name."""
    if not isinstance(function, FunctionType):
        return
    for name in function.__code__.co_names:
        called = function.__globals__.get(name)
        if isinstance(called, FunctionType):
            yield name, called


def _check_name(name: str, taken: Collection[str]) -> None:
    if name in taken:
        msg = f"features: {name}: expected every name once, got it twice"
        raise ConfigError(msg, hint="rename one of them")
    if name in RESERVED:
        msg = f"features: {name}: expected a name of its own, got a column every feature table has ({', '.join(RESERVED)})"
        raise ConfigError(msg, hint="rename the feature")


def _define(feature: IndicatorFeature) -> FeatureDefinition:
    where = f"features: {feature.name}"
    indicator = INDICATORS.get(feature.indicator)
    if indicator is None:
        raise _unknown(where, "indicator", feature.indicator, INDICATORS)
    known = {parameter.name: parameter for parameter in indicator.parameters}
    for name in feature.parameters:
        if name not in known:
            raise _unknown(where, f"parameter of {feature.indicator}", name, known)
    values = {name: _checked(parameter, feature.parameters.get(name), where) for name, parameter in known.items()}
    _check_ascending(indicator, values, where)
    return FeatureDefinition(feature.name, feature.indicator, tuple(values.items()))


def _checked(parameter: Parameter, given: float | None, where: str) -> float:
    value = parameter.default if given is None else float(given)
    fits = parameter.low <= value <= parameter.high and (value.is_integer() or not parameter.whole)
    if not fits:
        kind = "a whole number" if parameter.whole else "a number"
        msg = f"{where}: {parameter.name}: expected {kind} from {parameter.low:g} to {parameter.high:g}, got {value:g}"
        raise ConfigError(msg)
    return value


def _check_ascending(indicator: Indicator, values: dict[str, float], where: str) -> None:
    for smaller, larger in pairwise(indicator.ascending):
        if values[smaller] >= values[larger]:
            msg = f"{where}: expected {smaller} below {larger}, got {smaller} {values[smaller]:g} and {larger} {values[larger]:g}"
            raise ConfigError(msg)


def _unknown(where: str, kind: str, name: str, known: Collection[str]) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1)
    expected = f"one of {', '.join(sorted(known))}" if known else "none"
    msg = f"{where}: {kind}: expected {expected}; got {name}"
    return ConfigError(msg, hint=f"did you mean {near[0]}?" if near else "")


def _canonical(definition: FeatureDefinition) -> dict[str, object]:
    return {
        "name": definition.name,
        "indicator": definition.indicator,
        "parameters": dict(definition.parameters),
        "source": _source_digest(definition.indicator),
    }


@cache
def _source_digest(name: str) -> str:
    """Name the source of all modules that an indicator's two functions live in or call."""
    indicator = INDICATORS[name]
    modules: set[str] = set()
    open_functions: list[Callable[..., object]] = [indicator.init, indicator.update]
    while open_functions:
        function = open_functions.pop()
        modules.add(function.__module__)
        open_functions += [called for _, called in calls(function)]
    return sha256_pairs((module, sha256(inspect.getsource(sys.modules[module]).encode())) for module in modules)
