"""The alert as deployed: what is watched, one reference, its limits, and the rule by which a window names features and gets a status.

The limits are bootstrapped once, in `Alarm.of`; a window then costs only its distances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.drift_statistics import Reference, distances
from bot_core.ai.drift_thresholds import Chance, discoveries
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.ai.drift_statistics import Slabs
    from bot_core.config.models import DriftConfig
    from bot_core.documents.status import Status
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]
    Marks = NDArray[np.bool_]


def watched_part(rows: FeatureDataset, config: DriftConfig) -> FeatureDataset:
    """Leave out the features that are not watched; names that are no feature of these rows say nothing.

    Raises:
        ConfigError: no feature is left.
    """
    kept = [i for i, name in enumerate(rows.feature_names) if name not in config.not_watched]
    if not kept:
        msg = f"monitoring.drift.not_watched: expected to leave at least one feature, got all: {', '.join(rows.feature_names)}"
        raise ConfigError(msg, hint="shorten the list in conf/monitoring/, or under `set:` in params.yaml")
    return replace(
        rows, feature_names=tuple(rows.feature_names[i] for i in kept), values=np.ascontiguousarray(rows.values[:, kept])
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """One window's statistics: `observed` (3, k); `p` (3, k), their p-values; `over` (3, k), whether they lie above their limits."""

    observed: Floats
    p: Floats
    over: Marks

    def taking(self, feature: int, other: Reading) -> Reading:
        """Return this reading with one feature's statistics from another."""
        mine = np.arange(self.p.shape[1]) != feature
        pairs = ((self.observed, other.observed), (self.p, other.p))
        observed, p = (np.where(mine, one, two) for one, two in pairs)
        return Reading(observed, p, np.where(mine, self.over, other.over))


@dataclass(frozen=True, slots=True)
class Alarm:
    """A reference of n rows and k features, ready for windows of one length; `limits` (3, k)."""

    reference: Reference
    slabs: Slabs
    chance: Chance
    limits: Floats
    config: DriftConfig

    @classmethod
    def of(cls, rows: Floats, window: int, config: DriftConfig) -> Alarm:
        """Prepare `rows` (n, k), in order of time, for windows of `window` rows, at most n."""
        reference = Reference.prepare(rows, config.bins)
        chance = Chance.of(reference, rows, window, config)
        return cls(reference, reference.slabs(window), chance, chance.thresholds(config.false_alarm_rate), config)

    def read(self, window: Floats) -> Reading:
        """Measure one window (m, k) of the length that was prepared for."""
        observed = distances(self.reference, self.slabs, window)
        return Reading(observed, self.chance.p_values(observed), observed > self.limits)

    def named(self, reading: Reading) -> Marks:
        """Mark the features (k,) that count as drifted."""
        marks: Marks = np.any(discoveries(reading.p, self.config.false_discovery_rate) & reading.over, axis=0)
        return marks

    def status(self, named: Marks) -> Status:
        """Judge the share of features named."""
        share = float(named.mean())
        if share <= self.config.warning_share:
            return "ok"
        return "critical" if share >= self.config.critical_share else "warning"
