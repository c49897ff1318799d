"""What the monitor of a running model reports, one window of decisions at a time: was the input whole and within bounds, did it move?"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Version
from bot_core.documents.document import Part
from bot_core.documents.drift import Span
from bot_core.documents.status import Status

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Many = Annotated[int, Meta(ge=0)]


class ShareLimit(Part, frozen=True, kw_only=True):
    """Shares of a window's decisions above which they are a warning, and critical: 0 means any, 1 means never."""

    warning: Share
    critical: Share


class InputLimits(Part, frozen=True, kw_only=True):
    """How a window's input is judged.

    `missing`: of the decisions that lacked a feature they need. The default: any is a warning, more than one in a hundred critical.
    `outside`: of the decisions in which one feature lay outside of what training saw, for the feature with most of them. A slow
    feature stays outside for a while when the world makes a new extreme, so the defaults are wide: a twentieth, a half.
    """

    missing: ShareLimit = ShareLimit(warning=0.0, critical=0.01)
    outside: ShareLimit = ShareLimit(warning=0.05, critical=0.5)


class MonitoringRules(Part, frozen=True, kw_only=True):
    """What a monitor is told: whether a critical state stops decisions, and where warning and critical begin.

    `warning_share` and `critical_share` are of the features that drifted, as in `conf/monitoring/`: above the first a warning, from the
    second on critical. `may_be_missing`: features that the domain lets through as NaN; they are counted and never held against a decision.
    """

    enforce: bool
    limits: InputLimits = InputLimits()
    warning_share: Share = 0.0
    critical_share: Share = 0.5
    may_be_missing: list[str] = []


class Policy(Part, frozen=True, kw_only=True):
    """`enforce`: a critical state stops decisions where they are made."""

    enforce: bool


class FeatureQuality(Part, frozen=True, kw_only=True):
    """Decisions in which one feature was no finite number, below training's minimum, above its maximum; when first and last, UTC."""

    feature: str
    missing: Many
    below: Many
    above: Many
    first: str | None
    last: str | None


class FeatureMovement(Part, frozen=True, kw_only=True):
    """One feature's stability index over the window against the release's drift report, and the threshold for as many rows.

    `current` counts the window's decisions in the bins of that report, first and last being out of the reference's range.
    """

    feature: str
    drifted: bool
    psi: float
    threshold: float
    current: list[Many]


class InferenceReport(Part, frozen=True, kw_only=True):
    """What both kinds say: of which release, where, and how it is."""

    schema: str
    category: str
    model: str
    version: Version
    environment: str
    status: Status
    window: Span
    policy: Policy


class InferenceQuality(InferenceReport, frozen=True, kw_only=True):
    """`audit/ai_decision/data_quality/<version>.<time>.json`. `incomplete` decisions lacked a feature that they need.

    `outside_share` is of the feature that was out of bounds most often. A window at shutdown may be shorter than the others.
    """

    schema: Literal["bot-core/inference-quality/v1"] = "bot-core/inference-quality/v1"
    category: Literal["data_quality"] = "data_quality"
    limits: InputLimits
    incomplete: Many
    incomplete_share: Share
    outside_share: Share
    features: list[FeatureQuality]


class InferenceDrift(InferenceReport, frozen=True, kw_only=True):
    """`audit/ai_decision/drift/<version>.<time>.json`. Only whole windows are judged."""

    schema: Literal["bot-core/inference-drift/v1"] = "bot-core/inference-drift/v1"
    category: Literal["drift"] = "drift"
    warning_share: Share
    critical_share: Share
    drifted_share: Share
    features: list[FeatureMovement]
