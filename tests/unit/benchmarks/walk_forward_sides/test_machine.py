from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.walk_forward_sides.machine import Ticks, others, ticks


def test_what_our_children_took_is_not_others() -> None:
    before, after = Ticks(busy=100.0, had=1000.0, ours=5.0), Ticks(busy=108.0, had=1020.0, ours=11.0)
    assert others(before, after) == pytest.approx(0.1)
    assert others(before, Ticks(busy=106.0, had=1020.0, ours=11.5)) == 0.0


def test_the_counters_count_a_finished_child_as_ours() -> None:
    before = ticks()
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    after = ticks()
    assert after.ours > before.ours
    assert after.had > before.had
    assert after.busy > before.busy
