"""How much of a model's answer counts beside that of the rules, by the confidence in it.

`confidence >= hi`: the model alone. `lo <= confidence < hi`: a blend, whose weight rises from 0 at `lo` towards 1 at `hi`.
`confidence < lo`: the rules alone. Confidence is calibrated, 0 to 1; one that is not finite counts as none. A model's answer that is
not usable counts as none. Without a usable answer from whom it is up to, there is none: the value is then `None`.

Blends are typed: numbers → their convex combination; classes → mixed probabilities; sets → their union with votes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import msgspec

from bot_core.config.decision import finite, is_amount, is_probability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

T = TypeVar("T")

Arm = Literal["learned", "blend", "rules", "none"]

CODES = {
    "confidence_high": "the confidence is at hi or above; the model's answer",
    "confidence_between": "the confidence is between lo and hi; a blend",
    "confidence_low": "the confidence is below lo; the rules' answer",
    "confidence_invalid": "the confidence is not a number from 0 to 1; the rules' answer",
    "learned_invalid": "the model's answer is not usable; the rules' answer",
    "rules_invalid": "the rules' answer is needed and not usable; no answer",
}
"""Code → what it says. Stable."""

_ROUNDING = 1e-6


class HybridBand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """0 <= lo <= hi <= 1; equal: no blend."""

    hi: float
    lo: float

    def __post_init__(self) -> None:
        if not (finite(self.hi) and finite(self.lo) and 0.0 <= self.lo <= self.hi <= 1.0):
            msg = f"Expected 0 <= lo <= hi <= 1, got lo {self.lo!r} and hi {self.hi!r}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Weight:
    """Whose answer counts, the model's share in it, 0 to 1, and why."""

    arm: Arm
    learned: float
    code: str


@dataclass(frozen=True, slots=True)
class Blended(Generic[T]):
    """An answer and how it came about; `None` where nobody gave a usable one."""

    value: T | None
    weight: Weight


def weight(confidence: float, band: HybridBand) -> Weight:
    """Say whose answer counts at a confidence.

    >>> [weight(confidence, HybridBand(hi=0.75, lo=0.5)).learned for confidence in (0.25, 0.5, 0.625, 0.75)]
    [0.0, 0.0, 0.5, 1.0]
    """
    if not is_probability(confidence):
        return Weight("rules", 0.0, "confidence_invalid")
    if confidence >= band.hi:
        return Weight("learned", 1.0, "confidence_high")
    if confidence < band.lo:
        return Weight("rules", 0.0, "confidence_low")
    return Weight("blend", (confidence - band.lo) / (band.hi - band.lo), "confidence_between")


def blend_numbers(learned: float, rules: float, given: Weight) -> Blended[float]:
    """Blend two numbers of one unit; the result lies between them."""
    return _settled(learned if finite(learned) else None, rules if finite(rules) else None, given, _between)


def blend_classes(learned: Mapping[str, float], rules: Mapping[str, float], given: Weight) -> Blended[Mapping[str, float]]:
    """Blend two distributions over classes, name → probability; a class that one does not name has 0 there."""
    return _settled(_distribution(learned), _distribution(rules), given, _mixed)


def blend_sets(learned: AbstractSet[str], rules: AbstractSet[str], given: Weight) -> Blended[Mapping[str, float]]:
    """Blend two sets: element → its votes, 0 exclusive to 1; 1 where both name it, else the share of who does."""
    return _settled(dict.fromkeys(sorted(learned), 1.0), dict.fromkeys(sorted(rules), 1.0), given, _mixed)


def _settled(learned: T | None, rules: T | None, given: Weight, mix: Callable[[T, T, float], T]) -> Blended[T]:
    if given.arm != "rules" and learned is None:
        given = Weight("rules", 0.0, "learned_invalid")
    if given.arm == "learned":
        return Blended(learned, given)
    if rules is None:
        return Blended(None, Weight("none", 0.0, "rules_invalid"))
    if given.arm == "rules" or learned is None:
        return Blended(rules, given)
    return Blended(mix(learned, rules, given.learned), given)


def _between(learned: float, rules: float, share: float) -> float:
    mixed = share * learned + (1.0 - share) * rules
    return min(max(mixed, min(learned, rules)), max(learned, rules))  # rounding may step outside


def _mixed(learned: Mapping[str, float], rules: Mapping[str, float], share: float) -> Mapping[str, float]:
    names = sorted(learned.keys() | rules.keys())
    mixed = {name: _between(learned.get(name, 0.0), rules.get(name, 0.0), share) for name in names}
    return {name: value for name, value in mixed.items() if value > 0.0}


def _distribution(classes: Mapping[str, float]) -> Mapping[str, float] | None:
    sound = all(is_amount(share) for share in classes.values())
    return classes if sound and abs(math.fsum(classes.values()) - 1.0) <= _ROUNDING else None
