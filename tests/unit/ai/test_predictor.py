from __future__ import annotations

import ctypes
import datetime as dt
import gc
import json
import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import lightgbm
import msgspec
import numpy as np
import pytest

from bot_core._parse import encode_json
from bot_core.ai import calibration, families, lib_lightgbm, predictor
from bot_core.ai.fitted import Examples
from bot_core.ai.lib_lightgbm import Trees
from bot_core.ai.predictor import Predictor, onnx
from bot_core.config.models import Ensemble, LightGBM, Linear, Network, XGBoost
from bot_core.documents.artifact import Calibration, GoldenVector, LinearState, TreeState
from bot_core.errors import PredictorError
from tests.evidence import RELIABILITY, artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bot_core.config.models import ModelConfig
    from bot_core.documents.artifact import ModelArtifact, ModelState
    from bot_core.features.dataset import FeatureDataset

NAMES = ["a", "b", "c", "d"]
VERSION = "20261101T000000Z-00000000"
SCALED = Calibration(input="scaled", pivot=0.5, scale=8.0, slope=1.7, intercept=-0.2, fitted_rows=200, reliability=RELIABILITY)
LOG_ODDS = msgspec.structs.replace(SCALED, input="log_odds", pivot=0.0, scale=1.0)
HEAVY = {
    "lightgbm",
    "xgboost",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "sklearn",
    "numba",
    "hydra",
    "dvc",
    "matplotlib",
    "pandera",
}
CONFIGS: list[ModelConfig] = [
    LightGBM(objective="l2", rounds=60),
    LightGBM(objective="binary", rounds=60),
    LightGBM(objective="binary", boosting="rf", bagging_fraction=0.6, bagging_freq=1, rounds=60),
    LightGBM(objective="l2", boosting="rf", bagging_fraction=0.6, bagging_freq=1, rounds=60),
    XGBoost(objective="l2", rounds=60),
    XGBoost(objective="binary", rounds=60),
    Linear(objective="l2"),
    Linear(objective="binary"),
    Network(objective="binary", units=16, rounds=10),
    Ensemble(
        aggregation="weighted",
        members={"trees": LightGBM(objective="l1", rounds=60), "more": LightGBM(objective="l2"), "ridge": Linear(objective="l2")},
        weights={"trees": 0.3, "more": 0.3, "ridge": 0.1},
    ),
    Ensemble(aggregation="median", members={"trees": LightGBM(objective="l1", rounds=60), "ridge": Linear(objective="l2")}),
]
PROBE = """
import json, os, sys
from pathlib import Path
import msgspec
from bot_core.ai.predictor import Predictor
from bot_core.documents.artifact import ModelArtifact
model = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=ModelArtifact)
served = Predictor.load(model)
prediction = served.predict(model.golden[0].features)
names = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps([prediction, names, os.environ["OMP_WAIT_POLICY"], len(os.listdir("/proc/self/task"))]))
"""
ONNX_SUM = bytes.fromhex(
    "08093a550a110a01780a017712017922064d61744d756c1201672a17080308011001220c0000803f00000040000040404201775a110a01"
    "78120c0a0a080112060a000a02080362110a0179120c0a0a080112060a000a02080142040a001011"
)  # x (n, 3) floats → y (n, 1): x0 + 2 x1 + 3 x2


@pytest.fixture(scope="module", params=CONFIGS, ids=lambda c: f"{type(c).__name__}-{getattr(c, 'aggregation', c.objective)}")
def release(request: pytest.FixtureRequest, dataset: Callable[..., FeatureDataset]) -> ModelArtifact:
    """Train each family on a plain signal and release it."""
    config = request.param
    rows = dataset(1200, signal=2.0, binary=config.objective == "binary").labelled()
    fitted = families.fit(config, *(Examples(rows.values[part], rows.targets[part]) for part in (slice(800), slice(800, None))))
    values = rows.values[800:816]
    kind = LOG_ODDS if config.objective == "binary" else SCALED
    golden = [
        GoldenVector(features=row.tolist(), prediction=value, probability=platt(kind, value))
        for row, value in zip(values, predicted(fitted.state, values), strict=True)
    ]
    made = artifact("eurusd_range", VERSION, dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    return msgspec.structs.replace(made, feature_names=NAMES, model_state=fitted.state, calibration=kind, golden=golden)


@pytest.fixture(scope="module")
def trees(dataset: Callable[..., FeatureDataset]) -> TreeState:
    """Train a few trees over four features."""
    rows = dataset(600, signal=2.0).labelled()
    state = families.fit(
        LightGBM(objective="l2", rounds=60),
        Examples(rows.values[:400], rows.targets[:400]),
        Examples(rows.values[400:], rows.targets[400:]),
    ).state
    assert isinstance(state, TreeState)
    return state


def predicted(state: ModelState, values: NDArray[np.float64]) -> list[float]:
    """Predict as training does, but with Python's exp: numpy's differs with the instruction set, which only training pins."""
    if not isinstance(state, LinearState) or state.link == "identity":
        return [float(value) for value in families.predictor(state)(values)]
    return [1 / (1 + math.exp(-value)) for value in predicted(msgspec.structs.replace(state, link="identity"), values)]


def platt(kind: Calibration, prediction: float) -> float:
    """Spell Platt's map as the document's docstring does, with Python's own exp and log."""
    z = (prediction - kind.pivot) / kind.scale
    if kind.input == "log_odds":
        z = math.log(prediction / (1 - prediction))
    return 1 / (1 + math.exp(-(kind.slope * z + kind.intercept)))


def test_it_predicts_what_training_predicted_to_the_last_bit(
    release: ModelArtifact, dataset: Callable[..., FeatureDataset]
) -> None:
    served = Predictor.load(release)
    rows = dataset(500, seed=1).values
    assert [served.predict(row) for row in rows.tolist()] == predicted(release.model_state, rows)


@pytest.mark.parametrize("field", ["prediction", "probability"])
def test_one_bit_beside_a_golden_vector_is_refused(release: ModelArtifact, field: str) -> None:
    golden = release.golden[3]
    beside = math.nextafter(getattr(golden, field), 2.0)
    changed = [*release.golden[:3], msgspec.structs.replace(golden, **{field: beside}), *release.golden[4:]]
    with pytest.raises(PredictorError) as refused:
        Predictor.load(msgspec.structs.replace(release, golden=changed))
    assert refused.value.message == (
        f"models/eurusd_range/{VERSION}.json: golden[3].{field}: expected {beside!r}, got {getattr(golden, field)!r}"
    )


def test_another_model_s_golden_vectors_are_refused(release: ModelArtifact) -> None:
    other = LinearState(intercept=0.0, coefficients=[0.1] * 4, link="identity")
    with pytest.raises(PredictorError, match=r"golden\[0\]\.prediction: expected "):
        Predictor.load(msgspec.structs.replace(release, model_state=other))


@pytest.mark.parametrize(
    ("values", "got"),
    [
        ([1.0, 2.0, 3.0], r"got 3 values \(float\)"),
        ([1.0, 2.0, 3.0, 4.0, 5], r"got 5 values \(float, int\)"),
        ([1.0, None, 3.0, 4.0], r"got 4 values \(NoneType, float\)"),
        (["1", "2", "3", "4"], r"got 4 values \(str\)"),
        ([10**400, 0, 0, 0], r"got 4 values \(int\)"),
    ],
)
def test_what_is_no_row_is_refused(release: ModelArtifact, values: Sequence[float], got: str) -> None:
    with pytest.raises(PredictorError, match=f"features: expected 4 numbers, {got}"):
        Predictor.load(release).predict(values)


def test_numbers_of_any_type_are_the_same_number(release: ModelArtifact) -> None:
    served = Predictor.load(release)
    expected = served.predict([1.0, -2.0, 0.0, 1.0])
    assert served.predict((1, -2, 0, True)) == expected
    found = served.predict(np.array([1, -2, 0, 1], dtype=np.float32))  # type: ignore[arg-type]  # a sequence in all but name
    assert (found, type(found)) == (expected, float)


@pytest.mark.parametrize("kind", [SCALED, LOG_ODDS], ids=lambda k: k.input)
def test_a_probability_is_one_whatever_the_prediction(kind: Calibration) -> None:
    served = Predictor(lambda _: 0.0, kind)
    found = [served.probability(x) for x in (-math.inf, -1e308, -1e4, 0.0, 1e4, 1e308, math.inf)]
    assert found == sorted(found)
    assert min(found) >= 0.0
    assert max(found) <= 1.0
    assert math.isnan(served.probability(math.nan))
    assert kind.input == "log_odds" or (found[0], found[-1]) == (0.0, 1.0)


def test_the_edge_of_a_probability_is_the_one_of_training() -> None:
    assert predictor._EDGE == calibration._EDGE


def test_trees_over_other_features_are_refused(trees: TreeState) -> None:
    with pytest.raises(PredictorError, match="expected trees over the 5 features of feature_names, got trees over 4"):
        Trees(trees.text, 5)


def test_coefficients_of_other_features_are_refused() -> None:
    state = LinearState(intercept=0.0, coefficients=[1.0], link="identity")
    with pytest.raises(PredictorError, match="expected 2 coefficients, one per name in feature_names, got 1"):
        predictor._score(state, 2)


def test_text_that_is_no_model_is_refused() -> None:
    with pytest.raises(PredictorError, match=r"expected LightGBM's text format .* got an error of the library \(Model file"):
        Trees("not a model", 4)


def test_several_classes_are_several_outputs_and_no_artifact() -> None:
    draw = np.random.default_rng(0)
    data = lightgbm.Dataset(draw.normal(size=(300, 4)), draw.integers(0, 3, 300))
    text = lightgbm.train({"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}, data, 3).model_to_string()
    trees = Trees(text, 4)
    assert trees.outputs == 3
    assert sum(trees.predict_all([0.0] * 4)) == pytest.approx(1.0)
    with pytest.raises(PredictorError, match="expected one output, got 3 classes"):
        predictor._score(TreeState(text=text), 4)


def test_threads_do_not_disturb_each_other(trees: TreeState) -> None:
    shared = Trees(trees.text, 4)
    rows = np.random.default_rng(2).normal(size=(4000, 4))
    expected = families.predictor(trees)(rows).tolist()
    start = threading.Barrier(8)

    def work(_: int) -> list[float]:
        start.wait()
        return [shared.predict(row) for row in rows.tolist()]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert all(found == expected for found in pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(interval)


def test_a_thread_s_handle_goes_with_the_thread_and_the_trees_with_the_last(trees: TreeState) -> None:
    shared = Trees(trees.text, 4)
    before = _alive(lib_lightgbm._Handle), _alive(lib_lightgbm._Booster)
    for _ in range(5):
        thread = threading.Thread(target=shared.predict, args=([0.0] * 4,))
        thread.start()
        thread.join()
    assert (_alive(lib_lightgbm._Handle), _alive(lib_lightgbm._Booster)) == before
    shared.predict([0.0] * 4)
    assert _alive(lib_lightgbm._Handle) == before[0] + 1
    del shared
    assert (_alive(lib_lightgbm._Handle), _alive(lib_lightgbm._Booster)) == (before[0], before[1] - 1)


def test_loading_leaves_the_library_s_threads_as_they_were(trees: TreeState) -> None:
    library, _ = lib_lightgbm._libraries()
    library.LGBM_SetMaxThreads(3)
    try:
        Trees(trees.text, 4)
        threads = ctypes.c_int()
        library.LGBM_GetMaxThreads(ctypes.byref(threads))
        assert threads.value == 3
    finally:
        library.LGBM_SetMaxThreads(-1)


def test_the_library_is_the_one_that_training_uses() -> None:
    assert Path(lightgbm.__file__).parent in lib_lightgbm.library().parents


def test_without_the_library_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lib_lightgbm, "find_spec", lambda _: None)
    with pytest.raises(
        PredictorError, match=r"expected lib_lightgbm in the installed package, got no package lightgbm \(pip install"
    ):
        lib_lightgbm.library()


def test_a_library_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "lib_lightgbm.so"
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(lib_lightgbm, "library", lambda: broken)
    with pytest.raises(PredictorError, match=r"lib_lightgbm\.so: expected LightGBM's shared library, got one that does not load"):
        lib_lightgbm._libraries.__wrapped__()


def test_serving_imports_nothing_heavy_and_starts_no_thread(release: ModelArtifact, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(encode_json(release))
    done = subprocess.run([sys.executable, "-c", PROBE, str(path)], capture_output=True, text=True, check=True)
    prediction, modules, policy, threads = json.loads(done.stdout)
    assert prediction == release.golden[0].prediction
    assert HEAVY & set(modules) == set()
    assert (policy, threads) == ("passive", 1) or release.backend == "linear"


def test_without_onnxruntime_it_says_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(PredictorError) as refused:
        onnx(ONNX_SUM, 3)
    assert refused.value.message == "ONNX model: expected onnxruntime to run it, got none: it is not installed"


def test_an_onnx_model_is_served_by_onnxruntime(onnxruntime: ModuleType, release: ModelArtifact) -> None:
    assert onnxruntime.__name__ == "onnxruntime"
    score = onnx(ONNX_SUM, 3)
    assert score([1, 2.0, 0.1]) == float(np.float32(1.0) + 2 * np.float32(2.0) + 3 * np.float32(0.1))
    golden = [GoldenVector(features=[1.0, 2.0, 3.0], prediction=14.0, probability=platt(SCALED, 14.0))]
    proved = msgspec.structs.replace(release, golden=golden, calibration=SCALED)
    assert Predictor.proved(score, proved).predict([0.0, 0.0, 2.0]) == 6.0
    with pytest.raises(PredictorError, match=r"golden\[0\]\.prediction"):
        Predictor.proved(lambda _: 13.0, proved)


@pytest.mark.usefixtures("onnxruntime")
def test_what_is_no_such_onnx_model_is_refused() -> None:
    with pytest.raises(PredictorError, match="expected a model that onnxruntime loads, got an error of the library"):
        onnx(b"not a model", 3)
    with pytest.raises(PredictorError, match="expected one input, a tensor of floats or doubles, 4 wide, got "):
        onnx(ONNX_SUM, 4)
    with pytest.raises(PredictorError, match="features: expected 3 numbers, got 1 values"):
        onnx(ONNX_SUM, 3)([1.0])


@pytest.fixture(params=["stand-in", "real"])
def onnxruntime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give onnxruntime itself where it is installed, and a stand-in that knows one model."""
    if request.param == "real":
        return pytest.importorskip("onnxruntime")  # type: ignore[no-any-return]  # what pytest declares
    monkeypatch.setitem(sys.modules, "onnxruntime", stand_in())
    return sys.modules["onnxruntime"]


def stand_in() -> ModuleType:
    """Answer as onnxruntime answers for `ONNX_SUM`."""

    class InvalidProtobuf(Exception):  # noqa: N818  # its name there
        pass

    class InferenceSession:
        def __init__(self, model: bytes, options: SimpleNamespace, providers: list[str]) -> None:
            assert (options.intra_op_num_threads, providers) == (1, ["CPUExecutionProvider"])
            if model != ONNX_SUM:
                raise InvalidProtobuf

        def get_inputs(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(name="x", type="tensor(float)", shape=[None, 3])]

        def run(self, _: None, inputs: dict[str, np.ndarray[tuple[int, int], np.dtype[np.float32]]]) -> list[object]:
            return [inputs["x"] @ np.array([[1.0], [2.0], [3.0]], dtype=np.float32)]

    module = ModuleType("onnxruntime")
    failures = SimpleNamespace(InvalidProtobuf=InvalidProtobuf)
    vars(module).update(
        SessionOptions=SimpleNamespace,
        InferenceSession=InferenceSession,
        capi=SimpleNamespace(onnxruntime_pybind11_state=failures),
    )
    return module


def _alive(kind: type) -> int:
    gc.collect()
    return sum(type(thing) is kind for thing in gc.get_objects())
