"""The signals of a model as a table of events: was each worth acting on? That is what a meta-label model learns.

A signal is a bar at which the model takes a side, and what it predicted there out of sample: each walk-forward window is predicted by a
fit that saw only rows whose labels had ended before the window began. A fit's own training rows never become events, since there it
knows the answer and its confidence means nothing.

Columns, in order:

- `time`: the bar's time; what stands in the row is known at the bar's close.
- `event_end`: the time of the bar at whose close the trade is over.
- `meta_label`: 1 where the trade paid more than its costs, else 0.
- `payoff`: what it returned after costs, in bps.
- `side`: 1 long, -1 short.
- `primary_prediction`: (prediction - pivot) / standard deviation of the targets the fit learned from.
- the model's own features, under their names.

A bar at the pivot has no side and is no event. Trades whose end is not known yet are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bot_core.ai.task import task_of
from bot_core.ai.validation import WalkForwardValidator, hold_out
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.models import Direction, EventTable, ForwardReturn, TripleBarrier
from bot_core.data import sources
from bot_core.data.repairs import repair, require_usable
from bot_core.errors import ConfigError, DatasetError
from bot_core.features.columns import utc_times
from bot_core.features.featurize import featurize
from bot_core.metalabel.event_labels import settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.task import Task
    from bot_core.config.events import Barriers
    from bot_core.config.models import PipelineConfig
    from bot_core.features.dataset import FeatureDataset
    from bot_core.metalabel.event_labels import Trades

    Floats = NDArray[np.float64]

TIME, EVENT_END, META_LABEL, PAYOFF, SIDE, PRIMARY_PREDICTION = COLUMNS = (
    "time",
    "event_end",
    "meta_label",
    "payoff",
    "side",
    "primary_prediction",
)


@dataclass(frozen=True, slots=True)
class Signals:
    """m signals: `rows` of the dataset; `sides` 1 or -1 and `predictions`, scaled, (m,)."""

    rows: FeatureDataset
    sides: Floats
    predictions: Floats


def read_bars(config: PipelineConfig) -> pd.DataFrame:
    """Read a model's bars as its own stages do: the source, the declared repairs, nothing that later stages could not use.

    Raises:
        ConfigError: the model learns from events, not from bars.
        InputError: the file is missing or not what the configuration says.
    """
    if isinstance(config.data, EventTable):
        msg = f"data: expected bars to follow a trade on, got the events of {config.data.path}"
        raise ConfigError(msg, hint="choose a model of bars: bot-core models")
    frame, _ = repair(sources.read(config.data), config.data)
    require_usable(frame, config.data)
    return frame


def build_events(frame: pd.DataFrame, config: PipelineConfig, barriers: Barriers, *, workers: int = 1) -> pd.DataFrame:
    """Make the table of a model's signals; the same bars give the same bytes, whatever the number of workers.

    Args:
        frame: the model's bars, repaired (`read_bars`).
        config: the model's composed configuration; its `validation` says which windows, and what a round trip costs.
        barriers: when a trade on a signal ends.
        workers: windows at once, in threads; -1: one per core.

    Raises:
        ConfigError: a model whose target has no side, or a feature with the name of one of the table's own columns.
        InputError: the bars are not fit to be used.
        DatasetError: too few rows for the windows, or no signal whose end is known.
    """
    task = _sided(config)
    signals = _signals(featurize(frame, config.features, config.target).labelled(), task, config, workers)
    times = utc_times(frame[TIME])
    trades = settle(frame, np.searchsorted(times, signals.rows.times).astype(np.int64), signals.sides, barriers)
    return _table(signals, trades, times, config.validation.round_trip_cost_bps)


def _sided(config: PipelineConfig) -> Task:
    """Return what a model's target asks, if a prediction of it is a side to take."""
    if not isinstance(config.target, ForwardReturn | Direction | TripleBarrier):
        kind = config.target.__struct_config__.tag
        msg = f"target: expected kind forward_return, direction or triple_barrier, a prediction that has a side; got kind {kind}"
        raise ConfigError(msg, hint="choose a model that says where a price goes: bot-core models")
    return task_of(config.target)


def _signals(rows: FeatureDataset, task: Task, config: PipelineConfig, workers: int) -> Signals:
    """Predict every walk-forward window by its own fit, and keep the rows that take a side."""
    if taken := set(rows.feature_names) & set(COLUMNS):
        msg = f"features: {min(taken)}: expected a name that is none of {', '.join(COLUMNS)}; got {min(taken)}"
        raise ConfigError(msg, hint="rename the feature in conf/features/")
    evidence = config.validation
    shape, embargo = evidence.walk_forward, duration(evidence.embargo)
    plan = WalkForwardPlan(shape.windows, embargo, shape.mode, shape.first_train_share)
    places, sides, predictions = [], [], []
    for outcome in WalkForwardValidator(rows, task, plan).run(rows, config.model, evidence, workers):
        fitted, _ = hold_out(rows, outcome.step.train, evidence, embargo)
        places.append(outcome.step.test)
        sides.append(task.sides(outcome.predictions, outcome.pivot))
        predictions.append((outcome.predictions - outcome.pivot) / rows.rows(fitted).target_scale)
    found = np.concatenate(sides)
    taken_at = np.flatnonzero(found)
    return Signals(rows.rows(np.concatenate(places)[taken_at]), found[taken_at], np.concatenate(predictions)[taken_at])


def _table(signals: Signals, trades: Trades, times: NDArray[np.datetime64], cost_bps: float) -> pd.DataFrame:
    known = np.flatnonzero(trades.ends >= 0)
    if not len(known):
        msg = f"events: expected a signal whose end is known, got {len(signals.sides)} signals and no end"
        raise DatasetError(msg, hint="use more data or a shorter horizon")
    rows, payoffs = signals.rows.rows(known), trades.returns[known] - cost_bps
    columns: dict[str, object] = {
        TIME: _utc(rows.times),
        EVENT_END: _utc(times[trades.ends[known]]),
        META_LABEL: (payoffs > 0.0).astype(np.float64),
        PAYOFF: payoffs,
        SIDE: signals.sides[known],
        PRIMARY_PREDICTION: signals.predictions[known],
    }
    columns |= dict(zip(rows.feature_names, rows.values.T, strict=True))  # noqa: PD011  # a dataset, no frame
    return pd.DataFrame(columns)


def _utc(times: NDArray[np.datetime64]) -> pd.Series[pd.Timestamp]:
    column: pd.Series[pd.Timestamp] = pd.Series(times).dt.tz_localize("UTC")
    return column
