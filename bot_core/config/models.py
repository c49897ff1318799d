"""The typed groups: what `conf/` may say. Unknown keys, wrong types and values out of range stop here.

One Struct per Hydra group. Where a group offers several kinds, each is a Struct of its own and `kind:` (or `family:`) picks it.
Durations are a count and a unit: `90m`, `6h`, `5d`, `2w`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bot_core.config.decision import DecisionEngineConfig as DecisionEngineConfig
from bot_core.config.decision import DecisionOrchestratorThresholds as DecisionOrchestratorThresholds
from bot_core.config.decision import MetaLabelCondition as MetaLabelCondition
from bot_core.config.families import Aggregation as Aggregation
from bot_core.config.families import Ensemble as Ensemble
from bot_core.config.families import LightGBM as LightGBM
from bot_core.config.families import Linear as Linear
from bot_core.config.families import MemberConfig as MemberConfig
from bot_core.config.families import ModelConfig as ModelConfig
from bot_core.config.families import Network as Network
from bot_core.config.families import XGBoost as XGBoost
from bot_core.config.monitoring import DegradationConfig as DegradationConfig
from bot_core.config.monitoring import DriftConfig as DriftConfig
from bot_core.config.monitoring import Limit as Limit
from bot_core.config.monitoring import MonitoringConfig as MonitoringConfig
from bot_core.config.monitoring import QualityConfig as QualityConfig
from bot_core.config.monitoring import QualityLimits as QualityLimits
from bot_core.config.schedule import Proposal as Proposal
from bot_core.config.schedule import ScheduleConfig as ScheduleConfig
from bot_core.config.tracking import TrackingConfig as TrackingConfig
from bot_core.config.update import Update as Update
from bot_core.config.values import Count, DataPath, Duration, Moment, NotNegative, OpenShare
from bot_core.config.values import Name as Name
from bot_core.config.values import Positive as Positive
from bot_core.config.values import Share as Share


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all groups share: immutable, no unknown key."""


# --- data ---------------------------------------------------------------------------------------------------------


class BarColumns(Group, frozen=True, kw_only=True):
    """Our name of a column → its name in the file."""

    time: str = "time"
    open: str = "open"
    high: str = "high"
    low: str = "low"
    close: str = "close"
    volume: str = "volume"
    adjusted_close: str | None = None


class Repairs(Group, frozen=True, kw_only=True):
    """The only changes ever made to data; each is declared here and counted in the data-quality report."""

    sort: bool = False
    drop_duplicates: bool = False
    adjust_for_splits: bool = False
    forward_fill_at_most: Annotated[int, Meta(ge=0)] = 0


class Bars(Group, frozen=True, kw_only=True):
    """OHLCV bars of one instrument."""

    instrument: Name
    path: DataPath
    columns: BarColumns = BarColumns()
    timezone: str = "UTC"
    bar: Duration
    calendar: str
    as_of: Moment
    repairs: Repairs = Repairs()
    update: Update | None = None


class CsvBars(Bars, frozen=True, kw_only=True, tag_field="kind", tag="csv"):
    """Bars in a CSV file."""

    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","


class ParquetBars(Bars, frozen=True, kw_only=True, tag_field="kind", tag="parquet"):
    """Bars in a Parquet file."""


class EventColumns(Group, frozen=True, kw_only=True):
    """Our name of a column → its name in the table; every other column may be a feature."""

    time: str = "time"
    label_end: str = "label_end"
    label: str = "label"
    payoff: str | None = None


class EventTable(Group, frozen=True, kw_only=True, tag_field="kind", tag="events"):
    """A table of events, CSV or Parquet by its suffix: when it happened, what came of it, when that was known."""

    instrument: Name
    path: DataPath
    columns: EventColumns = EventColumns()
    timezone: str = "UTC"
    as_of: Moment
    repairs: Repairs = Repairs()
    update: Update | None = None


DataConfig = CsvBars | ParquetBars | EventTable

# --- features and target ------------------------------------------------------------------------------------------


class IndicatorFeature(Group, frozen=True, kw_only=True):
    """One feature column: an indicator of `bot_core.features.indicators` with its parameters."""

    name: Name
    indicator: str
    parameters: dict[str, float] = {}


class IndicatorFeatures(Group, frozen=True, kw_only=True, tag_field="kind", tag="indicators"):
    """Features computed from bars."""

    features: Annotated[list[IndicatorFeature], Meta(min_length=1)]


class ColumnFeatures(Group, frozen=True, kw_only=True, tag_field="kind", tag="columns"):
    """Features that are columns of the event table as they stand."""

    columns: Annotated[list[Name], Meta(min_length=1)]


FeaturesConfig = IndicatorFeatures | ColumnFeatures


class ForwardReturn(Group, frozen=True, kw_only=True, tag_field="kind", tag="forward_return"):
    """(close[t+h] - close[t]) / close[t], in bps."""

    horizon: Count


class Direction(Group, frozen=True, kw_only=True, tag_field="kind", tag="direction"):
    """1 when the forward return over the horizon is above zero, else 0."""

    horizon: Count


class TripleBarrier(Group, frozen=True, kw_only=True, tag_field="kind", tag="triple_barrier"):
    """1 when the upper barrier is touched first, else 0; barriers are multiples of recent volatility."""

    horizon: Count
    volatility_window: Annotated[int, Meta(ge=2)] = 20
    upper: Positive = 1.0
    lower: Positive = 1.0


class NextRange(Group, frozen=True, kw_only=True, tag_field="kind", tag="range"):
    """log(high / low) over the next `horizon` bars, in bps."""

    horizon: Count = 1


class LabelColumn(Group, frozen=True, kw_only=True, tag_field="kind", tag="label"):
    """The event table's own label."""

    task: Literal["regression", "classification"]
    unit: str
    description: str


TargetConfig = ForwardReturn | Direction | TripleBarrier | NextRange | LabelColumn

# --- validation ---------------------------------------------------------------------------------------------------


class Split(Group, frozen=True, kw_only=True):
    """Shares of the labelled rows, oldest first."""

    train: OpenShare = 0.7
    validation: OpenShare = 0.15
    test: OpenShare = 0.15

    def __post_init__(self) -> None:
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-9:  # noqa: PLR2004  # decimal shares do not add up exactly in binary
            msg = f"Expected train + validation + test = 1, got {total:g}"
            raise ValueError(msg)


class WalkForward(Group, frozen=True, kw_only=True):
    """`windows` test windows of equal length over what follows the first training share."""

    windows: Annotated[int, Meta(ge=2, le=500)] = 12
    mode: Literal["expanding", "rolling"] = "expanding"
    first_train_share: OpenShare = 0.4


class ValidationConfig(Group, frozen=True, kw_only=True):
    """How evidence is made."""

    split: Split = Split()
    walk_forward: WalkForward = WalkForward()
    embargo: Duration
    loss: Literal["absolute", "squared"] = "absolute"
    round_trip_cost_bps: NotNegative
    significance: OpenShare = 0.05


# --- compute and the whole ----------------------------------------------------------------------------------------


class LocalCompute(Group, frozen=True, kw_only=True, tag_field="backend", tag="local"):
    """This machine: models in processes where there are several, a lone model's windows in threads."""

    workers: Annotated[int, Meta(ge=-1, description="-1: one per core")] = -1


class DaskCompute(Group, frozen=True, kw_only=True, tag_field="backend", tag="dask"):
    """An existing Dask cluster whose workers stand in this repository's folder: models on its workers, windows one by one."""

    address: str


ComputeConfig = LocalCompute | DaskCompute
"""Where parallel work runs. Results never depend on it, so no stage depends on it."""


class PipelineConfig(Group, frozen=True, kw_only=True):
    """One model's composed configuration: `build/<model>/config.json`."""

    data: DataConfig
    features: FeaturesConfig
    target: TargetConfig
    model: ModelConfig
    validation: ValidationConfig
    monitoring: MonitoringConfig
    schedule: ScheduleConfig = ScheduleConfig(every="7d")
    compute: ComputeConfig = LocalCompute()
    tracking: TrackingConfig = TrackingConfig()
