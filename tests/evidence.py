"""A small whole release, written as training and `bot-core release` would: real documents of a linear model over two features.

And what a runtime shows of it.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256, short
from bot_core._parse import encode_json, write_bytes
from bot_core.documents.artifact import (
    Bounds,
    Calibration,
    EnsembleState,
    FeatureBaseline,
    GoldenVector,
    LinearState,
    MemberState,
    Metrics,
    ModelArtifact,
    ReleaseMetadata,
    Scaler,
    SplitWindow,
    TrainingMetadata,
    learned_digest,
)
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.drift import DriftReport, Span
from bot_core.documents.operation import JournalExtract, SchedulerExtract
from bot_core.documents.scores import ReliabilityBin, Scores
from bot_core.documents.walk_forward import Comparison, WalkForwardReport

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.artifact import ModelState
    from bot_core.documents.status import Status

SCORES = Scores(
    rows=1000,
    effective_rows=400.0,
    mae=4.0,
    rmse=6.0,
    directional_accuracy=0.6,
    directional_accuracy_low=0.55,
    directional_accuracy_high=0.65,
)
RELIABILITY = [ReliabilityBin(low=0.5, high=0.6, rows=100, predicted=0.55, observed=0.56)]
SPAN = SplitWindow(first="2020-01-01T00:00:00Z", last="2021-01-01T00:00:00Z")
NAMES = ["range_1", "range_24"]
DIGEST = sha256(b"example")


def write_release(
    root: Path,
    model: str,
    created: dt.datetime,
    *,
    beats: bool = True,
    quality: Status = "ok",
    drift: Status = "ok",
    state: ModelState | None = None,
) -> str:
    """Write an artifact, its card and its three reports; return the version. `state`: what was learned; without one, a line."""
    version = f"{created:%Y%m%dT%H%M%SZ}-{short(sha256(f'{model}{created}'.encode()))}"
    documents = {
        "walk_forward": walk_forward(model, beats=beats),
        "data_quality": data_quality(model, quality),
        "drift": drifted(model, drift),
    }
    for kind, report in documents.items():
        write_bytes(root / f"audit/ai_decision/{kind}/{version}.json", encode_json(report))
    write_bytes(root / f"models/{model}/{version}.json", encode_json(artifact(model, version, created, state)))
    write_bytes(root / f"models/{model}/{version}.md", f"# {model}\n".encode())
    return version


def line(intercept: float = 0.5) -> LinearState:
    """Make a linear model over the two features."""
    return LinearState(intercept=intercept, coefficients=[0.25, -0.125], link="identity")


def ensemble(**members: LinearState) -> EnsembleState:
    """Make an ensemble that means the answers of some models."""
    parts = [MemberState(name=name, digest=learned_digest(state), state=state) for name, state in members.items()]
    return EnsembleState(aggregation="mean", members=parts)


def artifact(model: str, version: str, created: dt.datetime, state: ModelState | None = None) -> ModelArtifact:
    """Make a whole artifact."""
    return ModelArtifact(
        backend="ensemble" if isinstance(state, EnsembleState) else "linear",
        feature_names=NAMES,
        model_state=line() if state is None else state,
        target_scale=2.0,
        training_rows=1000,
        validation_rows=200,
        test_rows=200,
        metrics=Metrics(summary=SCORES, train=SCORES, validation=SCORES, test=SCORES),
        feature_scalers={name: Scaler(mean=0.0, stdev=1.0) for name in NAMES},
        feature_bounds={name: Bounds(low=-3.0, high=3.0) for name in NAMES},
        feature_importance={"range_1": 0.75, "range_24": 0.25},
        drift_baseline={
            name: FeatureBaseline(edges=[-1.0, 1.0], shares=[0.2, 0.6, 0.2], quantiles=[-3.0, 0.0, 3.0]) for name in NAMES
        },
        calibration=Calibration(
            input="scaled", pivot=0.0, scale=2.0, slope=1.0, intercept=0.0, fitted_rows=200, reliability=RELIABILITY
        ),
        golden=[GoldenVector(features=[1.0, 2.0], prediction=0.5, probability=0.5)],
        metadata=ReleaseMetadata(
            version=version,
            commit="0" * 40,
            inputs=DIGEST,
            code=DIGEST,
            config=DIGEST,
            dvc_lock=DIGEST,
            environment=DIGEST,
            model_json=DIGEST,
            training=_training(model),
        ),
        trained_at=created,
    )


def walk_forward(model: str, *, beats: bool) -> WalkForwardReport:
    """Make a report that beats its baseline clearly, or does not."""
    ours = 4.0 if beats else 6.0
    comparison = Comparison(
        baseline="last_sign",
        loss="absolute",
        model_loss=ours,
        baseline_loss=5.0,
        improvement=1.0 - ours / 5.0,
        statistic=8.0 if beats else -3.0,
        p_value=0.0001 if beats else 0.99,
        significance=0.05,
        beats_baseline=beats,
    )
    return WalkForwardReport(
        model=model,
        status="ok" if beats else "warning",
        task="regression",
        unit="bps",
        mode="expanding",
        embargo="6h",
        round_trip_cost_bps=1.0,
        windows=[],
        pooled=SCORES,
        baselines={"last_sign": SCORES},
        comparison=comparison,
        reliability=RELIABILITY,
    )


def data_quality(model: str, status: Status) -> DataQualityReport:
    """Make a report of clean data with a status."""
    first, last = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
    return DataQualityReport(
        model=model,
        instrument="eurusd",
        status=status,
        rows=1400,
        usable_rows=1400,
        first=first,
        last=last,
        as_of=last,
        findings=[],
        remaining=[],
        repairs=[],
        gaps=[],
    )


def drifted(model: str, status: Status) -> DriftReport:
    """Make a report of no features with a status."""
    span = Span(first="2020-01-01T00:00:00Z", last="2021-01-01T00:00:00Z", rows=250)
    return DriftReport(
        model=model,
        status=status,
        reference=span,
        window=span,
        replicates=100,
        block=20,
        false_alarm_rate=0.01,
        false_discovery_rate=0.1,
        drifted_share=0.0 if status == "ok" else 0.8,
        features=[],
    )


def extracts(model: str, version: str, at: dt.datetime, environment: str = "paper") -> tuple[SchedulerExtract, JournalExtract]:
    """Make what a healthy environment shows at a time: trained two hours ago and again in four, ready, three candidates."""
    whose = {
        "repository": "quant/models",
        "environment": environment,
        "model": model,
        "version": version,
        "signer": "runtime-1",
        "published": at,
    }
    times = {"last_run": at - dt.timedelta(hours=2), "next_run": at + dt.timedelta(hours=4)}
    counts = {"first": at, "last": at, "is_ready": True, "candidates": 3, "decisions": 2, "head": DIGEST}
    return (
        msgspec.convert({"schema": "bot-core/operation-scheduler/v1", **whose, **times}, SchedulerExtract),
        msgspec.convert({"schema": "bot-core/operation-journal/v1", **whose, **counts}, JournalExtract),
    )


def _training(model: str) -> TrainingMetadata:
    return TrainingMetadata(
        model=model,
        task="regression",
        unit="bps",
        target="log range of the next bar",
        instrument="eurusd",
        objective="l2",
        seed=7,
        rounds=1,
        data_digest=DIGEST,
        features_digest=DIGEST,
        train=SPAN,
        validation=SPAN,
        test=SPAN,
        purged_rows=4,
        embargo="6h",
    )
