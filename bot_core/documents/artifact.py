"""What training leaves: the trained model (no clock, no commit) and the artifact that a release stamps from it."""

from __future__ import annotations

import datetime as dt  # msgspec reads the annotations
import math
from typing import Annotated, Literal

from msgspec import Meta

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.documents.document import Part
from bot_core.documents.scores import ReliabilityBin, Scores

Digest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
Version = Annotated[str, Meta(pattern=r"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$")]
Rows = Annotated[int, Meta(ge=1)]


class Scaler(Part, frozen=True, kw_only=True):
    """Mean and standard deviation of one feature over the training rows."""

    mean: float
    stdev: Annotated[float, Meta(ge=0.0)]


class Bounds(Part, frozen=True, kw_only=True):
    """Smallest and largest value of one feature seen in training."""

    low: float
    high: float


class Calibration(Part, frozen=True, kw_only=True):
    """P(target above its pivot) = 1 / (1 + exp(-(slope * z + intercept))), fitted on the validation rows.

    z is (prediction - pivot) / scale for numbers, and the log-odds of the raw prediction for probabilities (pivot 0, scale 1).
    `reliability` is measured on the test rows. (Platt, 1999.)
    """

    method: Literal["platt"] = "platt"
    input: Literal["scaled", "log_odds"]
    pivot: float
    scale: Annotated[float, Meta(gt=0.0)]
    slope: float
    intercept: float
    fitted_rows: int
    reliability: list[ReliabilityBin]


class FeatureBaseline(Part, frozen=True, kw_only=True):
    """One feature's training distribution: PSI edges with shares (first and last bin: out of range) and quantiles from 0 to 1."""

    edges: list[float]
    shares: list[float]
    quantiles: list[float]


class DriftMonitor(Part, frozen=True, kw_only=True):
    """What the drift monitor is told, as `conf/monitoring/` declares it; see `bot_core.config.monitoring.DriftConfig`.

    A window has `window` rows. The thresholds that hold `false_alarm_rate` for each statistic of each feature are bootstrapped from the
    training rows by `replicates` draws in blocks of at least `block`; they are in the drift report that the release's manifest names.
    """

    window: int
    bins: int
    replicates: int
    block: int
    seed: int
    false_alarm_rate: float
    false_discovery_rate: float
    warning_share: float
    critical_share: float
    not_watched: list[str]


class GoldenVector(Part, frozen=True, kw_only=True):
    """Inputs in the order of `feature_names` and the output they must give, to the last bit."""

    features: list[float]
    prediction: float
    probability: float


class Metrics(Part, frozen=True, kw_only=True):
    """`summary` is out-of-sample: the test rows."""

    summary: Scores
    train: Scores
    validation: Scores
    test: Scores


class SplitWindow(Part, frozen=True, kw_only=True):
    """First and last time of one chronological part."""

    first: str
    last: str


class Payoff(Part, frozen=True, kw_only=True):
    """What acting on the model may earn, in basis points, held for `horizon` bars.

    `prediction`: the prediction is the expected return. `classes`: it is a probability, and `up_bps` and `down_bps` are what the training
    rows above and below the pivot earned on average.
    """

    source: Literal["prediction", "classes"]
    horizon: Annotated[int, Meta(ge=1)]
    up_bps: float = 0.0
    down_bps: float = 0.0


class TrainingMetadata(Part, frozen=True, kw_only=True):
    """What is needed to repeat the training: digests are of `data.parquet` and `features.parquet`. The release adds the rest.

    `payoff`: nothing for a model that forecasts no return, such as a range or a delay.
    """

    model: str
    task: Literal["regression", "classification"]
    unit: str
    target: str
    instrument: str
    objective: str
    seed: int
    rounds: int
    data_digest: Digest
    features_digest: Digest
    train: SplitWindow
    validation: SplitWindow
    test: SplitWindow
    purged_rows: int
    embargo: str
    payoff: Payoff | None = None


class TreeState(Part, frozen=True, kw_only=True, tag_field="format", tag="lightgbm-text"):
    """LightGBM's own text format."""

    text: str


class XgboostState(Part, frozen=True, kw_only=True, tag_field="format", tag="xgboost-json"):
    """XGBoost's own JSON. What it predicts is what `bot_core.ai.xgb_trees` makes of it, in doubles."""

    text: str


class LinearState(Part, frozen=True, kw_only=True, tag_field="format", tag="linear-json"):
    """Intercept and one coefficient per scaled feature; `link` turns the sum into the prediction."""

    intercept: float
    coefficients: list[float]
    link: Literal["identity", "logistic"]


class NetworkState(Part, frozen=True, kw_only=True, tag_field="format", tag="network-json"):
    """One hidden layer of rectified units, a logistic output; `weights`: 32-bit floats in base64, a row per unit over the raw features."""

    weights: str
    biases: list[float]
    output: list[float]
    intercept: float


MemberModel = TreeState | XgboostState | LinearState | NetworkState


class MemberState(Part, frozen=True, kw_only=True):
    """One model of an ensemble: what it learned, named by `learned_digest`. `weight` where the ensemble weighs its members."""

    name: str
    digest: Digest
    weight: Annotated[float, Meta(gt=0.0)] | None = None
    state: MemberModel


class EnsembleState(Part, frozen=True, kw_only=True, tag_field="format", tag="ensemble-json"):
    """Models that answer as one: `aggregation` makes one number of what the members say, in their order. None is an ensemble."""

    aggregation: Literal["mean", "median", "weighted", "max", "min"]
    members: Annotated[list[MemberState], Meta(min_length=2)]

    def __post_init__(self) -> None:
        for known in ("name", "digest"):
            if len({getattr(member, known) for member in self.members}) < len(self.members):
                msg = f"Expected members that differ in {known}, got one twice"
                raise ValueError(msg)
        given = [member.weight for member in self.members if member.weight is not None]
        if len(given) != (len(self.members) if self.aggregation == "weighted" else 0) or not math.isfinite(sum(given)):
            msg = f"Expected weights with a finite sum for each member or, unless weighted, for none, got {len(given)}"
            raise ValueError(msg)


ModelState = TreeState | XgboostState | LinearState | NetworkState | EnsembleState


def learned_digest(state: ModelState) -> str:
    """Name what a model learned: the same digest alone and as a member of an ensemble."""
    return sha256(encode_json(state))


def formats(state: ModelState) -> list[str]:
    """List the formats that must be known to load a model: its own, and its members'."""
    inner = [formats(member.state) for member in state.members] if isinstance(state, EnsembleState) else []
    return list(dict.fromkeys([str(state.__struct_config__.tag), *(name for names in inner for name in names)]))


class Trained(Part, frozen=True, kw_only=True):
    """What a trained model and its artifact have in common. No `drift_monitor`: one from before there was any."""

    schema: str
    backend: Literal["lightgbm", "xgboost", "linear", "network", "ensemble"]
    feature_names: Annotated[list[str], Meta(min_length=1)]
    model_state: ModelState
    target_scale: Annotated[float, Meta(gt=0.0)]
    training_rows: Rows
    validation_rows: Rows
    test_rows: Rows
    metrics: Metrics
    feature_scalers: dict[str, Scaler]
    feature_bounds: dict[str, Bounds]
    feature_importance: dict[str, float]
    drift_baseline: dict[str, FeatureBaseline]
    calibration: Calibration
    golden: Annotated[list[GoldenVector], Meta(min_length=1)]
    drift_monitor: DriftMonitor | None = None


class TrainedModel(Trained, frozen=True, kw_only=True):
    """`build/<model>/model.json`: everything learned. The same inputs give the same bytes."""

    schema: Literal["bot-core/model/v1"] = "bot-core/model/v1"
    metadata: TrainingMetadata


class ReleaseMetadata(Part, frozen=True, kw_only=True):
    """The training's metadata and where it came from. `inputs` covers (path, digest) of every tracked input."""

    version: Version
    commit: str
    inputs: Digest
    code: Digest
    config: Digest
    dvc_lock: Digest
    environment: Digest
    model_json: Digest
    training: TrainingMetadata


class ModelArtifact(Trained, frozen=True, kw_only=True):
    """`models/<model>/<version>.json`: a trained model, stamped. `trained_at` is the release's UTC time."""

    schema: Literal["bot-core/artifact/v1"] = "bot-core/artifact/v1"
    trained_at: dt.datetime
    metadata: ReleaseMetadata
