"""One model's evidence, built by hand: an hourly return model that loses to zero, unless a test says otherwise."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core.documents.artifact import (
    Bounds,
    Calibration,
    FeatureBaseline,
    GoldenVector,
    LinearState,
    Metrics,
    Scaler,
    SplitWindow,
    TrainedModel,
    TrainingMetadata,
)
from bot_core.documents.data_quality import DataQualityReport, Finding, Gap, Repair
from bot_core.documents.drift import DriftBacktest, DriftReport, FeatureDrift, Planted, Replayed, Span, Statistic
from bot_core.documents.scores import ReliabilityBin, Scores
from bot_core.documents.walk_forward import Comparison, WalkForwardReport, Window
from bot_core.reporting.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

FEATURES = ("return_1", "return_4", "volatility_20", "rsi_14", "range_mean_20", "hour_sine", "volume_zscore_50", "ema_gap_12_26")
BASELINES = {"zero": 1.0, "training_mean": 1.004, "last_value": 1.41, "mean_20": 1.03, "last_sign": 1.01}
Task = Literal["regression", "classification"]


class Builder:
    """Builds evidence; each keyword changes one thing."""

    def evidence(
        self,
        *,
        model: str = "decision_engine",
        features: Sequence[str] = FEATURES,
        skill: float = -0.004,
        p_value: float = 0.62,
        payoff: bool = True,
        task: Task = "regression",
        windows: int = 12,
    ) -> Evidence:
        """Return all documents of one model."""
        return Evidence(
            model=model,
            config_text=f"data:\n  kind: csv\n  instrument: eurusd\nmodel:\n  family: linear  # {model}\n",
            trained=trained(model, features, task=task, payoff=payoff),
            quality=quality(model),
            walk_forward=walk_forward(model, skill=skill, p_value=p_value, payoff=payoff, task=task, windows=windows),
            drift=drift(model, features),
            digests={name: sha256(name.encode()) for name in ("config.json", "data.parquet", "model.json", "drift.json")},
        )


@pytest.fixture(scope="session")
def build() -> Builder:
    return Builder()


@pytest.fixture(scope="session")
def evidence(build: Builder) -> Evidence:
    return build.evidence()


def scores(mae: float, rows: int, *, payoff: bool, task: Task, hit: float = 0.51) -> Scores:
    """Return plausible figures around an error."""
    found = Scores(
        rows=rows,
        effective_rows=rows / 4,
        mae=mae,
        rmse=1.3 * mae,
        directional_accuracy=hit,
        directional_accuracy_low=hit - 0.02,
        directional_accuracy_high=hit + 0.02,
    )
    if payoff:
        found = msgspec.structs.replace(found, expected_pnl_bps=-0.53210987, trades=rows - 3)
    if task == "classification":
        found = msgspec.structs.replace(found, brier=(1.3 * mae) ** 2, log_loss=0.69, auc=0.5123456789)
    return found


def trained(model: str, features: Sequence[str], *, task: Task, payoff: bool) -> TrainedModel:
    """Return a linear model over some features."""
    mae = 11.3 if task == "regression" else 0.49
    parts = {"train": scores(0.9 * mae, 3000, payoff=payoff, task=task), "test": scores(mae, 640, payoff=payoff, task=task)}
    return TrainedModel(
        backend="linear",
        feature_names=list(features),
        model_state=LinearState(intercept=0.0, coefficients=[0.1] * len(features), link="identity"),
        target_scale=15.0,
        training_rows=3000,
        validation_rows=640,
        test_rows=640,
        metrics=Metrics(summary=parts["test"], validation=parts["test"], **parts),
        feature_scalers={name: Scaler(mean=0.0, stdev=1.0) for name in features},
        feature_bounds={name: Bounds(low=-3.0, high=3.0) for name in features},
        feature_importance={name: 0.5 ** (i / 2) for i, name in enumerate(features)},
        drift_baseline={name: FeatureBaseline(edges=[0.0], shares=[0.5, 0.5], quantiles=[-3.0, 0.0, 3.0]) for name in features},
        calibration=Calibration(input="scaled", pivot=0.0, scale=15.0, slope=1.0, intercept=0.0, fitted_rows=640, reliability=[]),
        golden=[GoldenVector(features=[0.0] * len(features), prediction=0.0, probability=0.5)],
        metadata=TrainingMetadata(
            model=model,
            task=task,
            unit="bps" if task == "regression" else "probability",
            target="forward return over 4 bars" if task == "regression" else "sign of the forward return over 4 bars",
            instrument="eurusd",
            objective="l2",
            seed=7,
            rounds=1,
            data_digest=sha256(b"data"),
            features_digest=sha256(b"features"),
            train=SplitWindow(first="2017-01-04T05:00:00Z", last="2017-09-08T10:00:00Z"),
            validation=SplitWindow(first="2017-09-08T15:00:00Z", last="2017-11-01T12:00:00Z"),
            test=SplitWindow(first="2017-11-01T17:00:00Z", last="2017-12-29T17:00:00Z"),
            purged_rows=8,
            embargo="4h",
        ),
    )


def quality(model: str) -> DataQualityReport:
    """Return a report with gaps, repaired duplicates and one finding that stays."""
    spikes = finding("jumps", "warning", 3, "3 bars move more than 12 robust deviations")
    gaps = [Gap(first=f"2017-{m:02}-14T03:00:00Z", last=f"2017-{m:02}-14T{3 + m:02}:00:00Z", bars=m) for m in range(1, 13)]
    return DataQualityReport(
        model=model,
        instrument="eurusd",
        status="warning",
        rows=6225,
        usable_rows=6223,
        first="2017-01-01T22:00:00Z",
        last="2017-12-29T21:00:00Z",
        as_of="2017-12-30",
        findings=[
            finding("duplicates", "warning", 2, "2 times occur more than once"),
            spikes,
            finding("missing_bars", "ok", 78, "78 bars are missing"),
        ],
        remaining=[spikes, finding("missing_bars", "ok", 78, "78 bars are missing")],
        repairs=[Repair(action="drop_duplicates", rows=2)],
        gaps=gaps,
    )


def finding(code: str, status: Literal["ok", "warning", "critical"], count: int, message: str) -> Finding:
    """Return a finding between two fixed times."""
    places = {"first": "2017-04-14T03:00:00Z", "last": "2017-11-09T00:00:00Z"}
    return Finding(code=code, status=status, count=count, share=count / 6225, message=message, **places)


def walk_forward(model: str, *, skill: float, p_value: float, payoff: bool, task: Task, windows: int) -> WalkForwardReport:
    """Return windows whose model error is (1 - skill) of the best baseline's, with noise."""
    level = 11.0 if task == "regression" else 0.499
    noise = random.Random(7)  # noqa: S311  # a test's noise
    start = dt.datetime(2017, 5, 28, tzinfo=dt.UTC)
    length = dt.timedelta(days=216 / windows)
    made = []
    for i in range(windows):
        here = level * noise.uniform(0.75, 1.3)
        ours = scores(here * (1 - skill + noise.uniform(-0.01, 0.01)), 305, payoff=payoff, task=task)
        if payoff:
            ours = msgspec.structs.replace(ours, expected_pnl_bps=noise.uniform(-1.6, 1.0))
        made.append(
            Window(
                index=i,
                train_first="2017-01-04T05:00:00Z",
                train_last=_z(start + i * length),
                test_first=_z(start + i * length),
                test_last=_z(start + (i + 1) * length - dt.timedelta(hours=1)),
                train_rows=2400 + 305 * i,
                purged_rows=4,
                rounds=1,
                model=ours,
                baselines={
                    name: scores(here * factor, 305, payoff=payoff, task=task, hit=0.5) for name, factor in BASELINES.items()
                },
            )
        )
    rows = 305 * windows
    beats = p_value < 0.05
    return WalkForwardReport(
        model=model,
        status="ok" if beats else "warning",
        task=task,
        unit="bps" if task == "regression" else "probability",
        mode="expanding",
        embargo="4h",
        round_trip_cost_bps=1.2,
        windows=made,
        pooled=scores(level * (1 - skill), rows, payoff=payoff, task=task),
        baselines={name: scores(level * factor, rows, payoff=payoff, task=task, hit=0.5) for name, factor in BASELINES.items()},
        comparison=Comparison(
            baseline="zero",
            loss="absolute",
            model_loss=level * (1 - skill),
            baseline_loss=level,
            improvement=skill,
            statistic=0.3,
            p_value=p_value,
            significance=0.05,
            beats_baseline=beats,
        ),
        reliability=[
            ReliabilityBin(
                low=i / 10, high=(i + 1) / 10, rows=40 + 300 * (5 - abs(5 - i)), predicted=i / 10 + 0.05, observed=i / 12 + 0.09
            )
            for i in range(3, 8)
        ],
    )


def drift(model: str, features: Sequence[str]) -> DriftReport:
    """Return a report in which the first two features have drifted."""
    return DriftReport(
        model=model,
        status="warning",
        reference=Span(first="2017-01-04T05:00:00Z", last="2017-09-08T10:00:00Z", rows=3000),
        window=Span(first="2017-12-14T07:00:00Z", last="2017-12-29T21:00:00Z", rows=250),
        replicates=500,
        block=20,
        false_alarm_rate=0.01,
        false_discovery_rate=0.1,
        drifted_share=2 / len(features),
        features=[_feature_drift(name, i, 1.7 / (i + 1)) for i, name in enumerate(features)],
        backtest=backtest(),
    )


def backtest() -> DriftBacktest:
    """Return a replay in which half a deviation is seen by some, a frozen feature by most, and the training rows cry wolf."""
    return DriftBacktest(
        window=250,
        step=62,
        horizon=500,
        places=10,
        seed=7,
        declared=0.1,
        histories=[
            Replayed(history="later", rows=1280, windows=17, apart=5, warning=4, critical=1, named={"return_1": 5, "rsi_14": 1}),
            Replayed(
                history="training", rows=3000, windows=45, apart=12, warning=9, critical=0, named={f"f{i}": 5 for i in range(5)}
            ),
            Replayed(history="shuffled", rows=2560, windows=34, apart=10, warning=3, critical=0, named={"rsi_14": 3}),
        ],
        shifts=[
            *_planted("mean", 0.5, detected=41, median=310, p90=None, missed={"rsi_14": 10, "volatility_20": 9, "hour_sine": 7}),
            *_planted("frozen", None, detected=75, median=124, p90=248, missed={}),
        ],
    )


def _planted(
    shift: Literal["mean", "frozen"], size: float | None, *, detected: int, median: int, p90: int | None, missed: dict[str, int]
) -> list[Planted]:
    one = Planted(
        shift=shift,
        size=size,
        features="one",
        alert="any",
        trials=76,
        already=4,
        detected=detected,
        median=median,
        p90=p90,
        missed=missed,
    )
    together = msgspec.structs.replace(one, features="all", trials=10, already=0, detected=10, median=62, p90=62, missed={})
    return [one, together, msgspec.structs.replace(together, alert="critical", median=124, p90=186)]


def _feature_drift(name: str, index: int, over: float) -> FeatureDrift:
    def statistic(threshold: float, factor: float) -> Statistic:
        return Statistic(value=threshold * over * factor, threshold=threshold, p_value=min(0.002 * 4**index, 1.0))

    tilt = [0.02 + 0.01 * (index + 1) * i / 10 for i in range(12)]
    current = [share / sum(tilt) for share in tilt]
    return FeatureDrift(
        feature=name,
        drifted=index < 2,
        psi=statistic(0.2, 1.0),
        ks=statistic(0.11, 0.8),
        wasserstein=statistic(0.35, 1.1),
        edges=[float(i) for i in range(11)],
        reference=[0.0, *[0.1] * 10, 0.0],
        current=current,
    )


def _z(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
