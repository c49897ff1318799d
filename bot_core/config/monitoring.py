"""What is watched: limits of data quality, and how drift is judged. `conf/monitoring/` says it.

Functions of the clock are not watched for drift. A bar's hour is known from its time alone: it cannot tell whether the world has moved,
and a window that holds no whole number of days differs from the training rows in it every time.

`bot_core.config.models` is where others import from; this module imports nothing of it, so that it can.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bot_core.config.values import Count, Duration, Name, OpenShare, Positive, Share

CLOCK = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares of the rows above which a finding is a warning, and critical: 0 means any, 1 means never."""

    warning: Share
    critical: Share


class QualityLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One limit per finding code."""

    missing_bars: Limit
    outside_calendar: Limit = Limit(warning=0.0, critical=0.02)
    duplicates: Limit
    disorder: Limit
    non_finite: Limit
    ohlc_inconsistent: Limit
    zero_volume: Limit
    stale_tail: Limit
    jumps: Limit
    bar_length: Limit
    offset_change: Limit
    label_order: Limit


class QualityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How data quality is judged."""

    jump_score: Positive = 12.0
    limits: QualityLimits


class DriftConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How drift of the newest window against the training rows is judged.

    `not_watched` names features that are left out; names that a model does not have say nothing, so that models can share a list.
    """

    window: Annotated[int, Meta(ge=30)] = 250
    bins: Annotated[int, Meta(ge=2, le=100)] = 10
    replicates: Annotated[int, Meta(ge=100)] = 500
    block: Count = 20
    seed: Annotated[int, Meta(ge=0)] = 7
    false_alarm_rate: OpenShare = 0.01
    false_discovery_rate: OpenShare = 0.1
    warning_share: Share = 0.0
    critical_share: Share = 0.5
    not_watched: list[Name] = msgspec.field(default_factory=lambda: list(CLOCK))


class DegradationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How live performance is judged against the walk-forward report.

    `request` and `fall_back` are shares by which the model's loss over the naive prediction's may be worse than expected. `block`: decided
    rows per look; `period`: blocks within which a false alarm of one bound has at most the chance `false_alarm_rate`. `patience`: so long
    no label need become known.
    """

    block: Annotated[int, Meta(ge=2)] = 20
    request: Positive = 0.1
    fall_back: Positive = 0.25
    false_alarm_rate: OpenShare = 0.01
    period: Count = 250
    patience: Duration = "5d"

    def __post_init__(self) -> None:
        if self.fall_back < self.request:
            msg = f"Expected fall_back >= request, got {self.fall_back:g} and {self.request:g}"
            raise ValueError(msg)


class MonitoringConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is watched."""

    quality: QualityConfig
    drift: DriftConfig = DriftConfig()
    degradation: DegradationConfig = DegradationConfig()
