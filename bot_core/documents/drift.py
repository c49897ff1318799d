"""The drift report: the newest window of every feature against the training rows."""

from __future__ import annotations

from typing import Literal

from bot_core.documents.document import Part
from bot_core.documents.status import Status


class Statistic(Part, frozen=True, kw_only=True):
    """One statistic of one feature, its bootstrapped threshold at the declared false-alarm rate, and its p-value."""

    value: float
    threshold: float
    p_value: float


class FeatureDrift(Part, frozen=True, kw_only=True):
    """`drifted`: some statistic is above its threshold and survives the false-discovery control over all features.

    `reference` and `current` are the shares of rows in the same PSI bins, first and last bin being out of the reference's range.
    """

    feature: str
    drifted: bool
    psi: Statistic
    ks: Statistic
    wasserstein: Statistic
    edges: list[float]
    reference: list[float]
    current: list[float]


class Span(Part, frozen=True, kw_only=True):
    """Rows from `first` to `last`, UTC times."""

    first: str
    last: str
    rows: int


class DriftReport(Part, frozen=True, kw_only=True):
    """`build/<model>/drift.json`."""

    schema: Literal["bot-core/drift/v1"] = "bot-core/drift/v1"
    model: str
    status: Status
    reference: Span
    window: Span
    replicates: int
    block: int
    false_alarm_rate: float
    false_discovery_rate: float
    drifted_share: float
    features: list[FeatureDrift]
