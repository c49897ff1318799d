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


class Replayed(Part, frozen=True, kw_only=True):
    """The alert on a history in which nothing was planted.

    `later` is the rows after training; `training` the reference itself; `shuffled` all rows in blocks dealt anew, against a reference
    dealt with them. `windows` overlap; `apart` of them at most share no row. `warning` and `critical` count windows; `named` says how many
    windows named a feature, the most often named first.
    """

    history: Literal["later", "training", "shuffled"]
    rows: int
    windows: int
    apart: int
    warning: int
    critical: int
    named: dict[str, int]


class Planted(Part, frozen=True, kw_only=True):
    """A shift planted at several places of the later rows, in `one` feature at a time or in `all`.

    What is awaited is `any` alert, or a `critical` one. `size` is in standard deviations of the training rows (`mean`) or a factor
    (`scale`, `unit`). Of `trials`, `detected` raised the alert within the horizon; of `already` further ones every window says it without
    the shift. `median` and `p90` are rows from the shift to the alert, over all trials; none where fewer than half, or nine in ten, were
    detected. `missed`: trials not detected, by feature.
    """

    shift: Literal["mean", "scale", "unit", "frozen", "zero"]
    size: float | None
    features: Literal["one", "all"]
    alert: Literal["any", "critical"]
    trials: int
    already: int
    detected: int
    median: int | None
    p90: int | None
    missed: dict[str, int]


class DriftBacktest(Part, frozen=True, kw_only=True):
    """The alert replayed: windows of `window` rows, one every `step` rows; shifts at `places`, waited for `horizon` rows each.

    `declared`: the share of windows that may alert where nothing drifts, which is the false-discovery rate.
    """

    window: int
    step: int
    horizon: int
    places: int
    seed: int
    declared: float
    histories: list[Replayed]
    shifts: list[Planted]


class DriftReport(Part, frozen=True, kw_only=True):
    """`build/<model>/drift.json`.

    `not_watched`: the model's features that are left out, by configuration. No `backtest`: too few rows after training, or a report from
    before there was one.
    """

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
    not_watched: list[str] = []
    backtest: DriftBacktest | None = None
