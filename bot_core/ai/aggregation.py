"""One number of what several models say: plain arithmetic in the members' order, the same function in training and where it decides.

A member without a finite answer leaves none: the ensemble says NaN then, whatever the others say, for a minimum or a median would hide it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot_core.documents.artifact import learned_digest
from bot_core.errors import PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot_core.documents.artifact import EnsembleState, MemberModel

    Aggregate = Callable[[Sequence[float]], float]
    Score = Callable[[Sequence[float]], float]


def aggregator(state: EnsembleState) -> Aggregate:
    """Return what makes one number of the members' numbers, given in their order.

    >>> from bot_core.documents.artifact import EnsembleState, LinearState, MemberState, learned_digest
    >>> lines = [LinearState(intercept=x, coefficients=[], link="identity") for x in (1.0, 2.0)]
    >>> members = [MemberState(name=n, digest=learned_digest(s), state=s) for n, s in zip("ab", lines)]
    >>> aggregator(EnsembleState(aggregation="median", members=members))([1.0, 2.0])
    1.5
    """
    weights = [member.weight for member in state.members if member.weight is not None]
    combine = _weighted(weights) if weights else _PLAIN[state.aggregation]

    def aggregate(said: Sequence[float]) -> float:
        return combine(said) if all(map(math.isfinite, said)) else math.nan

    return aggregate


def joined(state: EnsembleState, load: Callable[[MemberModel], Score]) -> Score:
    """Return how an ensemble scores one row: each member as `load` scores it, with a handle of its own.

    Raises:
        PredictorError: as `proven`, or as `load`.
    """
    scores, aggregate = [load(member) for member in proven(state)], aggregator(state)
    return lambda values: aggregate([score(values) for score in scores])


def proven(state: EnsembleState) -> Iterator[MemberModel]:
    """Yield the members' models, each once it is what its digest names.

    Raises:
        PredictorError: a member is something else.
    """
    for place, member in enumerate(state.members):
        digest = learned_digest(member.state)
        if digest != member.digest:
            msg = f"model_state: members[{place}] ({member.name}): expected what {member.digest} names, got {digest}"
            raise PredictorError(msg, hint="restore the file from git")
        yield member.state


def _mean(said: Sequence[float]) -> float:
    return _total(said) / len(said)


def _median(said: Sequence[float]) -> float:
    ordered, half = sorted(said), len(said) // 2
    return ordered[half] if len(said) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _weighted(weights: Sequence[float]) -> Aggregate:
    whole = _total(weights)
    return lambda said: _total([weight * one for weight, one in zip(weights, said, strict=True)]) / whole


def _total(terms: Sequence[float]) -> float:
    """Add one after the other; `sum` compensates for rounding from Python 3.12 on."""
    total = 0.0
    for term in terms:
        total += term
    return total


_PLAIN: dict[str, Aggregate] = {"mean": _mean, "median": _median, "max": max, "min": min}
