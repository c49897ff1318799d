"""What a piece of work costs on both clocks, its child processes included."""

from __future__ import annotations

import resource
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Cost(NamedTuple):
    """Seconds: wall clock; CPU of this process and its children."""

    wall: float
    cpu: float


CLOCKS = Cost._fields


def cost(work: Callable[[], object]) -> Cost:
    """Do it once and say what it took."""
    wall, cpu = time.perf_counter(), _cpu()
    work()
    return Cost(time.perf_counter() - wall, _cpu() - cpu)


def in_turn(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """Do each in turn, after one round that is not measured; return the medians of each clock."""
    for work in works.values():
        work()
    found = [{name: cost(work) for name, work in works.items()} for _ in range(rounds)]
    return {name: Cost(*(statistics.median(round_[name][i] for round_ in found) for i in range(2))) for name in works}


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in spent)
