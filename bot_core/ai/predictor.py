"""One row in, one number out, bit for bit what training computed: the model as the decision path serves it.

Loading replays the golden vectors and refuses the model when any output differs in any bit, so that what decides here is what was
tested and signed. Plain floats throughout: importing this loads neither numpy nor any training library.

- Trees run in LightGBM's C library (`bot_core.ai.lib_lightgbm`), XGBoost's in plain Python (`bot_core.ai.xgb_trees`).
- Linear models and Platt's map are plain arithmetic in numpy's order of operations; `math.exp` and `math.log` are the C library's, as
  are numpy's under the instruction set that `pipelines` pins for training.
- An ensemble asks each member in turn (`bot_core.ai.aggregation`).
- ONNX models run in onnxruntime, an optional extra, in whatever precision they were exported with.

A missing value is NaN. Whether a prediction that is not finite may decide anything is the caller's question.
"""

from __future__ import annotations

import math
import struct
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from bot_core.ai import network_score
from bot_core.ai.aggregation import joined
from bot_core.ai.lib_lightgbm import Trees, wrong_row
from bot_core.ai.xgb_trees import scorer
from bot_core.documents.artifact import EnsembleState, LinearState, NetworkState, TreeState, XgboostState
from bot_core.errors import PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from bot_core.documents.artifact import Calibration, ModelArtifact, ModelState

    Score = Callable[[Sequence[float]], float]

_EDGE = 1e-6  # as in bot_core.ai.calibration, which is too heavy to import here
_LANES, _BLOCK = 8, 128  # numpy's pairwise summation
_TENSORS = {"tensor(float)": "float32", "tensor(double)": "float64"}


class Predictor:
    """A stored model that has proved itself here; safe to share between threads.

    Args:
        score: values in the order of `feature_names` → raw prediction.
        calibration: the map from a prediction to a probability.
    """

    __slots__ = ("_calibrated", "_score")

    def __init__(self, score: Score, calibration: Calibration) -> None:
        self._score = score
        self._calibrated = _platt(calibration)

    @classmethod
    def load(cls, artifact: ModelArtifact) -> Predictor:
        """Load a model and replay its golden vectors.

        Raises:
            PredictorError: the model does not load, has several outputs, or differs from a golden vector in a bit.
        """
        return cls.proved(_score(artifact.model_state, len(artifact.feature_names)), artifact)

    @classmethod
    def proved(cls, score: Score, artifact: ModelArtifact) -> Predictor:
        """Serve an artifact by a way of computing of the caller's choice, once it has replayed the golden vectors.

        Raises:
            PredictorError: an output differs from a golden vector in a bit.
        """
        predictor = cls(score, artifact.calibration)
        predictor._replay(artifact)
        return predictor

    def predict(self, values: Sequence[float]) -> float:
        """Return the raw prediction, in the target's unit, for one value per name in `feature_names`.

        Raises:
            PredictorError: another number of values, or values that are no numbers.
        """
        return self._score(values)

    def probability(self, prediction: float) -> float:
        """Return the calibrated probability, 0 to 1, that the target lies above its pivot; Platt's map of 1999."""
        return self._calibrated(prediction)

    def _replay(self, artifact: ModelArtifact) -> None:
        training = artifact.metadata.training
        where = f"models/{training.model}/{artifact.metadata.version}.json"
        for place, golden in enumerate(artifact.golden):
            prediction = self.predict(golden.features)
            _require_equal(f"{where}: golden[{place}].prediction", golden.prediction, prediction)
            _require_equal(f"{where}: golden[{place}].probability", golden.probability, self.probability(prediction))


def onnx(model: bytes, width: int) -> Score:
    """Load an ONNX model that takes one (1, `width`) tensor of floats or doubles, and return how it scores one row, on one thread.

    The score is the last number of the last output: the value of a regressor, the last class's probability of a classifier
    (exported with probabilities as a tensor, `zipmap=False`).

    Raises:
        PredictorError: onnxruntime is not installed, or `model` is no such model.
    """
    session = _session(model)
    name, kind = _input(session, width)
    tensor, row = partial(import_module("numpy").array, dtype=kind), struct.Struct(f"{width}d")

    def score(values: Sequence[float]) -> float:
        return float(session.run(None, {name: tensor([_floats(row, width, values)])})[-1].ravel()[-1])

    return score


def _session(model: bytes) -> Any:  # noqa: ANN401  # an optional library without types
    """Open an ONNX model on one thread."""
    try:
        runtime = import_module("onnxruntime")
    except ModuleNotFoundError as error:
        msg = "ONNX model: expected onnxruntime to run it, got none: it is not installed"
        raise PredictorError(msg, hint="pip install onnxruntime") from error
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    failures = vars(runtime.capi.onnxruntime_pybind11_state).values()
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except tuple(kind for kind in failures if isinstance(kind, type) and issubclass(kind, Exception)) as error:
        msg = f"ONNX model: expected a model that onnxruntime loads, got an error of the library ({error})"
        raise PredictorError(msg, hint="restore the file from git") from error


def _input(session: Any, width: int) -> tuple[str, str]:  # noqa: ANN401  # the same
    """Return the name and the number type of the one input."""
    inputs = [(given.name, given.type, given.shape) for given in session.get_inputs()]
    match inputs:
        case [(name, kind, [_, wide])] if kind in _TENSORS and wide == width:
            return name, _TENSORS[kind]
    msg = f"ONNX model: expected one input, a tensor of floats or doubles, {width} wide, got {inputs}"
    raise PredictorError(msg, hint="export the model with one tensor over the features of feature_names")


def _score(state: ModelState, width: int) -> Score:
    match state:
        case TreeState():
            trees = Trees(state.text, width)
            if trees.outputs != 1:
                msg = f"model_state: expected one output, got {trees.outputs} classes"
                raise PredictorError(msg, hint="serve several classes as several models, one probability each")
            return trees.predict
        case XgboostState():
            return scorer(state.text, width)
        case LinearState():
            return _linear(state, width)
        case NetworkState():
            return _network(state, width)
        case EnsembleState():
            return joined(state, lambda member: _score(member, width))


def _linear(state: LinearState, width: int) -> Score:
    """Compute what `bot_core.ai.linear.predictor` computes, one row at a time."""
    if len(state.coefficients) != width:
        msg = f"model_state: expected {width} coefficients, one per name in feature_names, got {len(state.coefficients)}"
        raise PredictorError(msg, hint="restore the file from git")
    coefficients, intercept, row = state.coefficients, state.intercept, struct.Struct(f"{width}d")

    def score(values: Sequence[float]) -> float:
        terms = [x * weight for x, weight in zip(_floats(row, width, values), coefficients, strict=True)]
        return _pairwise(terms) + intercept

    return score if state.link == "identity" else lambda values: _logistic(score(values))


def _network(state: NetworkState, width: int) -> Score:
    """Compute what `bot_core.ai.network.predictor` computes, one row at a time."""
    score, row = network_score.scorer(state, width, _pairwise), struct.Struct(f"{width}d")
    return lambda values: score(_floats(row, width, values))


def _floats(row: struct.Struct, width: int, values: Sequence[float]) -> tuple[float, ...]:
    """Turn `width` numbers of any type into floats, as C takes them."""
    try:
        return row.unpack(row.pack(*values))
    except (struct.error, OverflowError) as error:
        raise wrong_row(width, values) from error


def _pairwise(terms: Sequence[float]) -> float:
    """Add as numpy adds along a contiguous axis: eight lanes in blocks of up to 128, halves above that."""
    count = len(terms)
    if count > _BLOCK:
        half = count // 2 - count // 2 % _LANES
        return _pairwise(terms[:half]) + _pairwise(terms[half:])
    even = count - count % _LANES
    total = 0.0
    if even:
        a, b, c, d, e, f, g, h = (_in_turn(terms[lane:even:_LANES]) for lane in range(_LANES))
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    return _in_turn([total, *terms[even:]])


def _in_turn(terms: Sequence[float]) -> float:
    """Add one after the other; `sum` compensates for rounding from Python 3.12 on."""
    total = 0.0
    for term in terms:
        total += term
    return total


def _platt(calibration: Calibration) -> Callable[[float], float]:
    """Compute what `bot_core.ai.calibration.Platt.probability` computes, one prediction at a time."""
    slope, intercept, pivot, scale = calibration.slope, calibration.intercept, calibration.pivot, calibration.scale

    def scaled(prediction: float) -> float:
        return _logistic(slope * ((prediction - pivot) / scale) + intercept)

    def log_odds(prediction: float) -> float:
        clipped = min(max(prediction, _EDGE), 1.0 - _EDGE)
        return _logistic(slope * math.log(clipped / (1.0 - clipped)) + intercept)

    return scaled if calibration.input == "scaled" else log_odds


def _logistic(x: float) -> float:
    try:
        return 1.0 / (1.0 + math.exp(-x))
    except OverflowError:  # exp(-x) is infinite
        return 0.0


def _require_equal(where: str, expected: float, got: float) -> None:
    if got.hex() != expected.hex():
        msg = f"{where}: expected {expected!r}, got {got!r}"
        raise PredictorError(msg, hint="restore the file from git, or release the model anew for this machine's libraries")
