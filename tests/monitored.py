"""What a monitor of a running model writes, made for tests: reports with a status, and a monitor over two features."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from bot_core.ai.data_monitoring import FeatureMonitor
from bot_core.ai.feature_windows import Watched
from bot_core.documents.drift import Span
from bot_core.documents.monitoring import (
    FeatureMovement,
    FeatureQuality,
    InferenceDrift,
    InferenceQuality,
    InputLimits,
    MonitoringRules,
    Policy,
)
from tests.evidence import NAMES

if TYPE_CHECKING:
    from bot_core.documents.status import Status

MODEL, VERSION = "eurusd_range", "20260101T000000Z-0000abcd"
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
SPAN = Span(first="2026-11-21T00:00:00Z", last="2026-11-21T12:00:00Z", rows=100)
WATCHED = tuple(Watched(name, -3.0, 3.0, (-3.0, -1.0, 1.0, 3.0), (0, 300, 400, 300, 0), 0.25) for name in NAMES)


def monitor(rows: int = 4, rules: MonitoringRules | None = None) -> FeatureMonitor:
    """Watch two features that training saw between -3 and 3."""
    told = rules or MonitoringRules(enforce=True)
    return FeatureMonitor(model=MODEL, version=VERSION, environment="paper", features=WATCHED, rows=rows, rules=told)


def inference_quality(
    status: Status = "ok", *, model: str = MODEL, version: str = VERSION, environment: str = "paper", enforce: bool = True
) -> InferenceQuality:
    """Make a report on quality with a status."""
    missing = {"ok": 0, "warning": 1, "critical": 50}[status]
    features = [FeatureQuality(feature=name, missing=missing, below=0, above=0, first=None, last=None) for name in NAMES]
    return InferenceQuality(
        model=model,
        version=version,
        environment=environment,
        status=status,
        window=SPAN,
        policy=Policy(enforce=enforce),
        limits=InputLimits(),
        incomplete=missing,
        incomplete_share=missing / 100,
        outside_share=0.0,
        features=features,
    )


def inference_drift(
    status: Status = "ok", *, model: str = MODEL, version: str = VERSION, environment: str = "paper", enforce: bool = True
) -> InferenceDrift:
    """Make a report on drift with a status."""
    drifted = {"ok": 0, "warning": 1, "critical": 2}[status]
    features = [
        FeatureMovement(
            feature=name, drifted=i < drifted, psi=0.5 if i < drifted else 0.1, threshold=0.25, current=[0, 60, 40, 0, 0]
        )
        for i, name in enumerate(NAMES)
    ]
    return InferenceDrift(
        model=model,
        version=version,
        environment=environment,
        status=status,
        window=SPAN,
        policy=Policy(enforce=enforce),
        warning_share=0.0,
        critical_share=0.75,
        drifted_share=drifted / 2,
        features=features,
    )
