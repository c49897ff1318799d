"""What is watched: limits of data quality, and how drift is judged. `conf/monitoring/` says it.

Functions of the clock are not watched for drift. A bar's hour is known from its time alone: it cannot tell whether the world has moved,
and a window that holds no whole number of days differs from the training rows in it every time.

`bot_core.config.models` is where others import from; this module imports nothing of it, so that it can.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bot_core.config.values import Count, Name, OpenShare, Positive, Share

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


class MonitoringConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is watched."""

    quality: QualityConfig
    drift: DriftConfig = DriftConfig()
