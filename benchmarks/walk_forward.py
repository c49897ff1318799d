"""Walk-forward of 20 expanding windows over 50,000 rows of 30 features: `WalkForwardValidator` beside the usual pandas loop.

Both sides get the same rows, windows, purge, embargo, held-out rows for early stopping and LightGBM parameters (200 rounds, 31 leaves,
learning rate 0.05, L2), and give MAE, RMSE, directional accuracy and PnL per window. The peer is `LGBMRegressor` on DataFrames with the
library's default threads, one window after the other; ours runs as its stage does, in the environment that `pipelines` pins, two windows
at a time with one thread each, and besides calibrates, scores five naive baselines and tests against them. The signal is weak: an
out-of-sample R² of about 1 %, so that early stopping ends most windows after 20 to 60 rounds, as it does for returns.

Each measurement is a fresh process, for OpenMP reads its settings once; sides alternate; medians. `busy` means that one other process
spins all the while. Wall clock is what the targets are about (threads against windows); CPU time stands beside it. A pooled MAE that
differs by more than 1 % ends the run: two sides that do not compute the same are not compared.

`the future spoiled`: for every window, all features after the middle of its test rows and all labels from its first test row on are
replaced by garbage; counted are the test rows before that middle whose prediction or probability changed in any bit. The peer there
shares LightGBM's bins over the windows from all rows, the usual short cut.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import ROOT, Figure, compare, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
