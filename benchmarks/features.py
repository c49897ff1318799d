"""Features: the thirty of `conf/features/bars_all.yaml`, ours beside the same thirty in pandas and in polars.

What is compared: `FeatureEngineer.build_dataset` over 1,000,000 synthetic one-minute bars (with target, label ends, checks of the bars and
the table in C order) against pandas and polars expressions of the same features as columns; and one new bar, `OnlineFeatures.update`
against pandas over the shortest tail that still gives every value to 1e-6.
Why it is fair: peers are written as their users would, share intermediate columns (returns, true range, moneyed price), and polars gets
one lazy query so that it can plan it and use all cores. All three must agree within 1e-6 before anything is timed (exponential means
are seeded differently, so from row 5,000 on). Our compiling, once per process, is excluded and shown as a figure of its own.
Ours and polars use all cores, pandas one: so CPU time of the whole process (`CPU`) and wall clock (`wall`) both stand in the table; the
target against pandas is on CPU time, the one against polars on wall clock. Medians of interleaved runs.

Ten million bars run in a process of their own: peak memory above what it held with only the bars loaded is compared with inputs plus
outputs, and CPU time with that of a tenth of the bars.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import yaml
from measure import Figure, publish

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bot_core.config.models import ForwardReturn, IndicatorFeatures  # noqa: E402  # the package is not installed here
from bot_core.features.engineer import FeatureEngineer  # noqa: E402
from bot_core.features.indicators.indicator import Bar  # noqa: E402
from bot_core.features.online import OnlineFeatures  # noqa: E402
from bot_core.features.spec import FeatureSpec  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

BARS = 1_000_000
MANY = 10_000_000
SETTLED = 5_000
TAIL = 400
RUNS = 5
TARGET = ForwardReturn(horizon=1)


def main() -> None:
    """Check, measure, print, write."""
    spec = load_spec()
    frame = synthetic_bars(BARS)
    table = pl.from_pandas(frame)
    compiling = clock(lambda: build(frame.head(1000), spec))[0]
    check(frame, table, spec)
    sides = measure_in_turn([lambda: build(frame, spec), lambda: in_pandas(frame), lambda: in_polars(table)])
    rows = [*batch_figures(sides), online_figure(frame, spec), compile_figure(compiling), *large_figures()]
    publish("features", rows)


def load_spec() -> FeatureSpec:
    """Read the thirty features."""
    raw = yaml.safe_load((ROOT / "conf/features/bars_all.yaml").read_text())
    return FeatureSpec.of(msgspec.convert(raw, IndicatorFeatures))
